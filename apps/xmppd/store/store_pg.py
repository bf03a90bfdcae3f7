"""store_pg — PostgreSQL: the same tables for servers that have a database already.

OTP:      cf. ejabberd_sql with its pgsql driver
Way:      store → [store_pg] → a thread with a connection that pg_pool lends it → pg_tx → PostgreSQL
Process:  a few pykka.ThreadingActors per node: those that write, one transaction at a time, and those that read, many
          queries at a time; opened and closed by the gen_server `store`

Every transaction is SERIALIZABLE and starts again when PostgreSQL says that it met another one. Reads are one
statement each and suspend the caller, other than SQLite's.
"""

from __future__ import annotations

import random
import threading
import time  # real time: a database answers in it
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import psycopg
from psycopg.errors import DeadlockDetected, SerializationFailure

from otp.erts.blocking import BlockingActor, Job, ask, run_blocking
from otp.erts.scheduler import THIS
from xmppd.store import measures, pg_tx, text_index
from xmppd.store.backend import Key, Range, StoreConfig, StoreError, Table, Tx
from xmppd.store.migrate import migrate
from xmppd.store.pg_pool import GRACE, SECONDS, PgConnection, PgPool, hang_up, store_error, too_late
from xmppd.store.schema import POSTGRES, Schema
from xmppd.store.store_sql import Query, count_query, find_query, read_query, select_query

R = TypeVar("R")
T = TypeVar("T")
#: seconds that a call may take with all its waiting, also with a server that is frozen
PATIENCE: Final = 6.0
TRIES: Final = 12
MAX_WAITING: Final = 1000
#: threads that read
READERS: Final = 2
#: the advisory lock under which one node migrates while the others wait ("xmpp")
MIGRATION_LOCK: Final = 0x786D7070


@dataclass(eq=False)
class _Line:
    """One thread: how many wait for it, and which connection it has at the moment."""

    pool: PgPool
    load: int = 0
    conn: PgConnection | None = None
    since: float = 0.0
    mutex: threading.Lock = field(default_factory=threading.Lock)

    def use(self, until: float, fn: Callable[[PgConnection], T]) -> T:
        """Run fn with a connection, again if that was broken and nothing came of it. On the line's thread."""
        while True:
            with self.pool.lend(until) as conn:
                self._hold(conn)
                try:
                    return fn(conn)
                except pg_tx.Uncommitted:
                    continue
                finally:
                    self._hold(None)

    def _hold(self, conn: PgConnection | None) -> None:
        with self.mutex:
            self.conn, self.since = conn, time.monotonic()

    def hang_up(self) -> None:
        """End what the thread has waited for too long. On the loop's thread."""
        with self.mutex:
            if self.conn is not None and time.monotonic() - self.since > PATIENCE * 0.8:
                hang_up(self.conn)


@dataclass(frozen=True)
class _Call:
    """What a thread is asked to do, and until when somebody waits for it: a transaction's function, or a query."""

    until: float
    work: Any


class _Writer(BlockingActor):
    """Commits transactions, one at a time."""

    def __init__(self, line: _Line) -> None:
        super().__init__()
        self.line = line

    def handle_batch(self, jobs: Sequence[Job[_Call]]) -> None:
        """BlockingActor's callback. What has waited too long is not done any more: nobody waits for it."""
        for job in jobs:
            call = job.message
            try:
                job.resolve(_transaction(self.line, call))
            except psycopg.Error as exc:
                job.reject(store_error(exc))
            except Exception as exc:
                job.reject(exc)


class _Reader(BlockingActor):
    """Answers queries, as many in one journey as wait."""

    max_batch = 64

    def __init__(self, line: _Line) -> None:
        super().__init__()
        self.line = line

    def handle_batch(self, jobs: Sequence[Job[_Call]]) -> None:
        """BlockingActor's callback."""
        try:
            found = self._read([job.message for job in jobs])
        except StoreError as exc:
            for job in jobs:
                job.reject(exc)
            return
        except psycopg.Error as exc:
            if len(jobs) == 1:
                jobs[0].reject(store_error(exc))
                return
            for job in jobs:  # one spoilt it for all
                self.handle_batch([job])
            return
        for job, value in zip(jobs, found, strict=True):
            job.resolve(value)

    def _read(self, calls: Sequence[_Call]) -> list[Any]:
        queries: list[Query] = [call.work for call in calls]

        def read(conn: PgConnection) -> list[Any]:
            try:
                return pg_tx.read_all(conn, queries)
            except psycopg.Error as exc:
                if conn.broken:
                    raise pg_tx.Uncommitted from exc
                raise

        return self.line.use(max(call.until for call in calls), read)


def _transaction(line: _Line, call: _Call) -> Any:
    for attempt in range(TRIES):
        try:
            return line.use(call.until, lambda conn: pg_tx.commit(conn, call.work))
        except (SerializationFailure, DeadlockDetected):
            time.sleep(random.random() * 0.002 * 2 ** min(attempt, 6))
    raise StoreError(f"PostgreSQL: {TRIES} conflicts with other transactions", reason="conflict")


