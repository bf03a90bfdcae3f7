"""The declarations and the migrations say the same."""

from __future__ import annotations

import sqlite3
from dataclasses import FrozenInstanceError
from pathlib import Path

import psycopg
import pytest

from tests.support import postgres
from xmppd.store import tables
from xmppd.store.backend import StoreConfig, Table
from xmppd.store.store_pg import open_store
from xmppd.store.store_sqlite import prepare

IN_SQLITE = {str: "TEXT", int: "INTEGER", bool: "INTEGER", bytes: "BLOB", tuple[str, ...]: "TEXT"}
IN_POSTGRES = {str: "text", int: "bigint", bool: "boolean", bytes: "bytea", tuple[str, ...]: "text"}


def test_sqlite_has_the_columns_and_keys_of_every_table(tmp_path: Path) -> None:
    path = str(tmp_path / "x.sqlite3")
    prepare(path, "full")
    conn = sqlite3.connect(path)
    for table in tables.ALL:
        info = conn.execute(f'PRAGMA table_info("{table.name}")').fetchall()
        assert [(name, kind, notnull) for _, name, kind, notnull, *_ in info] == [
            (column, IN_SQLITE[kind], 1) for column, kind in zip(table.columns, table.types, strict=True)
        ]
        assert tuple(row[1] for row in sorted(info, key=lambda r: r[5]) if row[5]) == table.key
    names = {row[0] for row in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert names == {t.name for t in tables.ALL} | {"schema_version"}
    conn.close()


def columns(conn: psycopg.Connection[tuple[str, ...]], table: Table[object]) -> list[tuple[str, ...]]:
    return conn.execute(
        "SELECT column_name, data_type FROM information_schema.columns"
        " WHERE table_schema = current_schema() AND table_name = %s ORDER BY ordinal_position",
        (table.name,),
    ).fetchall()


if postgres.available():

    def test_postgres_has_the_columns_of_every_table(pg_url: str) -> None:
        open_store(StoreConfig("postgres", pg_url)).close()
        with psycopg.connect(pg_url) as conn:
            for table in tables.ALL:
                typed = zip(table.columns, table.types, strict=True)
                assert columns(conn, table) == [(column, IN_POSTGRES[kind]) for column, kind in typed]


def test_records_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        tables.Vcard("localhost", "romeo", "").xml = "x"  # type: ignore[misc]


def test_every_record_has_one_table() -> None:
    assert len({t.record for t in tables.ALL}) == len({t.name for t in tables.ALL}) == len(tables.ALL)
