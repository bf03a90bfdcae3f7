"""direct — a database as a tool opens it: one connection, whole tables, no threads.

OTP:      cf. mnesia:dirty_first/next, dets:open_file
Way:      cli.db_verbs, backup → [direct] → sqlite3, psycopg
Process:  none; every call blocks
"""

from __future__ import annotations

import importlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

from xmppd.store import migrate
from xmppd.store.backend import StoreConfig, StoreError
from xmppd.store.schema import SQLITE, Dialect, Schema, Shape
from xmppd.store.sqlite_writer import store_error
from xmppd.store.store_sqlite import connect

Row: TypeAlias = tuple[Any, ...]
#: rows that are held at a time
PAGE: Final = 500


class Direct(Protocol):
    """An open database. Every method may raise StoreError."""

    dialect: Dialect

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[Row]:
        """Run one statement; its rows, if it has any."""

    def many(self, sql: str, rows: Sequence[Row]) -> None:
        """Run one statement with each of these rows."""

    def begin(self, write: bool = False) -> None:
        """Begin a transaction; without `write` one that sees what is committed now, whatever others commit then."""

    def end(self, commit: bool = True) -> None:
        """End it."""

    def size(self) -> int:
        """Octets that it takes."""

    def close(self) -> None:
        """Undo what is not committed, and let go."""


class SqliteDirect:
    """A file."""

    dialect = SQLITE

    def __init__(self, path: str, durability: str = "full", read_only: bool = False) -> None:
        self.path = path
        try:
            if read_only:
                address = f"{Path(path).absolute().as_uri()}?mode=ro"
                self.conn = sqlite3.connect(address, uri=True, timeout=5.0, isolation_level=None)
            else:
                self.conn = connect(path, durability)
        except sqlite3.Error as exc:
            raise StoreError(f"cannot open {path}: {exc}") from exc

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[Row]:
        """See Direct."""
        try:
            return self.conn.execute(sql, params).fetchall()
        except sqlite3.Error as exc:
            raise store_error(exc) from exc

    def many(self, sql: str, rows: Sequence[Row]) -> None:
        """See Direct."""
        try:
            self.conn.executemany(sql, rows)
        except sqlite3.Error as exc:
            raise store_error(exc) from exc

    def begin(self, write: bool = False) -> None:
        """See Direct."""
        self.query("BEGIN IMMEDIATE" if write else "BEGIN")
        self.query("SELECT count(*) FROM sqlite_master")  # a transaction that reads begins with its first look

    def end(self, commit: bool = True) -> None:
        """See Direct."""
        self.query("COMMIT" if commit else "ROLLBACK")

    def size(self) -> int:
        """See Direct."""
        return sum([p.stat().st_size for end in ("", "-wal") if (p := Path(self.path + end)).exists()])

    def close(self) -> None:
        """See Direct."""
        self.conn.close()


def open_direct(config: StoreConfig, read_only: bool = False) -> Direct:
    """Open what `[store]` names. Raises StoreError, for the memory store too: there is nothing to open."""
    if config.backend == "sqlite":
        if read_only and not Path(config.path).exists():
            raise StoreError(f"there is no {config.path}: the first start makes it", reason="gone")
        return SqliteDirect(config.path, config.durability, read_only)
    if config.backend == "postgres":
        # psycopg alone costs 11 MB
        opened: Direct = importlib.import_module("xmppd.store.direct_pg").PgDirect(config.path)
        return opened
    raise StoreError("the memory store keeps nothing on disk", "internal-server-error")


def newer(config: StoreConfig, schemas: Iterable[Schema]) -> str:
    """Why these schemas are too old for the database, in words; "" if they are not, or if nobody can look."""
    with suppress(StoreError), closing(open_direct(config, read_only=True)) as db:
        try:
            found = versions(db)
            for schema in schemas:
                migrate.missing(schema, found.get(schema.owner, 0))
        except StoreError as error:
            return str(error) if error.condition != "resource-constraint" else ""
    return ""


# -- whole tables


def versions(db: Direct) -> dict[str, int]:
    """How many of its steps each owner has behind it in this database; {} if it is empty. Raises StoreError if it is a
    newer server's."""
    return migrate.versions(db.query, db.dialect)


def as_they_are(schemas: Iterable[Schema], found: dict[str, int]) -> list[Schema]:
    """The schemas up to the steps that a database has behind it. Raises StoreError for an owner that is not among them,
    and for one that is at a newer step."""
    known = {schema.owner: schema for schema in schemas}
    if strangers := sorted(owner for owner, version in found.items() if version and owner not in known):
        raise StoreError(
            f"the database has tables of {', '.join(strangers)}, which this server has not: install it first",
            "internal-server-error",
        )
    for owner, version in found.items():
        if owner in known:
            migrate.missing(known[owner], version)
    return [Schema(owner, known[owner].steps[:version]) for owner, version in found.items() if version]


def shapes(schemas: Iterable[Schema]) -> dict[str, Shape]:
    """The tables of these, by name."""
    return {name: shape for schema in schemas for name, shape in schema.shapes().items()}


def rows(db: Direct, table: str, shape: Shape) -> Iterator[Row]:
    """All rows of a table in the order of its key, each value as every kind of database has it."""
    names, key = _quoted([name for name, _ in shape.columns]), _quoted(shape.key)
    marks = ", ".join([db.dialect.mark] * len(shape.key))
    first = f'SELECT {names} FROM "{table}" ORDER BY {key} LIMIT {PAGE}'
    beyond = f'SELECT {names} FROM "{table}" WHERE ({key}) > ({marks}) ORDER BY {key} LIMIT {PAGE}'
    flags = [i for i, (_, kind) in enumerate(shape.columns) if kind is bool]
    page = db.query(first)
    while page:
        for row in page:
            yield _plain(row, flags) if flags else tuple(row)
        page = db.query(beyond, page[-1][: len(shape.key)]) if len(page) == PAGE else []


def _plain(row: Row, flags: Sequence[int]) -> Row:
    values = list(row)
    for i in flags:
        values[i] = bool(values[i])
    return tuple(values)


def count(db: Direct, table: str) -> int:
    """How many rows a table has."""
    return int(db.query(f'SELECT count(*) FROM "{table}"')[0][0])


def _quoted(names: Iterable[str]) -> str:
    return ", ".join([f'"{name}"' for name in names])


def is_sound(path: str) -> str:
    """What is wrong with a file of SQLite, in words; "" if nothing is."""
    with closing(SqliteDirect(path, read_only=True)) as db:
        try:
            found = db.query("PRAGMA quick_check(1)")
        except StoreError as error:
            return str(error)
    return "" if found == [("ok",)] else str(found[0][0])
