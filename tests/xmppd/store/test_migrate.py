"""From any schema to the newest one, or not at all."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from xmppd.store.backend import StoreError
from xmppd.store.migrate import MIGRATIONS, Migration, found, migrate, missing, split_statements
from xmppd.store.store_sqlite import prepare

FIRST = (
    'CREATE TABLE "a" (\n    "x" TEXT, -- a; b\n    "y" TEXT\n);\n\n-- why;\nINSERT INTO "a" VALUES (\'1;2\', \'\');\n'
)
SECOND = 'ALTER TABLE "a" ADD COLUMN "z" TEXT;\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sqlite").mkdir()
    (tmp_path / "sqlite" / "0001_first.sql").write_text(FIRST)
    return tmp_path


@pytest.fixture
def conn(tmp_path: Path) -> sqlite3.Connection:
    return sqlite3.connect(tmp_path / "db", isolation_level=None)


def run(conn: sqlite3.Connection, folder: Path) -> int:
    conn.execute("BEGIN")
    try:
        version = migrate(lambda sql, params: conn.execute(sql, params).fetchall(), "sqlite", "?", folder)
        conn.execute("COMMIT")
    except BaseException:
        conn.execute("ROLLBACK")
        raise
    return version


def tables(conn: sqlite3.Connection) -> set[Any]:
    return {row[0] for row in conn.execute("SELECT name FROM sqlite_master")}


def test_a_script_is_taken_apart_at_the_ends_of_lines() -> None:
    create, insert = split_statements(FIRST)
    assert create.startswith("CREATE TABLE")
    assert insert == "INSERT INTO \"a\" VALUES ('1;2', '')"


def test_a_new_database_gets_every_step_and_an_old_one_what_it_misses(conn: sqlite3.Connection, folder: Path) -> None:
    assert run(conn, folder) == 1
    (folder / "sqlite" / "0002_more.sql").write_text(SECOND)
    assert run(conn, folder) == 2
    assert run(conn, folder) == 2
    assert conn.execute("SELECT * FROM a").fetchall() == [("1;2", "", None)]
    assert conn.execute("SELECT * FROM schema_version").fetchall() == [(1, "first"), (2, "more")]


def test_a_step_that_fails_leaves_the_old_schema_whole(conn: sqlite3.Connection, folder: Path) -> None:
    run(conn, folder)
    (folder / "sqlite" / "0002_more.sql").write_text(SECOND + 'INSERT INTO "b" VALUES (1);\n')
    with pytest.raises(sqlite3.OperationalError):
        run(conn, folder)
    assert [row[1] for row in conn.execute("PRAGMA table_info(a)")] == ["x", "y"]
    assert conn.execute("SELECT max(version) FROM schema_version").fetchone() == (1,)


def test_the_database_of_a_newer_server_is_refused(conn: sqlite3.Connection, folder: Path) -> None:
    run(conn, folder)
    conn.execute("INSERT INTO schema_version VALUES (7, 'later')")
    before = tables(conn)
    with pytest.raises(StoreError, match="schema 7, this server knows 1"):
        run(conn, folder)
    assert tables(conn) == before


def test_a_gap_in_the_numbers_is_refused(folder: Path) -> None:
    (folder / "sqlite" / "0003_gap.sql").write_text(SECOND)
    with pytest.raises(StoreError, match="numbered"):
        found(folder / "sqlite")


def test_what_is_missing() -> None:
    steps = [Migration(n, "x", ()) for n in (1, 2, 3)]
    assert missing(steps, [1]) == steps[1:]
    assert missing(steps, []) == steps
    assert missing(steps, [1, 2, 3]) == []


def test_every_kind_of_database_has_the_same_steps() -> None:
    names = {kind.name: [(s.version, s.name) for s in found(kind)] for kind in MIGRATIONS.iterdir()}
    assert names["sqlite"] == names["postgres"]


DIES = """
import os, sqlite3, sys
from xmppd.store.migrate import migrate
conn = sqlite3.connect(sys.argv[1], isolation_level=None)
conn.execute("PRAGMA journal_mode = WAL")
left = [int(sys.argv[2])]
def execute(sql, params):
    left[0] -= 1
    if not left[0]:
        os._exit(137)
    return conn.execute(sql, params).fetchall()
conn.execute("BEGIN IMMEDIATE")
migrate(execute, "sqlite", "?")
"""


@pytest.mark.parametrize("statement", [2, 3, 6, 11])
def test_a_kill_in_the_middle_leaves_nothing_and_the_next_start_completes(tmp_path: Path, statement: int) -> None:
    path = str(tmp_path / "x.sqlite3")
    killed = subprocess.run([sys.executable, "-c", DIES, path, str(statement)], check=False)
    assert killed.returncode == 137
    conn = sqlite3.connect(path, isolation_level=None)
    assert tables(conn) == set()
    prepare(path, "full")
    assert "schema_version" in tables(conn)
    assert conn.execute("SELECT max(version) FROM schema_version").fetchone()[0] == len(found(MIGRATIONS / "sqlite"))
