"""ets — tables that one process writes and all may read, so that readers need not wait in a mailbox.

OTP:      module ets
Differs:  keys and values are objects, rows are read in place (make them immutable); no match specs, `select`
          takes a predicate. Readers hold the Table itself: one whose owner has died reads as empty
Process:  none: a table belongs to the process that made it and goes with it, or passes to its heir

    hooks = ets.new("hooks")                     # in init of the one process that writes it
    hooks["on_login"] = handlers                 # there; any other writer gets NotOwner
    ets.lookup_table("hooks").get("on_login")    # anywhere: a dict's get, nothing more

    owner                      readers                      the owner ends
    ─────────────────────────  ───────────────────────────  ───────────────────────────────────────
    t[key] = row, del t[key]   t.get(key), key in t, len    without heir: rows gone, name free
    insert_new, take, counter  lookup, select, items        with heir: heir owns it, gets EtsTransfer

>>> from otp.stdlib.ets import lookup_table, new
>>> from otp.erts import process, runtime
>>> async def registrar():                       # the one who writes
...     table = new("seats", "ordered_set")
...     while True:
...         who, seat = await process.receive()
...         table[seat] = who
>>> async def main():                            # a reader: it asks nobody
...     pid = process.spawn(registrar)
...     process.send(pid, ("Juliet", 2))
...     process.send(pid, ("Romeo", 1))
...     await process.sleep(0)
...     return list(lookup_table("seats").items())
>>> runtime.run(main)
[(1, 'Romeo'), (2, 'Juliet')]
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, TypeVar, cast, get_args

from otp.erts.pid import Pid
from otp.erts.process import self_, send
from otp.erts.suggest import meant

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
Type = Literal["set", "ordered_set", "bag"]
Access = Literal["protected", "public"]


class _Tables(dict[str, "Table[Any, Any]"]):
    def __missing__(self, name: str) -> Table[Any, Any]:
        raise NoSuchTable(name)


_tables = _Tables()
_owned: dict[Pid, dict[Table[Any, Any], None]] = {}


class NoSuchTable(LookupError):
    """No table has this name (badarg)."""


class NotOwner(RuntimeError):
    """A protected table was written by another process, or the table is gone."""


@dataclass(frozen=True, slots=True)
class EtsTransfer:
    """To the heir: the table is yours now; `from_` owned it, `data` is what it left with the table."""

    table: Table[Any, Any]
    from_: Pid
    data: object


class Table(Generic[K, V]):
    """A dict with one writer. `get` is the dict's own, so reading costs what a dict costs.

    Raises NotOwner where a process writes that may not.
    """

    __slots__ = ("_access", "_heir", "_keys", "_rows", "get", "name", "owner", "type")

    #: get(key, default=None)
    get: Callable[..., Any]

    def __init__(self, name: str, kind: Type, access: Access, heir: tuple[Pid, object] | None) -> None:
        self.name, self.type, self.owner = name, kind, cast("Pid | None", self_())
        self._access, self._heir = access, heir
        self._rows: dict[K, Any] = {}
        self._keys: list[Any] | None = [] if kind == "ordered_set" else None
        self.get = self._rows.get

    # -- reading: any process

    def __getitem__(self, key: K) -> V:
        return cast(V, self._rows[key])

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def __len__(self) -> int:
        if self.type == "bag":
            return sum(map(len, self._rows.values()))
        return len(self._rows)

    def __iter__(self) -> Iterator[K]:
        return iter(self.keys())

    def keys(self) -> list[K]:
        """The keys at this moment; sorted in an ordered_set."""
        return list(self._rows if self._keys is None else self._keys)

    def items(self) -> list[tuple[K, V]]:
        """The rows at this moment, so that they may be walked while the owner writes."""
        if self.type == "bag":
            return [(key, row) for key, rows in self._rows.items() for row in rows]
        return [(key, self._rows[key]) for key in self.keys()]

    def values(self) -> list[V]:
        """The values at this moment."""
        return [value for _, value in self.items()]

    def lookup(self, key: K) -> list[V]:
        """All rows under the key: none, one, or several in a bag, oldest first."""
        row = self._rows.get(key)
        if row is None:
            return [] if key not in self._rows else [cast(V, None)]
        return list(row) if self.type == "bag" else [row]

    def select(self, predicate: Callable[[K, V], bool]) -> list[tuple[K, V]]:
        """The rows for which predicate(key, value) holds."""
        return [(key, value) for key, value in self.items() if predicate(key, value)]

    def first(self) -> K | None:
        """The smallest key of an ordered_set (the oldest of another table), or None."""
        return next(iter(self), None)

    def next(self, key: K) -> K | None:
        """The smallest key above `key` in an ordered_set, or None; `key` itself need not be there."""
        keys = self._sorted()
        at = bisect_right(keys, key)
        return keys[at] if at < len(keys) else None

    def range(self, low: K, high: K) -> list[tuple[K, V]]:
        """Rows of an ordered_set with low <= key < high, in order."""
        keys = self._sorted()
        between = keys[bisect_left(keys, low) : bisect_left(keys, high)]
        return [(key, self._rows[key]) for key in between]

    def _sorted(self) -> list[Any]:
        if self._keys is None:
            raise TypeError(f"{self.name} is a {self.type}: only an ordered_set has an order")
        return self._keys

    # -- writing: the owner (or anyone, if public)

    def __setitem__(self, key: K, value: V) -> None:
        self.insert(key, value)

    def insert(self, key: K, value: V) -> None:
        """Write a row; it replaces the one under the key, or joins those of a bag (equal rows once)."""
        self._check_writer()
        if self.type == "bag":
            rows = self._rows.get(key, ())
            if value not in rows:
                self._rows[key] = (*rows, value)
            return
        if self._keys is not None and key not in self._rows:
            insort(self._keys, key)
        self._rows[key] = value

    def insert_new(self, key: K, value: V) -> bool:
        """Write a row unless the key is there; True if it was written."""
        self._check_writer()
        if key in self._rows:
            return False
        self.insert(key, value)
        return True

    def __delitem__(self, key: K) -> None:
        if not self.delete(key):
            raise KeyError(key)

    def delete(self, key: K) -> bool:
        """Remove all rows under the key; False if there was none."""
        return bool(self.take(key))

    def delete_row(self, key: K, value: V) -> bool:
        """Remove one row of a bag (or the row, if it is this one); False if it was not there."""
        self._check_writer()
        rows = self.lookup(key)
        if value not in rows:
            return False
        rest = tuple(row for row in rows if row != value)
        if rest:
            self._rows[key] = rest
        else:
            self._remove(key)
        return True

    def take(self, key: K) -> list[V]:
        """Remove and return all rows under the key."""
        self._check_writer()
        rows = self.lookup(key)
        if rows:
            self._remove(key)
        return rows

    def update_counter(self, key: K, by: int = 1, default: int = 0) -> int:
        """Add to a number and return the sum; a missing row starts at `default`."""
        value = cast(int, self._rows.get(key, default)) + by
        self.insert(key, cast(V, value))
        return value

    def clear(self) -> None:
        """Remove all rows (ets:delete_all_objects/1)."""
        self._check_writer()
        self._wipe()

    def give_away(self, to: Pid, data: object = None) -> None:
        """Make another live process of this node the owner; it gets EtsTransfer. Raises ValueError for a dead one."""
        self._check_writer()
        if to.target is None:
            raise ValueError(f"{to} is not a live process of this node")
        self._hand_over(to, data)

    def drop(self) -> None:
        """Delete the table and free its name (ets:delete/1)."""
        self._check_writer()
        self._end()

    def _check_writer(self) -> None:
        if self.owner is None or (self._access == "protected" and self.owner is not self_()):
            raise NotOwner(f"{self.name}: {self_()} may not write, the owner is {self.owner}")

    def _remove(self, key: K) -> None:
        del self._rows[key]
        if self._keys is not None:
            del self._keys[bisect_left(self._keys, key)]

    def _wipe(self) -> None:
        self._rows.clear()
        if self._keys is not None:
            self._keys.clear()

    # -- the end of the owner

    def _hand_over(self, to: Pid, data: object) -> None:
        from_ = cast(Pid, self.owner)
        _owned.get(from_, {}).pop(self, None)
        self.owner = to
        _follow(self, to)
        send(to, EtsTransfer(self, from_, data))

    def _owner_ended(self, pid: Pid) -> None:
        if self._heir is not None and self._heir[0].target is not None and self._heir[0] is not pid:
            self._hand_over(*self._heir)
        else:
            self._end()

    def _end(self) -> None:
        self._wipe()
        if self.owner is not None:
            _owned.get(self.owner, {}).pop(self, None)
        self.owner = None
        if _tables.get(self.name) is self:
            del _tables[self.name]


def _follow(table: Table[Any, Any], owner: Pid) -> None:
    """Have the owner's end reach its tables, before anybody hears of that end."""
    if owner not in _owned:
        _owned[owner] = {}
        process = owner.target
        if process.on_exit is None:
            process.on_exit = []
        process.on_exit.append(lambda: _owner_ended(owner))
    _owned[owner][table] = None


