"""What PostgreSQL alone can do to us: conflicts, and being gone."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import psycopg
import pytest

from otp.erts import process
from tests.support import node, postgres
from xmppd.store.backend import StoreConfig, StoreError, Tx
from xmppd.store.store_pg import open_store, prepare, store_error
from xmppd.store.tables import OFFLINE, ROSTER, VCARD, OfflineMessage, Vcard


def child(url: str, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.support.store_child", "postgres", url, name]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize(
    ("exc", "condition"),
    [
        (psycopg.errors.DiskFull(), "resource-constraint"),
        (psycopg.errors.AdminShutdown(), "resource-constraint"),
        (psycopg.OperationalError("connection failed"), "resource-constraint"),
        (psycopg.errors.UndefinedTable(), "internal-server-error"),
        (psycopg.errors.NotNullViolation(), "internal-server-error"),
    ],
)
def test_what_may_go_away_is_a_wait(exc: psycopg.Error, condition: str) -> None:
    assert store_error(exc).condition == condition


if postgres.available():

    def test_a_transaction_that_meets_another_starts_again(pg_url: str) -> None:
        both_have_read = threading.Barrier(2)
        runs: list[int] = []

        def add(tx: Tx) -> None:
            count = tx.count(OFFLINE, ("localhost", "romeo"))
            runs.append(count)
            if len(runs) <= 2:
                both_have_read.wait(10)
            tx.write(OfflineMessage("localhost", "romeo", count, 0, ""))

        async def body() -> None:
            store = open_store(StoreConfig("postgres", pg_url, pool=2))
            refs = [process.spawn_monitor(store.transaction, add)[1] for _ in range(2)]
            for _ in refs:
                down = await process.receive()
                assert down.reason == "normal"  # type: ignore[attr-defined]
            assert runs[:2] == [0, 0]
            assert len(runs) == 3
            assert [m.seq for m in await store.select(OFFLINE)] == [0, 1]
            store.close()

        node.run(body)

    def test_a_statement_that_failed_fails_the_transaction(pg_url: str) -> None:
        def look_away(tx: Tx) -> None:
            tx.write(Vcard("localhost", "romeo", ""))
            with pytest.raises(StoreError):
                tx.write(Vcard("localhost", "juliet", "\0"))

        async def body() -> None:
            store = open_store(StoreConfig("postgres", pg_url))
            with pytest.raises(StoreError) as caught:
                await store.transaction(look_away)
            assert caught.value.condition == "internal-server-error"
            assert await store.count(VCARD) == 0
            store.close()

        node.run(body)

    def test_the_database_of_a_newer_server_is_refused(pg_url: str) -> None:
        with psycopg.connect(pg_url, autocommit=True) as conn:
            prepare(conn)
            conn.execute("INSERT INTO schema_version VALUES (999, 'later')")
        with pytest.raises(StoreError, match="schema 999"):
            open_store(StoreConfig("postgres", pg_url))

    def test_two_writers_one_killed_both_keep_their_word(pg_url: str) -> None:
        one, other = child(pg_url, "a"), child(pg_url, "b")
        assert one.stdout is not None
        heard = {one.stdout.readline().strip() for _ in range(50)}
        one.kill()
        heard |= {line.strip() for line in one.communicate(timeout=60)[0].splitlines(True) if line.endswith("\n")}
        assert one.returncode == -signal.SIGKILL
        heard |= set(other.communicate(timeout=60)[0].split())
        assert other.returncode == 0

        async def body() -> None:
            store = open_store(StoreConfig("postgres", pg_url))
            romeo = {i.contact for i in await store.select(ROSTER, ("localhost", "romeo"))}
            assert romeo == {i.contact for i in await store.select(ROSTER, ("localhost", "juliet"))}
            assert heard <= romeo
            store.close()

        node.run(body)


if postgres.available() and not postgres.GIVEN:

    def test_while_postgres_is_gone_nothing_is_acknowledged_and_it_comes_back() -> None:
        cluster = postgres.Cluster()

        async def body() -> None:
            store = open_store(StoreConfig("postgres", postgres.fresh(cluster.url), pool=1))
            await store.transaction(lambda tx: tx.write(Vcard("localhost", "romeo", "")))
            cluster.stop()
            with pytest.raises(StoreError) as caught:
                await store.transaction(lambda tx: tx.write(Vcard("localhost", "juliet", "")))
            assert caught.value.condition == "resource-constraint"
            cluster.start()
            await again(store, 20)
            assert {v.user for v in await store.select(VCARD)} == {"romeo", "nurse"}
            store.close()

        async def again(store: object, tries: int) -> None:
            for _ in range(tries):
                try:
                    await store.transaction(lambda tx: tx.write(Vcard("localhost", "nurse", "")))  # type: ignore[attr-defined]
                    return
                except StoreError:
                    pass
            raise AssertionError("the store did not come back")

        try:
            node.run(body)
        finally:
            cluster.remove()
