"""migrate — brings a database to the newest schema, one numbered SQL file after the other.

OTP:      cf. ejabberd's sql_schema; Mnesia's transform_table
Way:      priv/migrations/<backend>/NNNN_name.sql → [migrate] → table schema_version
Process:  none; runs when a backend opens, in one transaction of its own: a crash leaves the old schema whole
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from xmppd.store.backend import StoreError

#: the folder that holds one folder of migrations per kind of database
MIGRATIONS: Final = Path(__file__).resolve().parent.parent / "priv" / "migrations"
#: runs a statement with its parameters and returns its rows
Execute: TypeAlias = Callable[[str, tuple[Any, ...]], Sequence[Sequence[Any]]]
#: makes the table that remembers which migrations a database has
CREATE: Final = "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, name TEXT NOT NULL)"


@dataclass(frozen=True, slots=True)
class Migration:
    """One step: its number, its name, and its statements."""

    version: int
    name: str
    statements: tuple[str, ...]


def split_statements(sql: str) -> tuple[str, ...]:
    """The statements of a script. Each ends with a semicolon at the end of a line; no other line does."""
    lines = [line for line in sql.splitlines() if line.strip() and not line.lstrip().startswith("--")]
    return tuple(s.strip() for s in "\n".join([*lines, ""]).split(";\n") if s.strip())


def found(folder: Path) -> list[Migration]:
    """The migrations in a folder, in order. Raises StoreError unless they are numbered 0001, 0002, …"""
    steps = []
    for path in sorted(folder.glob("*.sql")):
        number, _, name = path.stem.partition("_")
        steps.append(Migration(int(number), name, split_statements(path.read_text("utf-8"))))
    if not steps or [s.version for s in steps] != list(range(1, len(steps) + 1)):
        raise StoreError(f"{folder}: migrations must be numbered from 0001 on", "internal-server-error")
    return steps


def missing(steps: Sequence[Migration], applied: Sequence[int]) -> list[Migration]:
    """The steps that a database with these versions still needs.

    Raises StoreError if it has one that we do not know: a newer server wrote it; going on would damage it.
    """
    newest = max(applied, default=0)
    if newest > len(steps):
        raise StoreError(
            f"the database has schema {newest}, this server knows {len(steps)}: use that or a backup",
            "internal-server-error",
        )
    return [step for step in steps if step.version not in applied]


def migrate(execute: Execute, kind: str, mark: str, folder: Path = MIGRATIONS) -> int:
    """Apply what is missing, inside a transaction that the caller has begun and will commit.

    `execute(sql, params)` returns rows; `kind` names the folder ("sqlite", "postgres"). Returns the version.
    """
    execute(CREATE, ())
    steps = found(folder / kind)
    applied = [int(row[0]) for row in execute("SELECT version FROM schema_version", ())]
    for step in missing(steps, applied):
        for statement in step.statements:
            execute(statement, ())
        execute(f"INSERT INTO schema_version VALUES ({mark}, {mark})", (step.version, step.name))
    return steps[-1].version
