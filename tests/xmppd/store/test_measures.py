"""What is counted, what is logged as slow, and what is wrong at the moment."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.support import node, schemas
from xmppd import metrics
from xmppd.mods.mod_vcard import VCARD, Vcard
from xmppd.store import measures, store
from xmppd.store.backend import REASONS, Backend, StoreConfig, StoreError, Tx


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    yield
    measures.set_threshold(1.0)
    measures.committed(0.0)


def counted() -> tuple[float, float, int]:
    return measures.STATEMENTS.n, measures.SLOW.n, sum(measures.COMMITS.counts)


def test_what_is_declared_is_what_the_store_can_say() -> None:
    assert {"xmppd_store_commit_seconds", "xmppd_store_slow_queries_total"} <= set(metrics.METRICS)
    assert {key[0] for key in measures.ERRORS.cells} == set(REASONS)


def test_a_slow_statement_is_logged_without_its_values(caplog: pytest.LogCaptureFixture, config: StoreConfig) -> None:
    async def body() -> None:
        backend = store.open_backend(config, schemas.ALL)
        before = counted()
        measures.set_threshold(1e-9)
        await backend.transaction(lambda tx: tx.write(Vcard("localhost", "romeo", "a secret")))
        await backend.read(VCARD, ("localhost", "a secret"))
        backend.close()
        if config.backend == "memory":
            return
        after = counted()
        assert after[0] - before[0] >= 2
        assert after[1] - before[1] >= 3
        assert after[2] - before[2] == 1
        assert 'INSERT INTO "vcard"' in caplog.text
        assert 'FROM "vcard" WHERE "host" = ' in caplog.text
        assert "a secret" not in caplog.text

    with caplog.at_level(logging.WARNING, "xmppd.store"):
        node.run(body)


def test_quick_ones_are_only_counted(caplog: pytest.LogCaptureFixture) -> None:
    measures.set_threshold(0)
    before = counted()
    measures.ran("SELECT 1", 99.0)
    measures.set_threshold(2.0)
    measures.ran("SELECT 1", 1.9, 3)
    assert counted() == (before[0] + 4, before[1], before[2])
    measures.ran("SELECT " + "x" * 1000, 2.0)
    assert len(caplog.messages[-1]) < 400


def test_a_trouble_lasts_until_something_is_committed() -> None:
    before = measures.ERRORS.cell("full").n
    measures.failed(StoreError("it is a bug", "internal-server-error"))
    measures.failed(StoreError("too many", reason="busy"))
    assert measures.trouble() == ""
    measures.failed(StoreError("no room", reason="full"))
    measures.committed(0.1, healed=False)
    assert measures.trouble() == "no room"
    measures.committed(0.1)
    assert measures.trouble() == ""
    assert measures.ERRORS.cell("full").n == before + 1


def test_a_probe_finds_out_that_a_trouble_is_over(config: StoreConfig) -> None:
    async def body() -> None:
        assert await store.probe() == "the store is not running"
        backend: Backend = store.open_backend(config, schemas.ALL)
        store.use(backend)
        assert await store.probe() == ""
        measures.failed(StoreError("no room", reason="full"))
        assert store.trouble() == "no room"
        assert await store.probe() == ("no room" if config.backend == "memory" else "")
        store.use(None)
        backend.close()

    node.run(body)


def test_what_a_function_raises_is_no_trouble_of_the_store(config: StoreConfig) -> None:
    def fn(tx: Tx) -> None:
        raise LookupError

    async def body() -> None:
        backend = store.open_backend(config, schemas.ALL)
        with pytest.raises(LookupError):
            await backend.transaction(fn)
        assert measures.trouble() == ""
        backend.close()

    node.run(body)
