"""From any schema to the newest one, or not at all; databases of earlier servers are taken over."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support import node, postgres, schemas
from xmpp_core.jid import JID
from xmppd.auth.tables import ACCOUNT, SECRET
from xmppd.mods.mod_last import LAST
from xmppd.mods.mod_private import PRIVATE
from xmppd.mods.mod_vcard import VCARD
from xmppd.mods.offline.tables import ASIDE, OFFLINE
from xmppd.mods.roster.tables import ROSTER, ROSTER_VERSION
from xmppd.store import store
from xmppd.store.backend import Backend, StoreConfig, StoreError, Table
from xmppd.store.migrate import APPLIED, Applied, account_tables, migrate, missing, problem
from xmppd.store.schema import SQLITE, Schema, add_columns, create_table, sql
from xmppd.store.store_sqlite import prepare

FIRST = (create_table("a", ("x",), x=str, y=str), sql("INSERT INTO \"a\" VALUES ('1;2', '');\n"))
MORE = (*FIRST, add_columns("a", z=(int, 3)))
EARLIER = Path(__file__).parent / "earlier"
TABLES: tuple[Table[Any], ...] = (ACCOUNT, SECRET, ROSTER, ROSTER_VERSION, OFFLINE, ASIDE, PRIVATE, VCARD, LAST)


@pytest.fixture
def conn(tmp_path: Path) -> sqlite3.Connection:
    return sqlite3.connect(tmp_path / "db", isolation_level=None)


def run(conn: sqlite3.Connection, *given: Schema) -> None:
    conn.execute("BEGIN")
    try:
        migrate(lambda text, params: conn.execute(text, params).fetchall(), SQLITE, given)
        conn.execute("COMMIT")
    except BaseException:
        conn.execute("ROLLBACK")
        raise


def tables(conn: sqlite3.Connection) -> set[Any]:
    return {row[0] for row in conn.execute("SELECT name FROM sqlite_master")}


def version(conn: sqlite3.Connection, module: str) -> int:
    return int(conn.execute("SELECT version FROM module_schema WHERE module = ?", (module,)).fetchone()[0])


def test_a_new_database_gets_every_step_and_an_old_one_what_it_misses(conn: sqlite3.Connection) -> None:
    run(conn, Schema("mod_a", FIRST))
    assert version(conn, "mod_a") == 2
    run(conn, Schema("mod_a", MORE))
    run(conn, Schema("mod_a", MORE))
    assert conn.execute("SELECT * FROM a").fetchall() == [("1;2", "", 3)]
    assert version(conn, "mod_a") == 3


def test_a_step_that_fails_leaves_the_old_schema_whole(conn: sqlite3.Connection) -> None:
    run(conn, Schema("mod_a", FIRST))
    with pytest.raises(sqlite3.OperationalError):
        run(conn, Schema("mod_a", (*MORE, sql('INSERT INTO "b" VALUES (1);\n'))))
    assert [row[1] for row in conn.execute("PRAGMA table_info(a)")] == ["x", "y"]
    assert version(conn, "mod_a") == 2


def test_the_database_of_a_newer_server_is_refused(conn: sqlite3.Connection) -> None:
    run(conn, Schema("mod_a", MORE))
    before = tables(conn)
    with pytest.raises(StoreError, match="step 3 of mod_a, this server knows 2"):
        run(conn, Schema("mod_b", (create_table("b", ("x",), x=str),)), Schema("mod_a", FIRST))
    assert tables(conn) == before
    conn.execute("INSERT INTO schema_version VALUES (7, 'later')")
    with pytest.raises(StoreError, match="schema 7, this server knows 5"):
        run(conn, Schema("mod_a", MORE))


def test_what_is_missing() -> None:
    schema = Schema("mod_a", MORE)
    assert [missing(schema, n) for n in (0, 1, 3)] == [MORE, MORE[1:], ()]


# --- the steps and the records


@dataclass(frozen=True, slots=True)
class Row:
    x: str
    z: int = 3


STEP = create_table("migrated", ("x",), x=str)


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ((), "no step of MIGRATIONS makes the table migrated"),
        ((STEP,), "table migrated: MIGRATIONS and the record differ in z"),
        ((STEP, add_columns("migrated", z=(str, ""))), "table migrated: MIGRATIONS and the record differ in z"),
        ((create_table("migrated", ("x", "z"), x=str, z=int),), "differ in their keys"),
        ((STEP, add_columns("migrated", z=(int, 3))), ""),
    ],
)
def test_a_record_that_the_steps_do_not_make_is_told(steps: tuple[Any, ...], words: str) -> None:
    Table("migrated", Row, ("x",))
    try:
        assert words in problem(Schema("mod_x", steps), __name__)
        assert bool(words) == bool(problem(Schema("mod_x", steps), __name__))
    finally:
        del Table.by_record[Row]


@pytest.mark.parametrize("schema", schemas.ALL, ids=lambda s: s.owner)
def test_our_own_steps_make_our_records(schema: Schema) -> None:
    assert problem(schema, f"xmppd.mods.{schema.owner}") == ""


# --- databases of earlier servers


def earlier(kind: str, number: int) -> str:
    """A database of this version, as SQL."""
    return (EARLIER / f"{kind}.sql").read_text("utf-8").partition(f"-- version {number}\n")[0]


def sqlite_of(number: int, path: str) -> None:
    conn = sqlite3.connect(path)
    conn.executescript(earlier("sqlite", number))
    conn.close()


async def all_rows(backend: Backend) -> dict[str, list[Any]]:
    return {table.name: await backend.select(table) for table in (*TABLES, APPLIED)}


def opened(config: StoreConfig) -> dict[str, list[Any]]:
    async def body() -> dict[str, list[Any]]:
        backend = store.open_backend(config, schemas.ALL)
        try:
            return await all_rows(backend)
        finally:
            backend.close()

    return node.run(body)  # type: ignore[no-any-return]


@pytest.fixture(params=["sqlite", "postgres"] if postgres.available() else ["sqlite"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[int], StoreConfig]:
    """Makes a database as an earlier server left it."""

    def make(number: int) -> StoreConfig:
        if request.param == "sqlite":
            path = str(tmp_path / f"{number}.sqlite3")
            sqlite_of(number, path)
            return StoreConfig("sqlite", path)
        url = request.getfixturevalue("pg_url")
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute(earlier("postgres", number).encode())
        return StoreConfig("postgres", url)

    return make


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_database_of_an_earlier_server_is_taken_over_with_all_that_is_in_it(
    old: Callable[[int], StoreConfig], number: int
) -> None:
    config = old(number)
    rows = opened(config)
    assert {s.owner: len(s.steps) for s in schemas.ALL if s.steps} == {a.module: a.version for a in rows[APPLIED.name]}
    counted = {name: len(found) for name, found in rows.items() if name != APPLIED.name}
    assert counted == {table.name: 0 if table is ASIDE and number < 3 else 1 for table in TABLES}
    assert rows["roster"][0].groups == ("Montagues",)
    assert rows["roster_version"][0].items == -1
    assert rows["offline"][0].total == 0
    assert rows["secret"][0].value == b"\1\2"
    assert opened(config) == rows


def test_tables_of_an_earlier_database_are_made_as_new_ones_are(tmp_path: Path) -> None:
    old, new = str(tmp_path / "old"), str(tmp_path / "new")
    sqlite_of(1, old)
    found = []
    for path in (old, new):
        prepare(path, "full", schemas.ALL)
        conn = sqlite3.connect(path)
        columns = {t.name: conn.execute(f'PRAGMA table_info("{t.name}")').fetchall() for t in TABLES}
        kinds = {row[1]: row[2:] for row in conn.execute("PRAGMA table_list")}
        found.append((columns, kinds))
        conn.close()
    assert found[0] == found[1]


def test_an_earlier_server_sees_that_the_database_is_a_newer_ones(tmp_path: Path) -> None:
    """It compares the greatest number here with the last one that it knows, which is 4."""
    path = str(tmp_path / "x")
    prepare(path, "full", schemas.ALL)
    conn = sqlite3.connect(path)
    assert conn.execute("SELECT max(version) FROM schema_version").fetchone() == (5,)
    conn.close()


# --- the rows of an account


def test_rows_of_an_account_are_found_in_tables_whose_module_does_not_run(config: StoreConfig) -> None:
    """Who is removed leaves nothing for who has the name later, not even with a module that is off today."""
    juliet = JID.parse("juliet@localhost")
    aside = Schema("mod_gone", (create_table("gone", ("host", "user"), host=str, user=str),))

    async def body() -> None:
        before = store.open_backend(config, [*schemas.ALL, aside])
        if config.backend != "memory":
            before.close()
            before = store.open_backend(config, schemas.ALL)
        names = await before.transaction(lambda tx: [table.name for table in account_tables(tx)])
        wanted = {name for schema in schemas.ALL for name in schema.account_tables()}
        assert {t.name for t in TABLES if t.key[:2] == ("host", "user")} <= wanted
        assert set(names) == {*wanted, "gone"}
        key = (juliet.domain, juliet.local)
        assert await before.transaction(lambda tx: sum(tx.clear(table, key) for table in account_tables(tx))) == 0
        before.close()

    node.run(body)


def test_a_module_that_is_started_later_gets_its_tables(play: Callable[[Any], Any]) -> None:
    schema = Schema("mod_gone", (create_table("gone", ("host", "user"), host=str, user=str),))

    async def body(backend: Backend) -> None:
        await backend.migrate([schema])
        await backend.migrate([schema])
        assert await backend.read(APPLIED, ("mod_gone",)) == Applied("mod_gone", 1, ("gone",))

    play(body)


# --- a crash on the way

DIES = """
import os, sqlite3, sys
from tests.support import schemas
from xmppd.store.migrate import migrate
from xmppd.store.schema import SQLITE
conn = sqlite3.connect(sys.argv[1], isolation_level=None)
conn.execute("PRAGMA journal_mode = WAL")
left = [int(sys.argv[2])]
def execute(sql, params):
    left[0] -= 1
    if not left[0]:
        os._exit(137)
    return conn.execute(sql, params).fetchall()
conn.execute("BEGIN IMMEDIATE")
migrate(execute, SQLITE, schemas.ALL)
"""


@pytest.mark.parametrize("statement", [2, 3, 6, 11])
@pytest.mark.parametrize("number", [0, 2])
def test_a_kill_in_the_middle_leaves_nothing_and_the_next_start_completes(
    tmp_path: Path, statement: int, number: int
) -> None:
    path = str(tmp_path / "x.sqlite3")
    if number:
        sqlite_of(number, path)
    conn = sqlite3.connect(path, isolation_level=None)
    before = tables(conn)
    killed = subprocess.run([sys.executable, "-c", DIES, path, str(statement)], check=False)
    assert killed.returncode == 137
    assert tables(conn) == before
    prepare(path, "full", schemas.ALL)
    assert {t.name for t in TABLES} <= tables(conn)
    conn.close()
