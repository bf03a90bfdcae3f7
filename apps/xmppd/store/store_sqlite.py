"""store_sqlite — the default store: one file, many workers, committed before it is answered.

OTP:      Mnesia's disc_copies, shared by all nodes of one machine
Way:      store → [store_sqlite] → sqlite_writer (writes); a connection on the loop's thread (reads)
Process:  none; opened and closed by the gen_server `store`
"""

from __future__ import annotations

import os
import sqlite3
import time  # real time: a disk answers in it
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final, TypeVar

from otp.erts import blocking
from xmppd.store import measures, same_file, text_index
from xmppd.store.backend import Key, Range, StoreConfig, StoreError, Table, Tx
from xmppd.store.file_lock import PATIENCE, locked
from xmppd.store.migrate import migrate
from xmppd.store.schema import SQLITE, Schema
from xmppd.store.sqlite_writer import WriterThread, lock_file, store_error
from xmppd.store.store_sql import SqlTx, find_query

R = TypeVar("R")
T = TypeVar("T")
#: STRICT tables came with it
OLDEST: Final = (3, 37, 0)
#: transactions that may wait for the writer; beyond them senders are told to come back
MAX_WAITING: Final = 10_000
BUSY_SECONDS: Final = 5.0
#: the same for the connection that reads: the loop stands still meanwhile. WAL's readers wait for nobody but one who
#: repairs the file
READ_SECONDS: Final = 0.5


def connect(path: str, durability: str = "full", patience: float = BUSY_SECONDS) -> sqlite3.Connection:
    """A connection in autocommit mode with our settings (reliability: WAL, an fsync at each commit)."""
    conn = sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False, cached_statements=256)
    sync = "FULL" if durability == "full" else "NORMAL"
    settings = ("journal_mode = WAL", f"synchronous = {sync}", "wal_autocheckpoint = 1000")
    try:
        for setting in (*settings, "temp_store = MEMORY", "trusted_schema = OFF"):
            conn.execute(f"PRAGMA {setting}").fetchall()
    except sqlite3.Error:
        conn.close()
        raise
    return conn


def _create(path: str) -> None:
    """Make the file before SQLite does, readable by its owner only."""
    Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))


def prepare(path: str, durability: str, schemas: Sequence[Schema] = ()) -> None:
    """Create the database and bring all schemas to their newest step: all of it or nothing, one process at a time."""
    conn = connect(path, durability)
    try:
        conn.execute("BEGIN IMMEDIATE")
        migrate(lambda sql, params: conn.execute(sql, params).fetchall(), SQLITE, schemas)
        conn.execute("COMMIT")
    finally:
        conn.close()


def _index_words(path: str, durability: str, table: Table[Any]) -> None:
    """Make the index of a table's words, unless it is there."""
    with closing(connect(path, durability)) as conn:
        conn.execute("PRAGMA trusted_schema = ON").fetchall()  # the triggers run at once
        conn.execute("BEGIN IMMEDIATE")
        if not conn.execute(text_index.sqlite_is_made(table)).fetchone()[0]:
            for statement in text_index.sqlite_index(table):
                conn.execute(statement)
        conn.execute("COMMIT")


