"""schema — what one owner keeps on disk: the steps that make its tables, in words of Python for every SQL backend.

OTP:      cf. Mnesia's create_table and transform_table
Way:      a module's MIGRATIONS, auth.tables → [schema] → migrate
Differs:  a step that has been released is never changed, for databases have it behind them; a new one is added at the
          end. What the steps add up to must be what the tables' records say: migrate.problem compares the two
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

#: what a field may be; `tuple[str, ...]` is kept as one text, see store_sql
FIELD_TYPES: Final = (str, int, bool, float, bytes, str | None, int | None, tuple[str, ...])
#: key fields that a table's rows of one account have in common
ACCOUNT_KEY: Final = ("host", "user")


@dataclass(frozen=True, slots=True)
class CreateTable:
    """A table that was not there. See create_table."""

    table: str
    key: tuple[str, ...]
    columns: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class AddColumns:
    """Columns, each with its type and the value that rows have that are there. See add_columns."""

    table: str
    columns: tuple[tuple[str, Any, Any], ...]


@dataclass(frozen=True, slots=True)
class CreateIndex:
    """Another order in which the rows of a table are found. See create_index."""

    table: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DropTable:
    """A table goes with all its rows."""

    table: str


@dataclass(frozen=True, slots=True)
class Sql:
    """Statements as they are, for each kind of database; `leaves`: the tables that are other ones after it."""

    sqlite: str
    postgres: str
    leaves: tuple[CreateTable, ...] = ()


Step: TypeAlias = CreateTable | AddColumns | CreateIndex | DropTable | Sql


def create_table(table: str, key: tuple[str, ...], /, **columns: Any) -> CreateTable:
    """A step that makes a table: its key columns, and all columns with their types (backend.FIELD_TYPES).

    Raises TypeError for a type that no backend can keep, and unless the key's columns come first.
    """
    _check_types(table, columns)
    if tuple(columns)[: len(key)] != key:
        raise TypeError(f"{table}: the key columns {key} must come first")
    return CreateTable(table, key, tuple(columns.items()))


def add_columns(table: str, /, **columns: tuple[Any, Any]) -> AddColumns:
    """A step that adds columns: `items=(int, -1)`, type and value of the rows that are there. Raises TypeError."""
    _check_types(table, {name: kind for name, (kind, _) in columns.items()})
    return AddColumns(table, tuple([(name, kind, value) for name, (kind, value) in columns.items()]))


def create_index(table: str, /, *columns: str) -> CreateIndex:
    """A step that makes an index, one of those that backend.Table names."""
    return CreateIndex(table, columns)


def index_name(table: str, columns: tuple[str, ...]) -> str:
    """What an index of create_index is called."""
    return "_".join((table, *columns))


def drop_table(table: str, /) -> DropTable:
    """A step that takes a table away."""
    return DropTable(table)


def sql(sqlite: str, postgres: str | None = None, *, leaves: tuple[CreateTable, ...] = ()) -> Sql:
    """A step of statements for what the others cannot say: a change of rows, a column of another name. One
    text does for both kinds of database unless `postgres` is given. Each statement ends with a semicolon at the end of
    a line. `leaves`: each table whose columns it changes, as create_table would make it now.
    """
    return Sql(sqlite, sqlite if postgres is None else postgres, leaves)


def _check_types(table: str, columns: Mapping[str, Any]) -> None:
    if bad := [name for name, kind in columns.items() if kind not in FIELD_TYPES]:
        raise TypeError(f"{table}: columns {bad} have types that no backend can keep")


@dataclass(frozen=True, slots=True)
class Shape:
    """A table as some steps have left it."""

    key: tuple[str, ...]
    columns: tuple[tuple[str, Any], ...]
    indexes: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Schema:
    """All that `owner` (the name of a module, or "auth") has on disk."""

    owner: str
    steps: tuple[Step, ...]

    def shapes(self) -> dict[str, Shape]:
        """The tables that the steps leave, by name."""
        found: dict[str, Shape] = {}
        for step in self.steps:
            match step:
                case CreateTable(table, key, columns):
                    found[table] = Shape(key, columns)
                case AddColumns(table, columns):
                    more = tuple([(name, kind) for name, kind, _ in columns])
                    found[table] = replace(found[table], columns=(*found[table].columns, *more))
                case CreateIndex(table, columns):
                    found[table] = replace(found[table], indexes=(*found[table].indexes, columns))
                case DropTable(table):
                    del found[table]
                case Sql(leaves=tables):
                    found |= {made.table: Shape(made.key, made.columns) for made in tables}
        return found

    def account_tables(self) -> tuple[str, ...]:
        """The tables whose rows belong to accounts, and go with them."""
        return tuple([name for name, shape in self.shapes().items() if shape.key[:2] == ACCOUNT_KEY])


# --- the two kinds of database


@dataclass(frozen=True, slots=True)
class Dialect:
    """What one kind of database calls things; `mark` is where a parameter goes, `tables` asks for their names."""

    name: str
    mark: str
    types: Mapping[Any, str]
    key_text: str
    end_of_table: str
    booleans: tuple[str, str]
    tables: str

    def statements(self, step: Step) -> tuple[str, ...]:
        """The SQL of a step. Every name is quoted ("user" is a word of SQL)."""
        match step:
            case CreateTable(table, key, columns):
                lines = [f'"{name}" {self._type(kind, name in key)}' for name, kind in columns]
                lines.append(f"PRIMARY KEY ({', '.join([f'{chr(34)}{name}{chr(34)}' for name in key])})")
                return (f'CREATE TABLE "{table}" ({", ".join(lines)}){self.end_of_table}',)
            case AddColumns(table, columns):
                add = f'ALTER TABLE "{table}" ADD COLUMN'
                return tuple(
                    [f'{add} "{name}" {self._type(kind)} DEFAULT {self._value(v)}' for name, kind, v in columns]
                )
            case CreateIndex(table, columns):
                names = ", ".join([f'"{name}"' for name in columns])
                return (f'CREATE INDEX "{index_name(table, columns)}" ON "{table}" ({names})',)
            case DropTable(table):
                return (f'DROP TABLE "{table}"',)
            case Sql():
                return split_statements(getattr(step, self.name))

    def _type(self, kind: Any, in_key: bool = False) -> str:
        if kind in (str | None, int | None):
            return self.types[str if kind == str | None else int]
        return f"{self.key_text if in_key and kind is str else self.types[kind]} NOT NULL"

    def _value(self, value: Any) -> str:
        if value is None:
            return "NULL"
        if isinstance(value, bool):
            return self.booleans[value]
        if isinstance(value, int | float):
            return str(value)
        text = "" if value == () else value
        if not isinstance(text, str):
            raise TypeError(f"{value!r} cannot be the value of a new column")
        return "'" + text.replace("'", "''") + "'"


_TEXT: Final = dict.fromkeys((str, tuple[str, ...]), "TEXT")
#: WITHOUT ROWID: rows lie in the order of their key, so that a user's rows are neighbours
SQLITE: Final = Dialect(
    "sqlite",
    "?",
    {**_TEXT, int: "INTEGER", bool: "INTEGER", float: "REAL", bytes: "BLOB"},
    "TEXT",
    " STRICT, WITHOUT ROWID",
    ("0", "1"),
    "SELECT name FROM sqlite_master WHERE type = 'table'",
)
#: COLLATE "C": keys are ordered by code point, as in every other backend
POSTGRES: Final = Dialect(
    "postgres",
    "%s",
    {**_TEXT, int: "BIGINT", bool: "BOOLEAN", float: "DOUBLE PRECISION", bytes: "BYTEA"},
    'TEXT COLLATE "C"',
    "",
    ("FALSE", "TRUE"),
    "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
)


def split_statements(text: str) -> tuple[str, ...]:
    """The statements of a script. Each ends with a semicolon at the end of a line; no other line does."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("--")]
    return tuple(s.strip() for s in "\n".join([*lines, ""]).split(";\n") if s.strip())
