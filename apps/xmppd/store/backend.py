"""backend — what a store must be able to do: tables, transactions, reads.

OTP:      a behaviour; the words are Mnesia's (table, record, key, read, write, delete, select, transaction)
Differs:  a transaction answers after COMMIT, on disk; nothing is acknowledged before
Way:      mods, auth → store.transaction(fn) → [backend] → disk
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final, Generic, Protocol, TypeAlias, TypeVar, get_type_hints

from xmppd.store.schema import FIELD_TYPES, Schema

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
T = TypeVar("T")
#: the values of a table's key fields, in order; a prefix of them in select, count, last and clear
Key: TypeAlias = tuple[str | int, ...]


#: why a call of the store fails: no room on the disk; the database cannot be reached, or its file is not there;
#: somebody holds it; it takes too long; too many wait; two transactions met; the disk says no; the rest
REASONS: Final = ("full", "gone", "locked", "slow", "busy", "conflict", "io", "other")


class StoreError(Exception):
    """Nothing was stored, and nothing may be acknowledged.

    `condition` is the stanza error to answer with (RFC 6120 §8.3.3): "resource-constraint" while the store is
    full, busy or gone and trying later may help, "internal-server-error" when it would not. `reason`: one of REASONS.
    """

    def __init__(self, text: str, condition: str = "resource-constraint", reason: str = "other") -> None:
        super().__init__(text)
        self.condition, self.reason = condition, reason


class Table(Generic[R_co]):
    """A table: its name, the record class of its rows, and which leading fields are its key. `indexes`: other orders in
    which its rows are found (Range), each made by a step create_index. `words`: a column of words with a space between,
    by which rows are found (Range) once Backend.index_words has been called.

    The record is a frozen, slotted dataclass of FIELD_TYPES; its first fields are the key, so that a prefix
    of it finds neighbours. Raises TypeError on any other record. It is covariant for mypy: `x = row if … else None`
    gives read() the type of x to go by.
    """

    __slots__ = ("columns", "indexes", "key", "key_of", "name", "record", "types", "words")
    by_record: Final[dict[type, Table[Any]]] = {}

    def __init__(
        self,
        name: str,
        record: type[R_co],
        key: tuple[str, ...],
        indexes: tuple[tuple[str, ...], ...] = (),
        words: str = "",
    ) -> None:
        hints = get_type_hints(record)
        self.name, self.record, self.key, self.indexes, self.words = name, record, key, indexes, words
        self.columns = tuple(f.name for f in fields(record))  # type: ignore[arg-type]
        self.types = tuple(hints[c] for c in self.columns)
        if self.columns[: len(key)] != key:
            raise TypeError(f"{name}: the key fields {key} must be the record's first fields")
        if bad := [c for c, t in zip(self.columns, self.types, strict=True) if t not in FIELD_TYPES]:
            raise TypeError(f"{name}: fields {bad} have types that no backend can keep")
        if bad := [c for index in indexes for c in index if c not in self.columns]:
            raise TypeError(f"{name}: no columns {bad} for an index")
        if words and (hints.get(words) is not str or hints[key[-1]] is not int):
            raise TypeError(f"{name}: {words!r} must be a text, and the last field of the key a number")
        self.key_of: Callable[[Any], Key] = _key_of(key)
        Table.by_record[record] = self

    def __repr__(self) -> str:
        return f"Table({self.name})"


def _key_of(key: tuple[str, ...]) -> Callable[[Any], Key]:
    return lambda record: tuple([getattr(record, name) for name in key])


def table_of(record: R) -> Table[R]:
    """The table that rows of this record's class live in. Raises TypeError if none was declared."""
    try:
        return Table.by_record[type(record)]
    except KeyError:
        raise TypeError(f"no table keeps {type(record).__name__}") from None


@dataclass(frozen=True, slots=True)
class Range:
    """A piece of a table in order, found by one descent into an index, however large the table is.

    `prefix`: the values with which the order begins; `after`, `before`: the next column of it is greater, less than
    these; `by`: the order, one of the table's indexes, () for its key; `limit` rows at most, from the smallest on, or
    with `backwards` from the greatest down; `words`: only those that have all of them in the column Table.words.
    """

    prefix: Key = ()
    after: str | int | None = None
    before: str | int | None = None
    limit: int | None = None
    backwards: bool = False
    by: tuple[str, ...] = ()
    words: tuple[str, ...] = field(default=(), repr=False)