class SqliteStore:
    """The backend: reads run at once on the caller's thread, transactions on the writer's."""

    def __init__(
        self,
        path: str,
        durability: str = "full",
        schemas: Sequence[Schema] = (),
    ) -> None:
        self._path, self._durability = path, durability
        self._lock = lock_file(path)
        try:
            with locked(self._lock):  # the first to open and the last to close want the file for themselves
                prepare(path, durability, schemas)
                self._conn, writes = connect(path, durability, READ_SECONDS), connect(path, durability)
        except BaseException:
            self._lock.close()
            raise
        self._reader = SqlTx(self._query, _refuse, _refuse, "?")
        self._writer = WriterThread.start(writes, self._lock, path)
        self._waiting = 0
        self._closed = False

    def _query(self, sql: str, params: Any) -> list[Any]:
        began = time.monotonic()
        try:
            return self._conn.execute(sql, params).fetchall()
        except sqlite3.Error as exc:
            error = store_error(exc)
            measures.failed(error)
            raise error from exc
        finally:
            measures.ran(sql, time.monotonic() - began)

    async def transaction(self, fn: Callable[[Tx], T]) -> T:
        """See Backend. `fn` runs on the writer's thread, once."""
        self._waiting += 1
        try:
            if self._closed:
                raise StoreError("the store is closed")
            if self._waiting > MAX_WAITING:
                raise StoreError("too many transactions are waiting", reason="busy")
            call = (fn, time.monotonic() + PATIENCE)
            return await blocking.ask(self._writer, call)  # type: ignore[no-any-return]  # Pykka's are untyped
        except StoreError as error:
            measures.failed(error)
            raise
        finally:
            self._waiting -= 1

    async def read(self, table: Table[R], key: Key) -> R | None:
        """See Backend."""
        return self._reader.read(table, key)

    async def select(
        self, table: Table[R], prefix: Key = (), limit: int | None = None, after: str | int | None = None
    ) -> list[R]:
        """See Backend."""
        return self._reader.select(table, prefix, limit, after)

    async def find(self, table: Table[R], piece: Range) -> list[R]:
        """See Backend. Words are looked for on another thread: how long that takes is for the words to say."""
        if piece.words:
            return await blocking.run_blocking(self._search, table, piece)
        return self._reader.find(table, piece)

    def _search(self, table: Table[R], piece: Range) -> list[R]:
        query = find_query(table, piece, "?")
        try:
            with measures.statement(query.sql), closing(connect(self._path, self._durability, READ_SECONDS)) as conn:
                found: list[R] = query.result(conn.execute(query.sql, query.params).fetchall())
                return found
        except sqlite3.Error as exc:
            raise store_error(exc) from exc

    async def count(self, table: Table[Any], prefix: Key = ()) -> int:
        """See Backend."""
        return self._reader.count(table, prefix)

    async def migrate(self, schemas: Sequence[Schema]) -> None:
        """See Backend. On another thread, for it may wait for other workers; SQLite's own lock keeps them apart."""
        try:
            await blocking.run_blocking(prepare, self._path, self._durability, schemas)
        except sqlite3.Error as exc:
            raise store_error(exc) from exc

    async def index_words(self, table: Table[Any]) -> None:
        """See Backend. As migrate."""
        try:
            await blocking.run_blocking(_index_words, self._path, self._durability, table)
        except sqlite3.Error as exc:
            raise store_error(exc) from exc

    def is_busy(self) -> bool:
        """See Backend."""
        return self._waiting > 0

    def close(self) -> None:
        """See Backend. What was queued is committed first, for the writer's inbox is in order."""
        if self._closed:
            return
        self._closed = True
        self._writer.stop(block=True)
        alone = self._lock.acquire(PATIENCE)
        self._conn.close()
        if alone:
            self._lock.release()
        self._lock.close()


def _refuse(sql: str, params: Any) -> int:
    raise TypeError("the read connection does not write")


def open_store(config: StoreConfig, schemas: Sequence[Schema] = ()) -> SqliteStore:
    """Open, create and migrate the file `path`. Raises StoreError with a text for the administrator."""
    if sqlite3.sqlite_version_info < OLDEST:
        raise StoreError(f"SQLite {sqlite3.sqlite_version} is older than 3.37", "internal-server-error")
    who = same_file.release()
    same_file.may_open(config.path, who)
    try:
        _create(config.path)
        store = SqliteStore(config.path, config.durability, schemas=schemas)
        same_file.opened(config.path, who)
        return store
    except (OSError, sqlite3.Error) as exc:
        raise StoreError(f"cannot open {config.path}: {exc}", "internal-server-error") from exc
