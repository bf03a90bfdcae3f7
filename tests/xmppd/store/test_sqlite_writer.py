"""One commit for many, and each for itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otp.erts import process
from tests.support import node, schemas
from tests.support.crash import watched
from xmppd.mods.offline.tables import OFFLINE, OfflineMessage
from xmppd.store.backend import StoreError, Tx
from xmppd.store.file_lock import locked
from xmppd.store.sqlite_writer import lock_file, store_error
from xmppd.store.store_sqlite import SqliteStore


def put(n: int, then: Callable[[Tx], Any] = lambda tx: None) -> Callable[[Tx], Any]:
    def fn(tx: Tx) -> Any:
        tx.write(OfflineMessage("localhost", "romeo", n, 0, "<message/>"))
        return then(tx)

    return fn


def caught(tx: Tx) -> None:
    """A statement fails (STRICT tables take no text for a number), and its function looks away."""
    with pytest.raises(StoreError):
        tx.write(OfflineMessage("localhost", "romeo", 1, "text", ""))  # type: ignore[arg-type]


def play(tmp_path: Path, fns: list[Callable[[Tx], Any]]) -> tuple[list[Any], list[str], list[int]]:
    """Queue the transactions behind a held lock; what came of each, the points passed, and what is stored."""
    outcomes: list[Any] = [None] * len(fns)
    path = str(tmp_path / "x.sqlite3")

    async def body() -> list[int]:
        store = SqliteStore(path, schemas=schemas.ALL)

        async def one(i: int) -> None:
            try:
                outcomes[i] = await store.transaction(fns[i])
            except Exception as exc:
                outcomes[i] = exc

        fd = lock_file(path)
        with locked(fd):  # the first job waits in the writer for this lock, the others in its inbox
            refs = [process.spawn_monitor(one, i)[1] for i in range(len(fns))]
            await process.sleep(0.02)
        for _ in refs:
            await process.receive()
        seqs = [m.seq for m in await store.select(OFFLINE)]
        store.close()
        return seqs

    with watched() as points:
        seqs = node.run(body)
    return outcomes, [name for name in points if name.startswith("store.") and name != "store.in_migration"], seqs


def test_many_transactions_share_a_commit(tmp_path: Path) -> None:
    outcomes, points, seqs = play(tmp_path, [put(n, lambda tx, n=n: n) for n in range(50)])  # type: ignore[misc]
    assert outcomes == list(range(50))
    assert seqs == list(range(50))
    assert points.count("store.in_group") == 50
    assert points.count("store.after_commit") <= 2


def test_each_failure_is_its_own(tmp_path: Path) -> None:
    def fail(tx: Tx) -> None:
        raise LookupError("mine")

    outcomes, _, seqs = play(tmp_path, [put(1), put(2, fail), put(3), put(4, caught), put(5)])
    assert isinstance(outcomes[1], LookupError)
    assert isinstance(outcomes[3], StoreError)
    assert outcomes[3].condition == "internal-server-error"
    assert [outcomes[i] for i in (0, 2, 4)] == [None, None, None]
    assert seqs == [1, 3, 5]


def test_transactions_are_answered_after_the_commit(tmp_path: Path) -> None:
    outcomes, points, _ = play(tmp_path, [put(1)])
    assert outcomes == [None]
    assert points == ["store.in_group", "store.before_commit", "store.after_commit", "store.answered"]


def test_when_sqlite_undoes_the_group_nobody_is_told_success(tmp_path: Path) -> None:
    def undone(tx: Any) -> None:
        tx._conn.execute("ROLLBACK")  # what SQLite does by itself when the disk is full

    outcomes, _, seqs = play(tmp_path, [put(0), put(1), put(2, undone), put(3)])
    good = [n for n, outcome in enumerate(outcomes) if outcome is None]
    assert seqs == good
    assert isinstance(outcomes[2], StoreError)
    assert 3 not in good


@pytest.mark.parametrize(
    ("code", "condition"),
    [
        (sqlite3.SQLITE_FULL, "resource-constraint"),
        (sqlite3.SQLITE_IOERR_WRITE, "resource-constraint"),
        (sqlite3.SQLITE_BUSY, "resource-constraint"),
        (sqlite3.SQLITE_CORRUPT, "internal-server-error"),
        (sqlite3.SQLITE_CONSTRAINT, "internal-server-error"),
    ],
)
def test_what_may_go_away_is_a_wait(code: int, condition: str) -> None:
    exc = sqlite3.OperationalError("x")
    exc.sqlite_errorcode = code
    assert store_error(exc).condition == condition


@pytest.mark.parametrize("then", [caught, lambda tx: tx.read(OFFLINE, ("localhost", "romeo", "x"))[0]])
def test_one_that_fails_alone_leaves_nothing_and_the_next_commits(tmp_path: Path, then: Callable[[Tx], Any]) -> None:
    async def body() -> list[int]:
        store = SqliteStore(str(tmp_path / "x.sqlite3"), schemas=schemas.ALL)
        with pytest.raises((StoreError, TypeError)):
            await store.transaction(put(1, then))
        await store.transaction(put(2))
        seqs = [m.seq for m in await store.select(OFFLINE)]
        store.close()
        return seqs

    assert node.run(body) == [2]
