"""store_memory — tables in dicts, for tests and for servers that may forget.

OTP:      Mnesia's ram_copies, as an ordered_set
Differs:  one OS process sees it, no other
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from xmppd.store.backend import Key, Range, StoreConfig, StoreError, Table, Tx, table_of
from xmppd.store.migrate import Applied
from xmppd.store.schema import Schema
from xmppd.store.text_index import check, has_words

R = TypeVar("R")
T = TypeVar("T")


class _Rows:
    """One table: its records by key, and the keys in order."""

    __slots__ = ("by_key", "keys")

    def __init__(self) -> None:
        self.by_key: dict[Key, Any] = {}
        self.keys: list[Key] = []

    def put(self, key: Key, record: Any) -> None:
        if key not in self.by_key:
            insort(self.keys, key)
        self.by_key[key] = record

    def drop(self, key: Key) -> None:
        del self.by_key[key]
        del self.keys[bisect_left(self.keys, key)]

    def under(self, prefix: Key) -> Iterator[Key]:
        size = len(prefix)
        for i in range(bisect_left(self.keys, prefix), len(self.keys)):
            if self.keys[i][:size] != prefix:
                return
            yield self.keys[i]


class MemoryTx:
    """A transaction that writes at once and remembers what was there, to put it back."""

    __slots__ = ("_tables", "_undo")

    def __init__(self, tables: dict[str, _Rows]) -> None:
        self._tables = tables
        self._undo: list[tuple[_Rows, Key, Any]] = []

    def _rows(self, table: Table[Any]) -> _Rows:
        rows = self._tables.get(table.name)
        if rows is None:
            rows = self._tables[table.name] = _Rows()
        return rows

    def read(self, table: Table[R], key: Key) -> R | None:
        """See Tx."""
        record: R | None = self._rows(table).by_key.get(key)
        return record

    def write(self, record: Any) -> None:
        """See Tx."""
        table = table_of(record)
        rows, key = self._rows(table), table.key_of(record)
        self._undo.append((rows, key, rows.by_key.get(key)))
        rows.put(key, record)

    def delete(self, table: Table[Any], key: Key) -> bool:
        """See Tx."""
        rows = self._rows(table)
        if key not in rows.by_key:
            return False
        self._undo.append((rows, key, rows.by_key[key]))
        rows.drop(key)
        return True

    def read_many(self, table: Table[R], keys: Iterable[Key]) -> list[R]:
        """See Tx."""
        by_key = self._rows(table).by_key
        return [by_key[key] for key in sorted(set(keys)) if key in by_key]

    def write_many(self, records: Iterable[Any]) -> None:
        """See Tx."""
        for record in records:
            self.write(record)

    def delete_many(self, table: Table[Any], keys: Iterable[Key]) -> int:
        """See Tx."""
        return sum([self.delete(table, key) for key in keys])

    def select(
        self, table: Table[R], prefix: Key = (), limit: int | None = None, after: str | int | None = None
    ) -> list[R]:
        """See Tx."""
        rows, size = self._rows(table), len(prefix)
        # keys of one table are of one type, which the row type does not show
        return [rows.by_key[key] for key in rows.under(prefix) if after is None or key[size] > after][:limit]  # type: ignore[operator]

    def find(self, table: Table[R], piece: Range) -> list[R]:
        """See Tx."""
        order, size, rows = piece.by or table.key, len(piece.prefix), self._rows(table)
        if piece.by and piece.by not in table.indexes:
            raise TypeError(f"{table.name} has no index of {piece.by}")
        shared = [mine for mine, theirs in zip(order[:size], table.key, strict=False) if mine == theirs]
        records = [rows.by_key[key] for key in rows.under(piece.prefix[: len(shared)])]
        found = [(tuple([getattr(record, name) for name in order]), record) for record in records]
        found = [(key, record) for key, record in found if _is_in(key, piece, size)]
        if piece.words:
            check(table, piece)
            found = [one for one in found if has_words(getattr(one[1], table.words), piece.words)]
        found.sort(key=lambda pair: pair[0], reverse=piece.backwards)
        return [record for _, record in found[: piece.limit]]

    def last(self, table: Table[R], prefix: Key = ()) -> R | None:
        """See Tx."""
        found = self.select(table, prefix)
        return found[-1] if found else None

    def count(self, table: Table[Any], prefix: Key = ()) -> int:
        """See Tx."""
        return sum(1 for _ in self._rows(table).under(prefix))

    def values(self, table: Table[Any], prefix: Key = ()) -> list[str | int]:
        """See Tx."""
        return list(dict.fromkeys(key[len(prefix)] for key in self._rows(table).under(prefix)))

    def clear(self, table: Table[Any], prefix: Key, upto: str | int | None = None) -> int:
        """See Tx."""
        size = len(prefix)
        keys = list(self._rows(table).under(prefix))
        if upto is not None:
            keys = [key for key in keys if key[size] <= upto]  # type: ignore[operator]  # a column has one type
        return self.delete_many(table, keys)

    def rollback(self) -> None:
        """Put back what was there, the latest change first."""
        for rows, key, before in reversed(self._undo):
            if before is not None:
                rows.put(key, before)
            elif key in rows.by_key:
                rows.drop(key)


def _is_in(key: Any, piece: Range, size: int) -> bool:
    if key[:size] != piece.prefix or (piece.after is not None and not key[size] > piece.after):
        return False
    return piece.before is None or bool(key[size] < piece.before)


class MemoryStore:
    """The backend. Everything happens at once, on the caller's thread."""

    def __init__(self) -> None:
        self._tables: dict[str, _Rows] = {}
        self._open = True

    def _tx(self) -> MemoryTx:
        if not self._open:
            raise StoreError("the store is closed")
        return MemoryTx(self._tables)

    async def transaction(self, fn: Callable[[Tx], T]) -> T:
        """See Backend."""
        tx = self._tx()
        try:
            return fn(tx)
        except BaseException:
            tx.rollback()
            raise

    async def read(self, table: Table[R], key: Key) -> R | None:
        """See Backend."""
        return self._tx().read(table, key)

    async def select(
        self, table: Table[R], prefix: Key = (), limit: int | None = None, after: str | int | None = None
    ) -> list[R]:
        """See Backend."""
        return self._tx().select(table, prefix, limit, after)

    async def find(self, table: Table[R], piece: Range) -> list[R]:
        """See Backend."""
        return self._tx().find(table, piece)

    async def count(self, table: Table[Any], prefix: Key = ()) -> int:
        """See Backend."""
        return self._tx().count(table, prefix)

    def apply(self, schemas: Sequence[Schema]) -> None:
        """Notes whose tables there are; dicts need no more."""
        for schema in schemas:
            self._tx().write(Applied(schema.owner, len(schema.steps), schema.account_tables()))

    async def migrate(self, schemas: Sequence[Schema]) -> None:
        """See Backend."""
        self.apply(schemas)

    async def index_words(self, table: Table[Any]) -> None:
        """See Backend. Every row is looked at."""

    def is_busy(self) -> bool:
        """Never: what is asked is done before anybody can look."""
        return False

    def close(self) -> None:
        """See Backend."""
        self._open = False


def open_store(config: StoreConfig, schemas: Sequence[Schema] = ()) -> MemoryStore:
    """An empty store; `path` is not looked at."""
    store = MemoryStore()
    store.apply(schemas)
    return store
