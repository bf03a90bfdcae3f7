"""sqlite_writer — the thread that writes: many transactions, one commit, one fsync.

OTP:      cf. Mnesia's transaction manager and its log; BEAM's dirty I/O scheduler
Way:      store_sqlite → [sqlite_writer] → the file; the awaiters are answered after COMMIT
Process:  a pykka.ThreadingActor, one per node; docs/decisions/0003 says why not one per machine
"""

from __future__ import annotations

import sqlite3
import time  # real time: a disk answers in it
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from otp.erts.blocking import BlockingActor, Job
from xmppd import crash_points
from xmppd.store.backend import StoreError, Tx
from xmppd.store.disk_room import DiskRoom
from xmppd.store.file_lock import FileLock, locked
from xmppd.store.measures import committed, ran
from xmppd.store.same_file import SameFile
from xmppd.store.store_sql import SqlTx
from xmppd.store.text_index import SQLITE_HAS_ONE

#: SQLite's primary result codes after which the same request may succeed later
_LATER: Final = frozenset(
    (sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR,
     sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOMEM)
)  # fmt: skip


_REASONS: Final = {
    sqlite3.SQLITE_FULL: "full", sqlite3.SQLITE_BUSY: "locked", sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_IOERR: "io", sqlite3.SQLITE_READONLY: "io", sqlite3.SQLITE_CANTOPEN: "gone",
}  # fmt: skip


def store_error(exc: sqlite3.Error) -> StoreError:
    """The StoreError for what SQLite said."""
    code = getattr(exc, "sqlite_errorcode", 0) & 0xFF
    condition = "resource-constraint" if code in _LATER else "internal-server-error"
    return StoreError(f"SQLite: {exc}", condition, _REASONS.get(code, "other"))


def lock_file(path: str) -> FileLock:
    """The lock of the database `path`. SQLite's own way to wait is to sleep and look again, up to 100 ms at a time."""
    return FileLock(path + "-lock")


class _GroupTx(SqlTx):
    """One transaction within a group: a savepoint before its first write undoes it alone; where it is the only one
    of its group (`alone`) the group is undone instead.

    A statement that failed fails the transaction, even one whose function caught it, as in PostgreSQL. `shortage`: why
    there is only room for deletions.
    """

    __slots__ = ("_conn", "alone", "failed", "saved", "shortage")

    def __init__(self, conn: sqlite3.Connection, alone: bool = False, shortage: StoreError | None = None) -> None:
        super().__init__(self._run, self._write, self._write_many, "?")
        self._conn, self.alone, self.shortage = conn, alone, shortage
        self.saved = False
        self.failed: StoreError | None = None

    def _run(self, sql: str, params: Sequence[Any]) -> list[Any]:
        began = time.monotonic()
        try:
            return self._conn.execute(sql, params).fetchall()
        except sqlite3.Error as exc:
            self.failed = store_error(exc)
            raise self.failed from exc
        finally:
            ran(sql, time.monotonic() - began)

    def _write(self, sql: str, params: Sequence[Any]) -> int:
        return self._changed(self._conn.execute, sql, params)

    def _write_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        return self._changed(self._conn.executemany, sql, rows)

    def _changed(self, run: Callable[[str, Any], sqlite3.Cursor], sql: str, params: Sequence[Any]) -> int:
        if self.shortage is not None and not sql.startswith("DELETE"):
            self.failed = self.shortage
            raise self.failed
        began = time.monotonic()
        try:
            if not (self.saved or self.alone):
                self._conn.execute("SAVEPOINT one")
                self.saved = True
            return run(sql, params).rowcount
        except sqlite3.Error as exc:
            self.failed = store_error(exc)
            raise self.failed from exc
        finally:
            ran(sql, time.monotonic() - began)


#: a transaction's function, and until when (time.monotonic) somebody waits for it
Call: TypeAlias = tuple[Callable[[Tx], Any], float]


class WriterThread(BlockingActor):
    """Owns the connection that writes."""

    max_batch = 200

    def __init__(self, conn: sqlite3.Connection, lock: FileLock, path: str) -> None:
        super().__init__()
        self.conn, self.lock = conn, lock
        self.file, self.room = SameFile(path), DiskRoom(path)
        self.patience = 0
        self.schema: object = None

    def handle_batch(self, jobs: Sequence[Job[Call]]) -> None:
        """BlockingActor's callback: one commit for all jobs. What has waited too long is not done any more."""
        now = time.monotonic()
        late = [job for job in jobs if job.message[1] < now]
        jobs = [job for job in jobs if job.message[1] >= now]
        for job in late:
            job.reject(StoreError("SQLite: the transactions before this one took too long", reason="slow"))
        if jobs:
            self._all(jobs, max([job.message[1] for job in jobs]))

    def _all(self, jobs: Sequence[Job[Call]], until: float) -> None:
        try:
            self.file.check()
            with locked(self.lock, max(until - time.monotonic(), 0.1)):
                self._be_patient(until)
                outcomes = self._commit([job.message[0] for job in jobs])
        except (sqlite3.Error, StoreError) as exc:
            failure = exc if isinstance(exc, StoreError) else store_error(exc)
            outcomes = [(False, failure)] * len(jobs)
        for job, (good, value) in zip(jobs, outcomes, strict=True):
            (job.resolve if good else job.reject)(value)
        crash_points.reach("store.answered")

    def _be_patient(self, until: float) -> None:
        """Have SQLite wait no longer than that for whoever holds the file without our lock."""
        wanted = max(round(until - time.monotonic()), 0)
        if wanted != self.patience:
            self.patience = wanted
            self.conn.execute(f"PRAGMA busy_timeout = {max(wanted * 1000, 100)}")

    def _let_triggers_write(self) -> None:
        """An index of words is kept by triggers that write to a virtual table; SQLite must be told that they may, as
        soon as any process has made one."""
        schema = self.conn.execute("PRAGMA schema_version").fetchone()
        if schema != self.schema:
            self.schema = schema
            if self.conn.execute(SQLITE_HAS_ONE).fetchone():
                self.conn.execute("PRAGMA trusted_schema = ON").fetchall()

    def _commit(self, fns: Sequence[Callable[[Tx], Any]]) -> list[tuple[bool, Any]]:
        began = time.monotonic()
        self.conn.execute("BEGIN IMMEDIATE")
        try:
            self._let_triggers_write()
            shortage = self.room.shortage()
            outcomes = [self._one(fn, len(fns) == 1, shortage) for fn in fns]
            crash_points.reach("store.before_commit")
            if self.conn.in_transaction:
                self.conn.execute("COMMIT")
        except BaseException:
            if self.conn.in_transaction:
                self.conn.execute("ROLLBACK")
            raise
        crash_points.reach("store.after_commit")
        committed(time.monotonic() - began, healed=shortage is None)
        return outcomes

    def _one(self, fn: Callable[[Tx], Any], alone: bool, shortage: StoreError | None) -> tuple[bool, Any]:
        """Run one transaction. Raises StoreError if SQLite undid the whole group (disk full, I/O error)."""
        tx = _GroupTx(self.conn, alone, shortage)
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
        crash_points.reach("store.in_group")
        return outcome

    def on_stop(self) -> None:
        """Pykka's callback: the last connection to close folds the log into the file."""
        self.conn.close()
