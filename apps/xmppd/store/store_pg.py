"""store_pg — PostgreSQL: the same tables for servers that have a database already.

OTP:      cf. ejabberd_sql with its pgsql driver
Way:      store → [store_pg] → a thread of ours → psycopg's pool → PostgreSQL
Process:  a few pykka.ThreadingActors per node, one per connection; opened and closed by the gen_server `store`

Every transaction is SERIALIZABLE and starts again when PostgreSQL says that it met another one. Reads are one
statement each and suspend the caller, other than SQLite's.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import psycopg
from psycopg.errors import DeadlockDetected, SerializationFailure
from psycopg_pool import ConnectionPool, PoolTimeout

from otp.erts.blocking import BlockingActor, Job, ask
from xmppd.store.backend import Key, StoreConfig, StoreError, Table, Tx
from xmppd.store.migrate import migrate
from xmppd.store.store_sql import SqlTx

R = TypeVar("R")
T = TypeVar("T")
Connection = psycopg.Connection[tuple[Any, ...]]
#: how long a call waits for a connection, and a statement for its end
SECONDS: Final = 5.0
TRIES: Final = 12
MAX_WAITING: Final = 1000
#: the advisory lock under which one node migrates while the others wait ("xmpp")
MIGRATION_LOCK: Final = 0x786D7070


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


class _Caller(BlockingActor):
    """A thread that calls what it is given."""

    def handle_batch(self, jobs: Sequence[Job[Callable[[], Any]]]) -> None:
        """BlockingActor's callback."""
        for job in jobs:
            job.resolve(job.message())


class PgStore:
    """The backend."""

    def __init__(self, pool: ConnectionPool[Connection], threads: int) -> None:
        self._pool = pool
        self._threads = [_Caller.start() for _ in range(threads)]
        self._load = [0] * threads
        self._closed = False

    async def _call(self, fn: Callable[[], T]) -> T:
        """Run fn on the thread with the least to do."""
        load = self._load
        if self._closed or sum(load) >= MAX_WAITING:
            raise StoreError("the store is closed" if self._closed else "too many calls are waiting")
        i = load.index(min(load))
        load[i] += 1
        try:
            return await ask(self._threads[i], fn)  # type: ignore[no-any-return]
        finally:
            load[i] -= 1

    async def transaction(self, fn: Callable[[Tx], T]) -> T:
        """See Backend. `fn` runs on another thread, again if it met a concurrent transaction."""
        return await self._call(lambda: self._transaction(fn))

    def _transaction(self, fn: Callable[[Tx], T]) -> T:
        for attempt in range(TRIES):
            try:
                return self._attempt(fn)
            except (SerializationFailure, DeadlockDetected):
                time.sleep(random.random() * 0.002 * 2 ** min(attempt, 6))
            except psycopg.Error as exc:
                raise store_error(exc) from exc
        raise StoreError(f"PostgreSQL: {TRIES} conflicts with other transactions")

    def _attempt(self, fn: Callable[[Tx], T]) -> T:
        with self._pool.connection(SECONDS) as conn, conn.transaction():
            tx = _PgTx(conn)
            try:
                value = fn(tx)
            finally:
                if tx.failed is not None:
                    raise tx.failed
            return value

    def _read(self, fn: Callable[[Tx], T]) -> T:
        try:
            with self._pool.connection(SECONDS) as conn:
                return fn(_PgTx(conn))
        except PoolTimeout as exc:
            raise store_error(exc) from exc

    async def read(self, table: Table[R], key: Key) -> R | None:
        """See Backend."""
        return await self._call(lambda: self._read(lambda tx: tx.read(table, key)))

    async def select(
        self, table: Table[R], prefix: Key = (), limit: int | None = None, after: str | int | None = None
    ) -> list[R]:
        """See Backend."""
        return await self._call(lambda: self._read(lambda tx: tx.select(table, prefix, limit, after)))

    async def count(self, table: Table[Any], prefix: Key = ()) -> int:
        """See Backend."""
        return await self._call(lambda: self._read(lambda tx: tx.count(table, prefix)))

    def close(self) -> None:
        """See Backend. What was queued is run first."""
        if self._closed:
            return
        self._closed = True
        for thread in self._threads:
            thread.stop(block=True)
        self._pool.close()


def _configure(durability: str) -> Callable[[Connection], None]:
    def configure(conn: Connection) -> None:
        conn.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
        conn.execute(f"SET statement_timeout = {int(SECONDS * 1000)}")
        conn.execute(f"SET synchronous_commit = {'on' if durability == 'full' else 'off'}".encode())

    return configure


def prepare(conn: Connection) -> None:
    """Create and migrate the tables: all of it or nothing, one node at a time."""
    with conn.transaction():
        conn.execute("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))

        def execute(sql: str, params: tuple[Any, ...]) -> list[tuple[Any, ...]]:
            cursor = conn.execute(sql.encode(), params or None)
            return cursor.fetchall() if cursor.description else []

        migrate(execute, "postgres", "%s")


def open_store(config: StoreConfig) -> PgStore:
    """Connect to `path`, a connection string of libpq, and migrate. Raises StoreError for the administrator."""
    try:
        with psycopg.connect(config.path, autocommit=True, connect_timeout=int(SECONDS)) as conn:
            prepare(conn)
    except psycopg.Error as exc:
        raise StoreError(f"cannot open PostgreSQL: {exc}", "internal-server-error") from exc
    pool: ConnectionPool[Connection] = ConnectionPool(
        config.path,
        min_size=1,
        max_size=config.pool,
        timeout=SECONDS,
        kwargs={"autocommit": True},
        configure=_configure(config.durability),
        open=True,
    )
    return PgStore(pool, config.pool)
