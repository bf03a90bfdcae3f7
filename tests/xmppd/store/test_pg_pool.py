"""What is known of a server that is gone, and what a connection is told."""

from __future__ import annotations

import logging
import time

import psycopg
import pytest

from tests.support import postgres
from xmppd.store import pg_pool
from xmppd.store.backend import StoreConfig, StoreError
from xmppd.store.pg_pool import Outage, PgPool, hang_up

GONE = psycopg.OperationalError("connection failed: it is gone")


def test_for_a_while_who_asks_waits_and_then_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(pg_pool.time, "monotonic", lambda: now[0])
    outage = Outage()
    assert outage.pause() == 0
    outage.failed(GONE)
    assert 0 < outage.pause() <= pg_pool.AGAIN[0]
    now[0] += pg_pool.AGAIN[0]
    assert outage.pause() == 0, "the turn of this one"
    assert outage.pause() > 0, "the next one waits for its outcome"
    now[0] += pg_pool.GRACE
    outage.failed(GONE)
    with pytest.raises(StoreError, match="it is gone") as caught:
        outage.pause()
    assert caught.value.condition == "resource-constraint"
    now[0] += pg_pool.AGAIN[1]
    assert outage.pause() == 0, "one tries, however long it lasts"
    with pytest.raises(StoreError):
        outage.pause()
    outage.ended()
    assert outage.pause() == 0


def test_tries_become_rarer_but_never_rare_and_never_at_the_same_moment() -> None:
    pauses = []
    outage = Outage()
    for _ in range(12):
        outage.failed(GONE)
        pauses.append(outage._next - time.monotonic())
    assert max(pauses) <= pg_pool.AGAIN[1]
    assert max(pauses[:1]) <= pg_pool.AGAIN[0]
    assert len({round(pause, 4) for pause in pauses[6:]}) > 1


def test_the_log_has_one_line_for_the_begin_and_one_for_the_end(caplog: pytest.LogCaptureFixture) -> None:
    outage = Outage()
    with caplog.at_level(logging.INFO, "xmppd.store"):
        for _ in range(5):
            outage.failed(GONE)
        outage.ended()
        outage.ended()
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    assert "answers again" in caplog.records[1].message


if postgres.available():

    @pytest.mark.parametrize(("durability", "sync"), [("full", "on"), ("normal", "off")])
    def test_a_connection_has_bounded_statements_and_sure_commits(pg_url: str, durability: str, sync: str) -> None:
        pool = PgPool(StoreConfig("postgres", pg_url, durability))
        with pool.lend(time.monotonic() + 60) as conn:
            found = [
                conn.execute(b"SHOW " + name).fetchall()[0][0] for name in (b"statement_timeout", b"synchronous_commit")
            ]
            assert conn.info.get_parameters()["application_name"] == "xmppd"
        pool.close()
        assert found == ["5s", sync]

    def test_at_rest_there_is_one_connection_and_under_load_no_more_than_configured(pg_url: str) -> None:
        pool = PgPool(StoreConfig("postgres", pg_url, pool=2))
        later = time.monotonic() + 60
        third = pool.lend(time.monotonic() + 0.3)
        with pool.lend(later), pool.lend(later), pytest.raises(StoreError, match="no answer") as caught, third:
            pass
        assert caught.value.condition == "resource-constraint"
        assert pool.stats()["pool_size"] == 2
        pool.close()

    def test_what_was_left_open_on_a_connection_is_undone_and_a_dead_one_is_not_lent(pg_url: str) -> None:
        pool = PgPool(StoreConfig("postgres", pg_url, pool=1))
        with pool.lend(time.monotonic() + 60) as first:
            first.execute("BEGIN")
        with pool.lend(time.monotonic() + 60) as second:
            assert second.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
            hang_up(second)
            with pytest.raises(psycopg.OperationalError):
                second.execute("SELECT 1")
        with pool.lend(time.monotonic() + 60) as third:
            assert third.execute("SELECT 1").fetchall() == [(1,)]
        pool.close()
