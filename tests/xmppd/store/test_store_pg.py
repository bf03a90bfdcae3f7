"""What PostgreSQL alone can do to us: conflicts, and being gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Coroutine
from typing import Any

import psycopg
import pytest

from otp.erts import process
from tests.support import node, postgres, schemas
from xmppd.mods.mod_vcard import VCARD, Vcard
from xmppd.mods.offline.tables import OFFLINE, OfflineMessage
from xmppd.mods.roster.tables import ROSTER
from xmppd.store import pg_pool, store_pg
from xmppd.store.backend import StoreConfig, StoreError, Tx
from xmppd.store.store_pg import open_store, prepare, store_error


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
            store = open_store(StoreConfig("postgres", pg_url, pool=2), schemas.ALL)
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
            store = open_store(StoreConfig("postgres", pg_url), schemas.ALL)
            with pytest.raises(StoreError) as caught:
                await store.transaction(look_away)
            assert caught.value.condition == "internal-server-error"
            assert await store.count(VCARD) == 0
            store.close()

        node.run(body)

    def test_the_database_of_a_newer_server_is_refused(pg_url: str) -> None:
        with psycopg.connect(pg_url, autocommit=True) as conn:
            prepare(conn, schemas.ALL)
            conn.execute("INSERT INTO schema_version VALUES (999, 'later')")
        with pytest.raises(StoreError, match="schema 999"):
            open_store(StoreConfig("postgres", pg_url), schemas.ALL)

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
            store = open_store(StoreConfig("postgres", pg_url), schemas.ALL)
            romeo = {i.contact for i in await store.select(ROSTER, ("localhost", "romeo"))}
            assert romeo == {i.contact for i in await store.select(ROSTER, ("localhost", "juliet"))}
            assert heard <= romeo
            store.close()

        node.run(body)


if postgres.available() and not postgres.GIVEN:

    def test_a_restart_of_the_server_is_a_pause_and_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
        for module, name in ((pg_pool, "GRACE"), (store_pg, "GRACE"), (store_pg, "PATIENCE")):
            monkeypatch.setattr(module, name, 50.0)  # a busy machine starts a server in more than 5 s
        cluster = postgres.Cluster()

        async def body() -> None:
            store = open_store(StoreConfig("postgres", postgres.fresh(cluster.url), pool=2), schemas.ALL)
            await store.transaction(lambda tx: tx.write(Vcard("localhost", "romeo", "")))
            cluster.stop()
            await process.sleep(1.1)  # its connections are looked at before they are used
            threading.Timer(0.3, cluster.start).start()
            assert await all_of([store.count(VCARD) for _ in range(9)]) == [1] * 9
            await store.transaction(lambda tx: tx.write(Vcard("localhost", "nurse", "")))
            store.close()

        try:
            node.run(body)
        finally:
            cluster.remove()

    def test_while_postgres_is_gone_nothing_is_acknowledged_and_it_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pg_pool, "GRACE", 0.3)
        cluster = postgres.Cluster()

        async def body() -> None:
            store = open_store(StoreConfig("postgres", postgres.fresh(cluster.url), pool=1), schemas.ALL)
            await store.transaction(lambda tx: tx.write(Vcard("localhost", "romeo", "")))
            cluster.stop()
            with pytest.raises(StoreError) as caught:
                await store.transaction(lambda tx: tx.write(Vcard("localhost", "juliet", "")))
            assert caught.value.condition == "resource-constraint"
            await process.sleep(0.5)
            began = time.monotonic()
            assert isinstance((await all_of([store.count(VCARD)]))[0], StoreError)
            assert time.monotonic() - began < 3, "by now nobody waits"
            cluster.start()
            took = await until_it_is_back(store)
            assert took < 10, "2 s on a machine with nothing else to do"
            left = await store.select(VCARD)
            assert {v.user for v in left} == {"romeo", "nurse"}
            store.close()

        async def until_it_is_back(store: store_pg.PgStore) -> float:
            began = time.monotonic()
            while time.monotonic() < began + 20:
                try:
                    await store.transaction(lambda tx: tx.write(Vcard("localhost", "nurse", "")))
                    break
                except StoreError:
                    await process.sleep(0.02)
            return time.monotonic() - began

        try:
            node.run(body)
        finally:
            cluster.remove()

    def test_two_crashes_of_the_server_under_load_lose_nothing_that_was_acknowledged(
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        for module, name in ((pg_pool, "GRACE"), (store_pg, "GRACE"), (store_pg, "PATIENCE")):
            monkeypatch.setattr(module, name, 50.0)
        cluster = postgres.Cluster()
        said: dict[int, str] = {}
        stop = threading.Event()

        async def write(store: store_pg.PgStore, i: int) -> None:
            for n in range(i, 1_000_000, 8):
                if stop.is_set():
                    return
                try:
                    await store.transaction(lambda tx, n=n: tx.write(Vcard("localhost", f"{n}", "")))  # type: ignore[misc]
                    said[n] = "stored"
                except StoreError as error:
                    said[n] = error.condition

        def crash_twice() -> None:
            for _ in range(2):
                time.sleep(0.3)
                cluster.stop()
                cluster.start()
            before = len(said)
            until = time.monotonic() + 30
            while len(said) < before + 50 and time.monotonic() < until:
                time.sleep(0.05)
            stop.set()

        async def body() -> None:
            store = open_store(StoreConfig("postgres", postgres.fresh(cluster.url)), schemas.ALL)
            refs = [process.spawn_monitor(write, store, i)[1] for i in range(8)]
            threading.Thread(target=crash_twice).start()
            for _ in refs:
                await process.receive()
            there = {int(v.user) for v in await store.select(VCARD)}
            stored = {n for n, how in said.items() if how == "stored"}
            assert stored <= there
            assert len(stored) > 100
            assert set(said.values()) <= {"stored", "resource-constraint"}
            assert len(said) - len(stored) <= 16, "at most those whose COMMIT was on its way are in doubt"
            store.close()

        try:
            node.run(body)
        finally:
            stop.set()
            cluster.remove()

    def test_once_it_is_back_every_thread_uses_it_at_once_and_meanwhile_nobody_waits_in_line(
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(pg_pool, "GRACE", 0.5)
        cluster = postgres.Cluster()

        async def body() -> None:
            store = open_store(StoreConfig("postgres", postgres.fresh(cluster.url), pool=4), schemas.ALL)
            await store.transaction(lambda tx: tx.write(Vcard("localhost", "romeo", "")))
            cluster.stop()
            began = time.monotonic()
            outcomes = await all_of([store.count(VCARD) for _ in range(400)])
            assert {type(outcome) for outcome in outcomes} == {StoreError}
            assert time.monotonic() - began < 60, "a pool that waits 5 s for each would need minutes"
            cluster.start()
            until = time.monotonic() + 20
            while isinstance((await all_of([store.count(VCARD)]))[0], StoreError):
                assert time.monotonic() < until, "it is not used again"
                await process.sleep(0.05)
            assert await all_of([store.count(VCARD) for _ in range(40)]) == [1] * 40
            store.close()

        try:
            node.run(body)
        finally:
            cluster.remove()

    def test_a_server_that_is_frozen_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(store_pg, "PATIENCE", 0.3)
        cluster = postgres.Cluster()

        async def body() -> None:
            store = open_store(StoreConfig("postgres", postgres.fresh(cluster.url), pool=1), schemas.ALL)
            pid = await store.transaction(lambda tx: tx.conn.info.backend_pid)  # type: ignore[attr-defined]
            os.kill(pid, signal.SIGSTOP)
            try:
                outcomes = await all_of([store.count(VCARD) for _ in range(5)])
                assert {type(outcome) for outcome in outcomes} == {StoreError}
            finally:
                os.kill(pid, signal.SIGCONT)
            await again(store)
            store.close()

        async def again(store: store_pg.PgStore) -> None:
            for _ in range(100):
                if (await all_of([store.count(VCARD)])) == [0]:
                    return
            raise AssertionError("the store did not come back")

        try:
            node.run(body)
        finally:
            cluster.remove()

    async def all_of(doing: list[Coroutine[Any, Any, int]]) -> list[object]:
        """The outcomes of calls that are made at the same time, each by a process of its own."""
        outcomes: list[object] = []

        async def one(call: Coroutine[Any, Any, int]) -> None:
            try:
                outcomes.append(await call)
            except StoreError as error:
                outcomes.append(error)

        for call in doing:
            process.spawn(one, call)
        await node.until(lambda: len(outcomes) == len(doing), 60)
        return outcomes
