"""store_pg — PostgreSQL: the same tables for servers that have a database already.

OTP:      cf. ejabberd_sql with its pgsql driver
Way:      store → [store_pg] → a thread of ours with a connection of its own → PostgreSQL
Process:  a few pykka.ThreadingActors per node, one per connection; opened and closed by the gen_server `store`
Differs:  no pool's back-off decides when a server that was gone is used again: see Outage

Every transaction is SERIALIZABLE and starts again when PostgreSQL says that it met another one. Reads are one
statement each and suspend the caller, other than SQLite's.
"""

from __future__ import annotations

import random
import time  # real time: a database answers in it
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import psycopg
from psycopg.errors import DeadlockDetected, SerializationFailure

from otp.erts.blocking import BlockingActor, Job, ask, run_blocking
from otp.erts.scheduler import THIS
from xmppd.store.backend import Key, StoreConfig, StoreError, Table, Tx
from xmppd.store.migrate import migrate
from xmppd.store.schema import POSTGRES, Schema
from xmppd.store.store_sql import SqlTx

R = TypeVar("R")
T = TypeVar("T")
Connection = psycopg.Connection[tuple[Any, ...]]
#: seconds that a statement may take, and a call with all its waiting
SECONDS: Final = 5.0
PATIENCE: Final = 6.0
#: seconds between two tries to reach a server that is gone; and after which a connection is looked at before its use
AGAIN: Final = 0.5
IDLE: Final = 1.0
TRIES: Final = 12
MAX_WAITING: Final = 1000
#: the advisory lock under which one node migrates while the others wait ("xmpp")
MIGRATION_LOCK: Final = 0x786D7070

_TOO_LATE: Final = f"PostgreSQL: no answer within {PATIENCE:.0f} s"


def store_error(exc: psycopg.Error) -> StoreError:
    """The StoreError for what PostgreSQL said: what it may do later (classes 08, 40, 53, 57) is no bug of ours."""
    state = exc.sqlstate
    later = state[:2] in ("08", "40", "53", "57", "25") if state else isinstance(exc, psycopg.OperationalError)
    text = str(exc).partition("\n")[0]
    return StoreError(f"PostgreSQL: {text}", "resource-constraint" if later else "internal-server-error")


class _PgTx(SqlTx):
    """One transaction, or one read. A statement that failed fails it, whatever its function does then."""

    __slots__ = ("_conn", "failed")

    def __init__(self, conn: Connection) -> None:
        super().__init__(self._run, self._write, "%s")
        self._conn = conn
        self.failed: psycopg.Error | None = None

    def _cursor(self, sql: str, params: Sequence[Any]) -> psycopg.Cursor[tuple[Any, ...]]:
        try:
            return self._conn.execute(sql.encode(), params)
        except psycopg.Error as exc:
            self.failed = exc
            raise store_error(exc) from exc

    def _run(self, sql: str, params: Sequence[Any]) -> list[Any]:
        return self._cursor(sql, params).fetchall()

    def _write(self, sql: str, params: Sequence[Any]) -> int:
        return self._cursor(sql, params).rowcount


class Outage:
    """What the threads know together of a server that does not answer: those that ask meanwhile are told at once.

    Every AGAIN seconds one of those who ask tries; so the server is in use again within that, once it is back.
    """

    def __init__(self) -> None:
        self._until = 0.0
        self._error: StoreError | None = None

    def check(self) -> None:
        """Raises StoreError if somebody has just tried in vain; else whoever asks is the one that tries."""
        now = time.monotonic()
        if self._error is not None and now < self._until:
            raise self._error
        self._until = now + AGAIN

    def note(self, error: StoreError | None) -> None:
        """It was tried; with this outcome."""
        self._error, self._until = error, time.monotonic() + AGAIN


class _Line(BlockingActor):
    """A thread with a connection of its own, made when it is needed and rebuilt when it is broken."""

    def __init__(self, config: StoreConfig, outage: Outage) -> None:
        super().__init__()
        self.config, self.outage = config, outage
        self.conn: Connection | None = None
        self.used = 0.0

    def handle_batch(self, jobs: Sequence[Job[tuple[Callable[[Connection], Any], float]]]) -> None:
        """BlockingActor's callback. What has waited too long is not done any more: nobody waits for it."""
        for job in jobs:
            fn, until = job.message
            try:
                if time.monotonic() > until:
                    raise StoreError(_TOO_LATE)
                job.resolve(fn(self.connection()))
            except psycopg.Error as exc:
                job.reject(store_error(exc))
            except Exception as exc:
                job.reject(exc)
            self.used = time.monotonic()

    def connection(self) -> Connection:
        """One that works, as far as can be known. Raises StoreError."""
        conn = self.conn
        if conn is not None and not conn.closed and (time.monotonic() - self.used < IDLE or _answers(conn)):
            return conn
        self.drop()
        self.outage.check()
        try:
            conn = psycopg.connect(self.config.path, autocommit=True, connect_timeout=2)
            _configure(conn, self.config.durability)
        except psycopg.Error as exc:
            error = store_error(exc)
            self.outage.note(error)
            raise error from exc
        self.outage.note(None)
        self.conn = conn
        return conn

    def drop(self) -> None:
        """Close what there is."""
        conn, self.conn = self.conn, None
        if conn is not None:
            conn.close()

    def on_stop(self) -> None:
        """Pykka's callback."""
        self.drop()