class Tx(Protocol):
    """What the function given to `transaction` may do; it sees its own writes, others see them after COMMIT.

    An exception that leaves the function undoes all of it. Records come in key order.
    """

    def read(self, table: Table[R], key: Key) -> R | None:
        """The record with this whole key, or None."""

    def write(self, record: Any) -> None:
        """Insert the record, or replace the one with its key."""

    def delete(self, table: Table[Any], key: Key) -> bool:
        """Delete the record with this whole key; False if there was none."""

    def read_many(self, table: Table[R], keys: Iterable[Key]) -> list[R]:
        """The records that there are with these whole keys, each once, in key order."""

    def write_many(self, records: Iterable[Any]) -> None:
        """Write each of these records, of whatever tables, in few statements. Of two with one key the later stays."""

    def delete_many(self, table: Table[Any], keys: Iterable[Key]) -> int:
        """Delete the records with these whole keys, in few statements; how many there were."""

    def select(
        self, table: Table[R], prefix: Key = (), limit: int | None = None, after: str | int | None = None
    ) -> list[R]:
        """The records whose key begins with `prefix`, the first `limit` of them.

        With `after`, only those whose next key field is greater than that.
        """

    def find(self, table: Table[R], piece: Range) -> list[R]:
        """The records of a piece of the table, in the order in which they are found. Raises TypeError where the table
        has no such order."""

    def last(self, table: Table[R], prefix: Key = ()) -> R | None:
        """The record with the greatest key that begins with `prefix`, or None."""

    def count(self, table: Table[Any], prefix: Key = ()) -> int:
        """How many records have a key that begins with `prefix`."""

    def values(self, table: Table[Any], prefix: Key = ()) -> list[str | int]:
        """The values, each once, in order, that follow `prefix` in the keys: the hosts of a table, a host's users."""

    def clear(self, table: Table[Any], prefix: Key, upto: str | int | None = None) -> int:
        """Delete the records whose key begins with `prefix`; how many there were.

        With `upto`, only those whose next key field is not greater than that.
        """


class Backend(Protocol):
    """A store that is open. All methods are for the loop's thread; every one may raise StoreError."""

    async def transaction(self, fn: Callable[[Tx], T]) -> T:
        """Run fn(tx) and commit; what fn returned, once it is on disk. An exception of fn is raised here.

        `fn` may run in another thread, and again after a conflict: it computes from what it reads, no more.
        """

    async def read(self, table: Table[R], key: Key) -> R | None:
        """The committed record with this key, or None."""

    async def select(
        self, table: Table[R], prefix: Key = (), limit: int | None = None, after: str | int | None = None
    ) -> list[R]:
        """The committed records whose key begins with `prefix`, in key order. See Tx."""

    async def find(self, table: Table[R], piece: Range) -> list[R]:
        """The committed records of a piece of the table. See Tx."""

    async def count(self, table: Table[Any], prefix: Key = ()) -> int:
        """How many committed records have a key that begins with `prefix`."""

    async def migrate(self, schemas: Sequence[Schema]) -> None:
        """Bring the tables of these owners to their newest step: all of it, or nothing."""

    async def index_words(self, table: Table[Any]) -> None:
        """Have rows of this table found by their words, those that are there and those to come. Does nothing where they
        are already."""

    def is_busy(self) -> bool:
        """Whether somebody waits for it."""

    def close(self) -> None:
        """Commit what is queued, let go of files and connections. Blocks until done."""


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """`[store]` of the configuration: which backend, where (a file, a libpq connection string), how sure."""

    backend: str = "sqlite"
    path: str = ""
    #: "full": a power loss loses nothing acknowledged; "normal": a kill loses nothing, a power loss a little
    durability: str = "full"
    #: the most connections of this worker, where a backend has a pool
    pool: int = 4
    #: seconds from which on a statement is logged and counted as slow; 0: none is
    slow: float = 1.0
