"""migrate — brings the tables of every owner to its newest step, and knows which one a database is at.

OTP:      cf. ejabberd's sql_schema; Mnesia's transform_table
Way:      store (opens a backend, with the schemas of all who store) → [migrate] → table module_schema
Process:  none; runs in one transaction of its own: a crash leaves the old schema whole
Differs:  versions are counted per module. Databases of the time when all tables had one version are adopted
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeAlias

from xmppd import crash_points
from xmppd.store.backend import StoreError, Table, Tx
from xmppd.store.schema import ACCOUNT_KEY, Dialect, Schema, Shape, Step, create_table
from xmppd.store.store_sql import statements

#: runs a statement with its parameters and returns its rows
Execute: TypeAlias = Callable[[str, tuple[Any, ...]], Sequence[Sequence[Any]]]


@dataclass(frozen=True, slots=True)
class Applied:
    """How many steps of a module's MIGRATIONS this database has, and which of its tables hold rows of accounts."""

    module: str
    version: int
    account_tables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _AccountRow:
    """Any row that belongs to an account, by its key."""

    host: str
    user: str


APPLIED: Final = Table("module_schema", Applied, ("module",))
_CREATE: Final = create_table("module_schema", ("module",), module=str, version=int, account_tables=tuple[str, ...])

#: the tables in which all this is recorded
OWN_TABLES: Final = (APPLIED.name, "schema_version")

#: The one version that all tables together had, up to 4; 5 says that each module has its own. Servers from before that
#: look here, and refuse a database that they would not understand.
_CREATE_COMMON: Final = "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, name TEXT NOT NULL)"
_PER_MODULE: Final = (5, "module_schema")
#: who had how many of its steps in version 1, 2, 3 and 4, and its tables with rows of accounts
_COMMON: Final = {
    "auth": ((2, 2, 2, 2), ("account",)),
    "mod_last": ((1, 1, 1, 1), ("last",)),
    "mod_offline": ((1, 1, 2, 3), ("offline", "aside")),
    "mod_private": ((1, 1, 1, 1), ("private",)),
    "mod_roster": ((2, 3, 3, 3), ("roster", "roster_version")),
    "mod_vcard": ((1, 1, 1, 1), ("vcard",)),
}


def migrate(execute: Execute, dialect: Dialect, schemas: Iterable[Schema]) -> None:
    """Apply what is missing of each schema, inside a transaction that the caller has begun and will commit.

    Raises StoreError if the database is a newer server's: going on would damage it.
    """
    _prepare(execute, dialect)
    for schema in schemas:
        at = _version(execute, dialect, schema.owner)
        for step in missing(schema, at):
            for statement in dialect.statements(step):
                execute(statement, ())
            crash_points.reach("store.in_migration")
        if at < len(schema.steps):
            _note(execute, dialect, Applied(schema.owner, len(schema.steps), schema.account_tables()))


def versions(execute: Execute, dialect: Dialect) -> dict[str, int]:
    """How many steps of each owner a database has; {} if it is empty. Raises StoreError if it is a newer server's."""
    tables = {row[0] for row in execute(dialect.tables, ())}
    if "schema_version" not in tables:
        return {}
    common = _common(execute)
    if common < _PER_MODULE[0]:
        return {owner: steps[common - 1] for owner, (steps, _) in _COMMON.items()} if common else {}
    return {row[0]: int(row[1]) for row in execute(statements(APPLIED, dialect.mark).ways[0].select, ())}


def missing(schema: Schema, version: int) -> tuple[Step, ...]:
    """The steps that a database with `version` of them still needs. Raises StoreError if it has more than there are."""
    if version > len(schema.steps):
        raise StoreError(
            f"the database has step {version} of {schema.owner}, this server knows {len(schema.steps)}:"
            " use the newer server or a backup",
            "internal-server-error",
        )
    return schema.steps[version:]


def problem(schema: Schema, module: str) -> str:
    """Where the steps of a schema and the records of its tables say different things, in words; "" if nowhere. Looked
    at are tables that the steps make, and those that the Python module `module` declares.
    """
    shapes = schema.shapes()
    newest = {table.name: table for table in Table.by_record.values() if table.record is not _AccountRow}
    for table in newest.values():
        shape = shapes.get(table.name)
        if shape is not None:
            if text := _difference(table, shape):
                return text
        elif table.record.__module__ == module:
            return f"no step of MIGRATIONS makes the table {table.name}"
    return ""


def _difference(table: Table[Any], shape: Shape) -> str:
    made, wanted = dict(shape.columns), dict(zip(table.columns, table.types, strict=True))
    odd = sorted(name for name in {*made, *wanted} if made.get(name) != wanted.get(name))
    if not odd and shape.key == table.key and set(table.indexes) <= set(shape.indexes):
        return ""
    if not odd and shape.key == table.key:
        return f"table {table.name}: no step of MIGRATIONS makes all of its indexes"
    return f"table {table.name}: MIGRATIONS and the record differ in {', '.join(odd) or 'their keys'}"


def account_tables(tx: Tx) -> list[Table[Any]]:
    """The tables of this database whose rows belong to accounts, those of modules that do not run now included.

    Good for `clear` and `count` by (host, user) only: what else is in a row is its module's business.
    """
    return [_account_table(name) for applied in tx.select(APPLIED) for name in applied.account_tables]


@lru_cache
def _account_table(name: str) -> Table[Any]:
    return Table(name, _AccountRow, ACCOUNT_KEY)


def _prepare(execute: Execute, dialect: Dialect) -> None:
    """Make the tables of versions; take over what a database with one version for all has."""
    execute(_CREATE_COMMON, ())
    common = _common(execute)
    if common == _PER_MODULE[0]:
        return
    for statement in dialect.statements(_CREATE):
        execute(statement, ())
    for owner, (steps, tables) in _COMMON.items() if common else ():
        _note(execute, dialect, Applied(owner, steps[common - 1], tables))
    execute(f"INSERT INTO schema_version VALUES ({dialect.mark}, {dialect.mark})", _PER_MODULE)


def _common(execute: Execute) -> int:
    """The one version of all tables together; 5 from the time that each module has its own. Raises StoreError."""
    common = int(execute("SELECT coalesce(max(version), 0) FROM schema_version", ())[0][0])
    if common > _PER_MODULE[0]:
        raise StoreError(
            f"the database has schema {common}, this server knows {_PER_MODULE[0]}: use the newer server or a backup",
            "internal-server-error",
        )
    return common


def _version(execute: Execute, dialect: Dialect, owner: str) -> int:
    rows = execute(statements(APPLIED, dialect.mark).ways[1].select, (owner,))
    return int(rows[0][0]) if rows else 0


def _note(execute: Execute, dialect: Dialect, applied: Applied) -> None:
    made = statements(APPLIED, dialect.mark)
    execute(made.write, made.encode(applied))