class PgStore:
    """The backend."""

    def __init__(self, config: StoreConfig) -> None:
        self._config = config
        self._pool = PgPool(config)
        self._writers = [_Line(self._pool) for _ in range(config.pool)]
        self._readers = [_Line(self._pool) for _ in range(min(READERS, config.pool))]
        self._threads: dict[int, Any] = {id(line): _Writer.start(line) for line in self._writers}
        self._threads |= {id(line): _Reader.start(line) for line in self._readers}
        self._closed = False

    async def _call(self, lines: Sequence[_Line], work: Any) -> Any:
        """Have the thread with the least to do do it. Raises StoreError after PATIENCE seconds, done or not: a server
        that is frozen gives no answer."""
        try:
            return await self._ask(lines, work)
        except StoreError as error:
            measures.failed(error)
            raise

    async def _ask(self, lines: Sequence[_Line], work: Any) -> Any:
        if self._closed:
            raise StoreError("the store is closed")
        if sum([line.load for line in lines]) >= MAX_WAITING:
            raise StoreError("too many calls are waiting", reason="busy")
        line = min(lines, key=lambda line: line.load)
        line.load += 1
        future = ask(self._threads[id(line)], _Call(time.monotonic() + GRACE, work))
        timer = THIS.loop.call_later(PATIENCE, self._give_up, future, line)  # real time: see above
        try:
            return await future
        finally:
            timer.cancel()
            line.load -= 1

    def _give_up(self, future: Any, line: _Line) -> None:
        future.reject(StoreError(too_late(PATIENCE), reason="slow"))
        line.hang_up()

    async def transaction(self, fn: Callable[[Tx], T]) -> T:
        """See Backend. `fn` runs on another thread, again if it met a concurrent transaction."""
        return await self._call(self._writers, fn)  # type: ignore[no-any-return]  # Pykka's futures are untyped

    async def read(self, table: Table[R], key: Key) -> R | None:
        """See Backend."""
        return await self._call(self._readers, read_query(table, key, "%s"))  # type: ignore[no-any-return]  # likewise

    async def select(
        self, table: Table[R], prefix: Key = (), limit: int | None = None, after: str | int | None = None
    ) -> list[R]:
        """See Backend."""
        return await self._call(self._readers, select_query(table, prefix, limit, after, "%s"))  # type: ignore[no-any-return]  # likewise

    async def find(self, table: Table[R], piece: Range) -> list[R]:
        """See Backend."""
        return await self._call(self._readers, find_query(table, piece, "%s"))  # type: ignore[no-any-return]  # likewise

    async def count(self, table: Table[Any], prefix: Key = ()) -> int:
        """See Backend."""
        return await self._call(self._readers, count_query(table, prefix, "%s"))  # type: ignore[no-any-return]  # likewise

    async def migrate(self, schemas: Sequence[Schema]) -> None:
        """See Backend. On a connection of its own."""
        await run_blocking(_prepare, self._config, schemas)

    async def index_words(self, table: Table[Any]) -> None:
        """See Backend. As migrate."""
        await run_blocking(_prepare, self._config, (), table)

    def is_busy(self) -> bool:
        """See Backend."""
        return any(line.load for line in (*self._writers, *self._readers))

    def close(self) -> None:
        """See Backend. What was queued is run first."""
        if self._closed:
            return
        self._closed = True
        for thread in self._threads.values():
            thread.stop(block=True)
        self._pool.close()


def prepare(conn: psycopg.Connection[Any], schemas: Sequence[Schema] = (), words: Table[Any] | None = None) -> None:
    """Bring all schemas to their newest step, and make the index of a table's words: all of it or nothing, one node at
    a time."""
    with conn.transaction():
        conn.execute("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))

        def execute(sql: str, params: tuple[Any, ...]) -> list[tuple[Any, ...]]:
            cursor = conn.execute(sql.encode(), params or None)
            return cursor.fetchall() if cursor.description else []

        migrate(execute, POSTGRES, schemas)
        if words is not None:
            execute(text_index.postgres_index(words), ())


def _prepare(config: StoreConfig, schemas: Sequence[Schema], words: Table[Any] | None = None) -> None:
    try:
        with psycopg.connect(config.path, autocommit=True, connect_timeout=int(SECONDS)) as conn:
            prepare(conn, schemas, words)
    except psycopg.Error as exc:
        raise StoreError(f"cannot open PostgreSQL: {exc}", "internal-server-error") from exc


def open_store(config: StoreConfig, schemas: Sequence[Schema] = ()) -> PgStore:
    """Connect to `path`, a connection string of libpq, and migrate. Raises StoreError for the administrator."""
    _prepare(config, schemas)
    return PgStore(config)