def _answers(conn: Connection) -> bool:
    try:
        conn.execute("SELECT 1")
    except psycopg.Error:
        return False
    return True


class PgStore:
    """The backend."""

    def __init__(self, config: StoreConfig) -> None:
        self._config = config
        outage = Outage()
        self._threads = [_Line.start(config, outage) for _ in range(config.pool)]
        self._load = [0] * config.pool
        self._closed = False

    async def _call(self, fn: Callable[[Connection], T]) -> T:
        """Run fn on the thread with the least to do. Raises StoreError after PATIENCE seconds, done or not: a server
        that is frozen gives no answer."""
        load = self._load
        if self._closed or sum(load) >= MAX_WAITING:
            raise StoreError("the store is closed" if self._closed else "too many calls are waiting")
        i = load.index(min(load))
        load[i] += 1
        future = ask(self._threads[i], (fn, time.monotonic() + PATIENCE))
        timer = THIS.loop.call_later(PATIENCE, future.reject, StoreError(_TOO_LATE))  # real time: see above
        try:
            return await future  # type: ignore[no-any-return]  # Pykka's futures are untyped
        finally:
            timer.cancel()
            load[i] -= 1

    async def transaction(self, fn: Callable[[Tx], T]) -> T:
        """See Backend. `fn` runs on another thread, again if it met a concurrent transaction."""
        return await self._call(lambda conn: _transaction(conn, fn))

    async def read(self, table: Table[R], key: Key) -> R | None:
        """See Backend."""
        return await self._call(lambda conn: _PgTx(conn).read(table, key))

    async def select(
        self, table: Table[R], prefix: Key = (), limit: int | None = None, after: str | int | None = None
    ) -> list[R]:
        """See Backend."""
        return await self._call(lambda conn: _PgTx(conn).select(table, prefix, limit, after))

    async def count(self, table: Table[Any], prefix: Key = ()) -> int:
        """See Backend."""
        return await self._call(lambda conn: _PgTx(conn).count(table, prefix))

    async def migrate(self, schemas: Sequence[Schema]) -> None:
        """See Backend. On a connection of its own."""
        await run_blocking(_prepare, self._config, schemas)

    def is_busy(self) -> bool:
        """See Backend."""
        return any(self._load)

    def close(self) -> None:
        """See Backend. What was queued is run first."""
        if self._closed:
            return
        self._closed = True
        for thread in self._threads:
            thread.stop(block=True)


def _transaction(conn: Connection, fn: Callable[[Tx], T]) -> T:
    for attempt in range(TRIES):
        try:
            return _attempt(conn, fn)
        except (SerializationFailure, DeadlockDetected):
            time.sleep(random.random() * 0.002 * 2 ** min(attempt, 6))
    raise StoreError(f"PostgreSQL: {TRIES} conflicts with other transactions")


def _attempt(conn: Connection, fn: Callable[[Tx], T]) -> T:
    with conn.transaction():
        tx = _PgTx(conn)
        try:
            value = fn(tx)
        finally:
            if tx.failed is not None:
                raise tx.failed
        return value


def _configure(conn: Connection, durability: str) -> None:
    conn.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
    conn.execute(f"SET statement_timeout = {int(SECONDS * 1000)}")
    conn.execute(f"SET synchronous_commit = {'on' if durability == 'full' else 'off'}".encode())


def prepare(conn: Connection, schemas: Sequence[Schema] = ()) -> None:
    """Bring all schemas to their newest step: all of it or nothing, one node at a time."""
    with conn.transaction():
        conn.execute("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))

        def execute(sql: str, params: tuple[Any, ...]) -> list[tuple[Any, ...]]:
            cursor = conn.execute(sql.encode(), params or None)
            return cursor.fetchall() if cursor.description else []

        migrate(execute, POSTGRES, schemas)


def _prepare(config: StoreConfig, schemas: Sequence[Schema]) -> None:
    try:
        with psycopg.connect(config.path, autocommit=True, connect_timeout=int(SECONDS)) as conn:
            prepare(conn, schemas)
    except psycopg.Error as exc:
        raise StoreError(f"cannot open PostgreSQL: {exc}", "internal-server-error") from exc


def open_store(config: StoreConfig, schemas: Sequence[Schema] = ()) -> PgStore:
    """Connect to `path`, a connection string of libpq, and migrate. Raises StoreError for the administrator."""
    _prepare(config, schemas)
    return PgStore(config)
