"""test_writer — what is given to the writer is stored in order, many with a commit, and answered after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otp.erts import process
from otp.kernel import pg
from tests.support import node
from tests.support.node import until
from tests.xmppd.archive.test_pages import PEERS, SCHEMA, WHO, row
from tests.xmppd.archive.test_retraction import XML
from xmpp_core import ns
from xmppd.archive import writer
from xmppd.archive.retraction import Retraction
from xmppd.archive.tables import ARCHIVE
from xmppd.auth import tables
from xmppd.auth.tables import Account
from xmppd.routing.deliver import Confirm
from xmppd.store import store
from xmppd.store.backend import StoreConfig, StoreError


def play(body: Callable[[Any, list[int]], Any]) -> None:
    """With a writer of localhost, where juliet has an account; and how many messages each commit had."""

    async def whole() -> None:
        backend = store.open_backend(StoreConfig("memory"), [tables.SCHEMA, SCHEMA])
        store.use(backend)
        await backend.transaction(lambda tx: tx.write(Account("localhost", "juliet", "", "", "")))
        await pg.start_link()
        pid = await writer.start_link("localhost")
        commits: list[int] = []
        original = writer.write

        def write(tx: Any, rows: list[Any]) -> None:
            commits.append(len(rows))
            original(tx, rows)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(writer, "write", write)
            try:
                await body(pid, commits)
            finally:
                store.use(None)
                backend.close()

    node.run(whole)


def test_many_are_one_commit_and_who_waits_hears_after_it() -> None:
    async def body(pid: Any, commits: list[int]) -> None:
        for number in range(20):
            writer.keep("localhost", row(number))
        await writer.settle("localhost")
        assert commits == [20]
        assert [one.seq for one in await store.select(ARCHIVE, WHO)] == list(range(20))
        await writer.settle("localhost")
        assert commits == [20], "nothing is no commit"

    play(body)


def test_what_nobody_waits_for_is_written_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "GATHER", 0.001)

    async def body(pid: Any, commits: list[int]) -> None:
        writer.keep("localhost", row(1))
        for _ in range(1000):
            if commits:
                break
            await process.sleep(0.005)
        assert commits == [1]

    play(body)


def test_what_fails_is_tried_again_and_nobody_is_told_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "AGAIN", 0.01)
    attempts = []
    real = store.transaction

    def flaky(fn: Any) -> Any:
        attempts.append(fn)
        if len(attempts) < 3:
            raise StoreError("the disk is full")
        return real(fn)

    async def body(pid: Any, commits: list[int]) -> None:
        monkeypatch.setattr(store, "transaction", flaky)
        writer.keep("localhost", row(1))
        await writer.settle("localhost")
        assert len(attempts) == 3
        assert [one.seq for one in await store.select(ARCHIVE, WHO)] == [1]

    play(body)


def test_a_retraction_finds_what_is_stored_with_it() -> None:
    async def body(pid: Any, commits: list[int]) -> None:
        writer.keep("localhost", row(3, xml=XML))
        writer.keep("localhost", row(4))
        writer.keep("localhost", Retraction(*WHO, 4, PEERS[0], "", False, "m3", "m4"))
        await writer.settle("localhost")
        stone, other = await store.select(ARCHIVE, WHO)
        assert ns.RETRACT in stone.xml
        assert (other.seq, commits) == (4, [3])

    play(body)


def test_who_has_no_account_has_no_archive() -> None:
    async def body(pid: Any, commits: list[int]) -> None:
        writer.keep("localhost", row(1, user="nobody"))
        writer.keep("localhost", row(2))
        await writer.settle("localhost")
        assert [one.user for one in await store.select(ARCHIVE)] == ["juliet"]

    play(body)


def test_who_can_wait_hears_after_the_commit_that_is_made_anyway_and_who_stands_still_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(writer, "GATHER", 3600.0)

    async def body(pid: Any, commits: list[int]) -> None:
        told: list[str] = []
        process.send(pid, Confirm(lambda: told.append("nothing to wait for"), lambda: None))
        await until(lambda: told)
        writer.keep("localhost", row(1))
        process.send(pid, Confirm(lambda: told.append("waits"), lambda: None))
        await process.sleep(0.05)
        assert (len(told), commits) == (1, [])
        writer.keep("localhost", row(2))
        process.send(pid, Confirm(lambda: told.append("stands still"), lambda: None, urgent=True))
        await until(lambda: told[1:] == ["waits", "stands still"])
        assert commits == [2]

    play(body)


def test_what_comes_while_it_writes_is_written_behind_it_also_if_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "AGAIN", 0.01)
    real, attempts, told = store.transaction, [], []

    async def slow(fn: Any) -> Any:
        attempts.append(fn)
        if len(attempts) == 1:
            writer.keep("localhost", Retraction(*WHO, 4, PEERS[0], "", False, "m3", "m4"))
            process.send(writer.name("localhost"), Confirm(lambda: told.append(len(attempts)), lambda: None))
            await process.sleep(0.01)
            raise StoreError("the disk is full")
        return await real(fn)

    async def body(pid: Any, commits: list[int]) -> None:
        monkeypatch.setattr(store, "transaction", slow)
        writer.keep("localhost", row(3, xml=XML))
        await until(lambda: told)
        assert told == [2]
        [stone] = await store.select(ARCHIVE, WHO)
        assert ns.RETRACT in stone.xml
        assert commits == [2]

    play(body)


def test_a_whole_batch_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "GATHER", 3600.0)
    monkeypatch.setattr(writer, "_BATCH", 10)

    async def body(pid: Any, commits: list[int]) -> None:
        for number in range(10):
            writer.keep("localhost", row(number))
        await until(lambda: commits == [10])

    play(body)
