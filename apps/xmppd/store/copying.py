"""copying — makes one database hold what another one holds: between kinds, live, and again with the changes only.

OTP:      cf. mnesia:backup/restore, mnesia:change_table_copy_type
Way:      cli.db_verbs, backup → [copying] → direct (the two databases)
Process:  none
Differs:  both are read in the order of their keys and only what differs is written, in one transaction: a copy that is
          broken off leaves the target as it was, and a second copy takes as long as reading
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from xmppd import crash_points
from xmppd.store import direct, migrate
from xmppd.store.backend import StoreError
from xmppd.store.direct import PAGE, Direct, Row
from xmppd.store.schema import Schema, Shape


@dataclass(frozen=True)
class CopyProgress:
    """How far it is: rows of `table` that were looked at, of how many."""

    table: str
    done: int
    total: int


#: called now and then on long work
Tell: TypeAlias = Callable[[CopyProgress], None]


@dataclass(frozen=True)
class TableCopy:
    """What became of one table: its rows, and how many of them were written or deleted in the target."""

    table: str
    rows: int
    written: int
    deleted: int


def silent(_progress: CopyProgress) -> None:
    """Tells nobody."""


def copy(
    source: Direct, target: Direct, schemas: Sequence[Schema], tell: Tell = silent, replace: bool = False
) -> list[TableCopy]:
    """Make `target` hold what `source` holds at this moment, its tables at the same steps, and compare the counts.

    Raises StoreError, and nothing is changed: if `target` holds something else and not `replace`, if a database is a
    newer server's, if the counts differ.
    """
    source.begin()
    try:
        target.begin(write=True)
        try:
            done = _copy(source, target, schemas, tell, replace)
            crash_points.reach("db.in_copy")
            target.end()
        except BaseException:
            target.end(commit=False)
            raise
    finally:
        source.end()
    return done


def _copy(source: Direct, target: Direct, schemas: Sequence[Schema], tell: Tell, replace: bool) -> list[TableCopy]:
    wanted, there = direct.versions(source), direct.versions(target)
    if not wanted:
        raise StoreError("there is nothing to copy: the source has no tables yet", "internal-server-error")
    at = direct.as_they_are(schemas, wanted)
    if there != wanted:
        _remake(target, at, direct.as_they_are(schemas, there), replace)
    elif not replace and any(direct.count(target, name) for name in direct.shapes(at)):
        raise _occupied()
    return [_table(source, target, name, shape, tell) for name, shape in sorted(direct.shapes(at).items())]


def _occupied() -> StoreError:
    return StoreError("the target holds data already: it is overwritten with --replace only", "internal-server-error")


def _remake(target: Direct, wanted: Sequence[Schema], there: Sequence[Schema], replace: bool) -> None:
    """Take away tables at other steps, and make those that are wanted."""
    old = direct.shapes(there)
    if not replace and any(direct.count(target, name) for name in old):
        raise _occupied()
    for name in [*old, *(migrate.OWN_TABLES if there else ())]:
        target.query(f'DROP TABLE IF EXISTS "{name}"')
    migrate.migrate(target.query, target.dialect, wanted)


def _table(source: Direct, target: Direct, name: str, shape: Shape, tell: Tell) -> TableCopy:
    total, written, deleted = direct.count(source, name), 0, 0
    put, drop = _statements(target, name, shape)
    width = len(shape.key)
    for puts, drops, seen in _pages(direct.rows(source, name, shape), direct.rows(target, name, shape), width):
        if puts:
            target.many(put, puts)
        if drops:
            target.many(drop, drops)
        written, deleted = written + len(puts), deleted + len(drops)
        tell(CopyProgress(name, seen, total))
    counted = direct.count(target, name)
    if counted != total:
        raise StoreError(f"{name} has {total} rows, its copy {counted}: nothing was kept", "internal-server-error")
    return TableCopy(name, total, written, deleted)


_END: Final = None


def _pages(wanted: Iterator[Row], there: Iterator[Row], width: int) -> Iterable[tuple[list[Row], list[Row], int]]:
    """What differs between two lists of rows in the order of their keys: rows to write, keys to delete, and how many
    were looked at. The pages of both are of about PAGE rows."""
    puts: list[Row] = []
    drops: list[Row] = []
    seen = 0
    ours, theirs = next(wanted, _END), next(there, _END)
    while ours is not _END or theirs is not _END:
        if theirs is _END or (ours is not _END and ours[:width] < theirs[:width]):
            assert ours is not None
            puts.append(ours)
            ours, seen = next(wanted, _END), seen + 1
        elif ours is _END or theirs[:width] < ours[:width]:
            drops.append(theirs[:width])
            theirs = next(there, _END)
        else:
            if ours != theirs:
                puts.append(ours)
            ours, theirs, seen = next(wanted, _END), next(there, _END), seen + 1
        if len(puts) >= PAGE or len(drops) >= PAGE or (seen and seen % (PAGE * 20) == 0):
            yield puts, drops, seen
            puts, drops = [], []
    yield puts, drops, seen


def _statements(target: Direct, name: str, shape: Shape) -> tuple[str, str]:
    """To write a row, and to delete one by its key."""
    mark, columns = target.dialect.mark, [column for column, _ in shape.columns]
    rest = [f'"{column}" = excluded."{column}"' for column in columns[len(shape.key) :]]
    names, key = (", ".join([f'"{one}"' for one in some]) for some in (columns, shape.key))
    action = f"UPDATE SET {', '.join(rest)}" if rest else "NOTHING"
    marks = ", ".join([mark] * len(columns))
    put = f'INSERT INTO "{name}" ({names}) VALUES ({marks}) ON CONFLICT ({key}) DO {action}'
    where = " AND ".join([f'"{one}" = {mark}' for one in shape.key])
    return put, f'DELETE FROM "{name}" WHERE {where}'
