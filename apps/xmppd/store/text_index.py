"""text_index — finds the rows that have all of some words: an index of the database's own, FTS5 or GIN.

OTP:      none; cf. ejabberd's mod_mam with pgsql's tsvector
Way:      store_sqlite, store_pg (make it), store_sql (asks it) → [text_index]
Process:  none
Differs:  what a word is says who writes the row: the column has words with a space between, each of letters and digits
          or of what is not ASCII, and no database cuts them anew. So the same rows are found in every kind of database.
          SQLite's index is kept by triggers; without it a row is stored, and is found once the index is there
"""

from __future__ import annotations

from typing import Any, Final

from xmppd.store.backend import Range, Table
from xmppd.store.schema import SQLITE

#: SQLite's index names a row by one number, the last field of its key, or one of the next if that is taken. Beyond
#: these it is not found by its words
_ROOM: Final = 64
#: asks SQLite whether any table has such an index
SQLITE_HAS_ONE: Final = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND sql LIKE '%USING fts5(words,%' LIMIT 1"


def sqlite_index(table: Table[Any]) -> tuple[str, ...]:
    """The statements that make SQLite's index anew, with all rows that are there."""
    name, words, last = table.name, table.words, table.key[-1]
    at, found = f'"{name}_at"', f'"{name}_found"'
    kinds = [f'"{c}" {SQLITE.types[kind]} NOT NULL' for c, kind in zip(table.key, table.types, strict=False)]
    key = _names(table.key)
    same = " AND ".join([f'"{c}" = old."{c}"' for c in table.key])
    mine = f'id BETWEEN old."{last}" AND old."{last}" + {_ROOM - 1} AND {same}'
    free = f"SELECT value FROM {_numbers(last)} WHERE value NOT IN (SELECT id FROM {at}) ORDER BY value LIMIT 1"
    put = (
        f"INSERT INTO {at} (id, {key}) SELECT value, {_names(table.key, 'new.')} FROM ({free}); "
        f'INSERT INTO {found} (rowid, words) SELECT id, new."{words}" FROM {at}'
        f" WHERE {mine.replace('old.', 'new.')};"
    )
    drop = (
        f"INSERT INTO {found} ({found}, rowid, words) SELECT 'delete', id, old.\"{words}\" FROM {at} WHERE {mine}; "
        f"DELETE FROM {at} WHERE {mine};"
    )
    events = {"added": ("INSERT", put), "deleted": ("DELETE", drop), "changed": ("UPDATE", drop + " " + put)}
    copied = f'SELECT {key}, "{words}" FROM "{name}"'
    return (
        *[f'DROP TRIGGER IF EXISTS "{name}_{event}"' for event in events],
        f"DROP TABLE IF EXISTS {found}",
        f"DROP TABLE IF EXISTS {at}",
        f"CREATE TABLE {at} (id INTEGER PRIMARY KEY, {', '.join(kinds)}) STRICT",
        f"CREATE VIRTUAL TABLE {found} USING fts5(words, content='', detail=none, columnsize=0, tokenize='ascii')",
        *[
            f'CREATE TRIGGER "{name}_{event}" AFTER {verb} ON "{name}" BEGIN {body} END'
            for event, (verb, body) in events.items()
        ],
        # as the triggers would: each row is put down as changed
        f'INSERT INTO "{name}" ({key}, "{words}") {copied} WHERE true'
        f' ON CONFLICT ({key}) DO UPDATE SET "{words}" = excluded."{words}"',
    )


def _numbers(last: str) -> str:
    """SQLite's series of numbers is an extension that may not be there."""
    return (
        f'(WITH RECURSIVE series(value) AS (SELECT new."{last}" UNION ALL SELECT value + 1 FROM series'
        f' WHERE value < new."{last}" + {_ROOM - 1}) SELECT value FROM series)'
    )


def sqlite_is_made(table: Table[Any]) -> str:
    """Asks SQLite for the triggers that keep the index; they go with the table."""
    events = ", ".join([f"'{table.name}_{event}'" for event in ("added", "deleted", "changed")])
    return f"SELECT count(*) = 3 FROM sqlite_master WHERE type = 'trigger' AND name IN ({events})"


def postgres_index(table: Table[Any]) -> str:
    """The statement that makes PostgreSQL's, if it is not there."""
    return f'CREATE INDEX IF NOT EXISTS "{table.name}_found" ON "{table.name}" USING gin (({_vector(table)}))'


def _vector(table: Table[Any]) -> str:
    return f"array_to_tsvector(string_to_array(\"{table.words}\", ' '))"


def query(table: Table[Any], piece: Range, mark: str) -> tuple[str, tuple[Any, ...]]:
    """The statement for the rows of a Range that asks for words, and its parameters. Raises TypeError where the table
    has no column of words, or the piece not the order of its key."""
    check(table, piece)
    size, limit = len(piece.prefix), () if piece.limit is None else (piece.limit,)
    last, down = table.key[-1], " DESC" if piece.backwards else ""
    tests = [f't."{c}" = {mark}' for c in table.key[:size]]
    bounds = [(sign, bound) for sign, bound in ((">", piece.after), ("<", piece.before)) if bound is not None]
    tests += [f't."{last}" {sign} {mark}' for sign, _ in bounds]
    params = (*piece.prefix, *[bound for _, bound in bounds])
    columns, end = _names(table.columns, "t."), f" LIMIT {mark}" if limit else ""
    if mark != SQLITE.mark:
        where = f"{' AND '.join(tests)} AND {_vector(table)} @@ {mark}::tsquery"
        sql = f'SELECT {columns} FROM "{table.name}" t WHERE {where} ORDER BY t."{last}"{down}{end}'
        return sql, (*params, _tsquery(piece.words), *limit)
    # the order of these numbers is that of the key, so that no more rows are looked at than are wanted
    tests += ["f.rowid > ?" if sign == ">" else f"f.rowid < ? + {_ROOM}" for sign, _ in bounds]
    same = " AND ".join([f't."{c}" = a."{c}"' for c in table.key])
    sql = (
        f'SELECT {columns} FROM "{table.name}_found" f CROSS JOIN "{table.name}_at" a ON a.id = f.rowid'
        f' CROSS JOIN "{table.name}" t ON {same} WHERE f."{table.name}_found" MATCH ? AND {" AND ".join(tests)}'
        f" ORDER BY f.rowid{down}{end}"
    )
    return sql, (_match(piece.words), *params, *[bound for _, bound in bounds], *limit)


def check(table: Table[Any], piece: Range) -> None:
    """Raises TypeError unless this piece of the table can be asked for words."""
    if not table.words or piece.by or len(piece.prefix) != len(table.key) - 1:
        raise TypeError(f"{table.name}: words are looked for in a piece of its key, all but the last field given")


def _match(words: tuple[str, ...]) -> str:
    return " AND ".join(['"' + word.replace('"', '""') + '"' for word in words])


def _tsquery(words: tuple[str, ...]) -> str:
    return " & ".join(["'" + word.replace("\\", "\\\\").replace("'", "''") + "'" for word in words])


def has_words(text: str, words: tuple[str, ...]) -> bool:
    """Whether a column has all of these words."""
    return set(words) <= set(text.split(" "))


def _names(columns: tuple[str, ...], of: str = "") -> str:
    return ", ".join([f'{of}"{c}"' for c in columns])
