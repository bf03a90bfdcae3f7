"""sqlite_writer — the thread that writes: many transactions, one commit, one fsync.

OTP:      cf. Mnesia's transaction manager and its log; BEAM's dirty I/O scheduler
Way:      store_sqlite → [sqlite_writer] → the file; the awaiters are answered after COMMIT
Process:  a pykka.ThreadingActor, one per node; docs/decisions/0003 says why not one per machine
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Final

from otp.erts.blocking import BlockingActor, Job
from xmppd.store.backend import StoreError, Tx
from xmppd.store.file_lock import FileLock, locked
from xmppd.store.same_file import SameFile
from xmppd.store.store_sql import SqlTx

#: SQLite's primary result codes after which the same request may succeed later
_LATER: Final = frozenset(
    (sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR,
     sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOMEM)
)  # fmt: skip


def store_error(exc: sqlite3.Error) -> StoreError:
    """The StoreError for what SQLite said."""
    code = getattr(exc, "sqlite_errorcode", 0) & 0xFF
    return StoreError(f"SQLite: {exc}", "resource-constraint" if code in _LATER else "internal-server-error")


def lock_file(path: str) -> FileLock:
    """The lock of the database `path`. SQLite's own way to wait is to sleep and look again, up to 100 ms at a time."""
    return FileLock(path + "-lock")


class _GroupTx(SqlTx):
    """One transaction within a group: a savepoint before its first write undoes it alone; where it is the only one
    of its group (`alone`) the group is undone instead.

    A statement that failed fails the transaction, even one whose function caught it, as in PostgreSQL.
    """

    __slots__ = ("_conn", "alone", "failed", "saved")

    def __init__(self, conn: sqlite3.Connection, alone: bool = False) -> None:
        super().__init__(self._run, self._write, "?")
        self._conn, self.alone = conn, alone
        self.saved = False
        self.failed: StoreError | None = None

    def _run(self, sql: str, params: Sequence[Any]) -> list[Any]:
        try:
            return self._conn.execute(sql, params).fetchall()
        except sqlite3.Error as exc:
            self.failed = store_error(exc)
            raise self.failed from exc

    def _write(self, sql: str, params: Sequence[Any]) -> int:
        try:
            if not (self.saved or self.alone):
                self._conn.execute("SAVEPOINT one")
                self.saved = True
            return self._conn.execute(sql, params).rowcount
        except sqlite3.Error as exc:
            self.failed = store_error(exc)
            raise self.failed from exc


class WriterThread(BlockingActor):
    """Owns the connection that writes. Its jobs are functions of a Tx."""

    max_batch = 200

    def __init__(
        self, conn: sqlite3.Connection, lock: FileLock, probe: Callable[[str], None] | None, file: SameFile
    ) -> None:
        super().__init__()
        self.conn, self.lock, self.probe, self.file = conn, lock, probe or _no_probe, file

    def handle_batch(self, jobs: Sequence[Job[Callable[[Tx], Any]]]) -> None:
        """BlockingActor's callback: one commit for all jobs."""
        try:
            self.file.check()
            with locked(self.lock):
                outcomes = self._commit([job.message for job in jobs])
        except (sqlite3.Error, StoreError) as exc:
            failure = exc if isinstance(exc, StoreError) else store_error(exc)
            outcomes = [(False, failure)] * len(jobs)
        for job, (good, value) in zip(jobs, outcomes, strict=True):
            (job.resolve if good else job.reject)(value)
        self.probe("answered")

    def _commit(self, fns: Sequence[Callable[[Tx], Any]]) -> list[tuple[bool, Any]]:
        self.conn.execute("BEGIN IMMEDIATE")
        try:
            outcomes = [self._one(fn, len(fns) == 1) for fn in fns]
            self.probe("before commit")
            if self.conn.in_transaction:
                self.conn.execute("COMMIT")
        except BaseException:
            if self.conn.in_transaction:
                self.conn.execute("ROLLBACK")
            raise
        self.probe("after commit")
        return outcomes

    def _one(self, fn: Callable[[Tx], Any], alone: bool) -> tuple[bool, Any]:
        """Run one transaction. Raises StoreError if SQLite undid the whole group (disk full, I/O error)."""
        tx = _GroupTx(self.conn, alone)
        try:
            value = fn(tx)
            outcome = (tx.failed is None, tx.failed or value)
        except Exception as exc:
            outcome = (False, tx.failed or exc)
        if not self.conn.in_transaction:
            raise tx.failed or StoreError("the group was undone")
        if tx.saved:
            if not outcome[0]:
                self.conn.execute("ROLLBACK TO one")
            self.conn.execute("RELEASE one")
        elif alone and not outcome[0]:
            self.conn.execute("ROLLBACK")
        self.probe("in group")
        return outcome

    def on_stop(self) -> None:
        """Pykka's callback: the last connection to close folds the log into the file."""
        self.conn.close()


def _no_probe(name: str) -> None:
    """Stands where a test's crash point goes."""