def _owner_ended(owner: Pid) -> None:
    for table in _owned.pop(owner, ()):
        table._owner_ended(owner)


def new(
    name: str, kind: Type = "set", *, access: Access = "protected", heir: tuple[Pid, object] | None = None
) -> Table[Any, Any]:
    """Make a named table that belongs to the running process.

    `kind`: "set" (one row a key), "ordered_set" (keys sorted) or "bag" (several rows a key). `heir`:
    (pid, data), who takes over when the owner ends. Raises: ValueError if the name is taken, or for another
    kind or access.
    """
    for word, known in ((kind, get_args(Type)), (access, get_args(Access))):
        if word not in known:
            raise ValueError(f"no such kind or access of a table: {word!r}; {meant(word, known)}")
    if name in _tables:
        raise ValueError(f"table {name!r} exists, owned by {_tables[name].owner}")
    table: Table[Any, Any] = Table(name, kind, access, heir)
    _follow(table, cast(Pid, table.owner))
    _tables[name] = table
    return table


#: the table of this name; raises NoSuchTable. Whatever is on a hot path comes by here: no code of ours runs
lookup_table: Final[Callable[[str], Table[Any, Any]]] = _tables.__getitem__


def all_tables() -> list[str]:
    """The names of all tables, sorted (ets:all/0)."""
    return sorted(_tables)
