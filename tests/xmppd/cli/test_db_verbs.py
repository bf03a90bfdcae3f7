"""test_db_verbs — the database on the command line: exit codes, words, JSON, and what is refused while a server runs.

Way:  xmppd.cli.db_verbs
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support import postgres, schemas
from tests.xmppd.store.conftest import pg_cluster, pg_url
from tests.xmppd.store.test_migrate import sqlite_of
from xmppd.auth.tables import SCHEMA
from xmppd.cli.main import main
from xmppd.node.home import Home
from xmppd.store import store
from xmppd.store.backend import StoreConfig

__all__ = ["pg_cluster", "pg_url"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose server has run, with one secret in its database."""
    Home(tmp_path).create()
    path = tmp_path / "data" / "xmppd.sqlite3"
    store.open_backend(StoreConfig("sqlite", str(path)), schemas.ALL).close()
    change(path, "INSERT INTO secret VALUES ('key', x'00')")
    return tmp_path


def change(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.executescript(sql + ";")


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Runs a verb with --json and compares its exit code; its result, or on standard error what went wrong."""

    def run(*words: str, status: int = 0) -> Any:
        found = main(["db", *words, "--json", "--home", str(home)])
        out, err = capsys.readouterr()
        assert found == status, err
        return json.loads(out) if out else json.loads(err.splitlines()[-1])["error"]

    return run


def test_status_says_what_there_is(home: Path, run: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    found = run("status")
    assert (found["backend"], found["server"], found["missing"]) == ("sqlite", None, {})
    assert found["place"] == str(home / "data" / "xmppd.sqlite3")
    assert found["octets"] > 0
    assert (found["steps"]["auth"], found["rows"]["secret"], found["rows"]["account"]) == (len(SCHEMA.steps), 1, 0)
    assert main(["db", "status", "--home", str(home)]) == 0
    assert "the server does not run" in capsys.readouterr().out


def test_what_is_not_there_and_what_does_not_answer(run: Callable[..., Any], tmp_path: Path) -> None:
    assert "first start" in run("status", "--set", "store.path=none.sqlite3", status=1)
    assert not (tmp_path / "none.sqlite3").exists()
    gone = ("--set", "store.backend=postgres", "--set", "store.url=host=/nowhere dbname=x")
    assert "PostgreSQL" in run("status", *gone, status=75)
    assert "memory" in run("backup", "--set", "store.backend=memory", "--set", "workers=1", status=78)


@pytest.mark.parametrize("verb", ["status", "upgrade", "backup", "copy"])
def test_a_newer_database_is_refused(home: Path, run: Callable[..., Any], verb: str) -> None:
    change(home / "data" / "xmppd.sqlite3", "UPDATE module_schema SET version = 99 WHERE module = 'mod_roster'")
    words = (verb, str(home / "other")) if verb == "copy" else (verb,)
    assert "the newer server or a backup" in run(*words, status=78)
    assert not list(home.glob("backup/*"))


def test_an_upgrade_is_looked_at_then_done_after_a_backup(home: Path, run: Callable[..., Any]) -> None:
    assert run("upgrade", "--check")["missing"] == {}
    path = home / "data" / "xmppd.sqlite3"
    path.unlink()
    sqlite_of(1, str(path))
    before = path.read_bytes()
    missing = run("upgrade", "--check", status=1)["missing"]
    assert (missing["mod_offline"], missing["mod_roster"]) == (3, 1)
    assert path.read_bytes() == before
    done = run("upgrade")
    assert done["missing"] == missing
    assert run("status")["missing"] == {}
    with closing(sqlite3.connect(done["backup"])) as conn:
        assert conn.execute("SELECT max(version) FROM schema_version").fetchall() == [(1,)]
        assert conn.execute("SELECT count(*) FROM roster").fetchall() == [(1,)]
    run("restore", done["backup"])
    assert run("status")["missing"] == missing
    assert run("upgrade", "--no-backup")["backup"] is None
    assert len(list(home.glob("backup/*"))) == 1


def test_a_backup_is_made_while_the_server_runs_and_restored_while_it_does_not(
    home: Path, run: Callable[..., Any]
) -> None:
    lock = Home(home).lock()
    done = run("backup")
    assert (done["rows"]["secret"], Path(done["file"]).parent) == (1, home / "backup")
    assert run("status")["server"] == os.getpid()
    assert "stop it first" in run("restore", done["file"], status=1)
    assert run("upgrade")["missing"] == {}
    os.close(lock)
    change(home / "data" / "xmppd.sqlite3", "DELETE FROM secret")
    kept = run("restore", done["file"])["kept"]
    assert run("status")["rows"]["secret"] == 1
    with closing(sqlite3.connect(kept)) as conn:
        assert conn.execute("SELECT count(*) FROM secret").fetchall() == [(0,)]
    assert Home(home).pid() is None, "the home is free again"


def test_a_file_that_is_no_backup_or_is_there_already(home: Path, run: Callable[..., Any]) -> None:
    (home / "x").write_text("hello" * 999)
    assert "not a database" in run("restore", str(home / "x"), status=78)
    assert "there is no" in run("restore", str(home / "y"), status=78)
    assert "is there already" in run("backup", str(home / "x"), status=1)
    assert run("status")["rows"]["secret"] == 1


def test_a_copy_to_a_file_and_again(home: Path, run: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    to = str(home / "other.sqlite3")
    found = {one["table"]: one for one in run("copy", to)["tables"]}
    assert found["secret"] == {"table": "secret", "rows": 1, "written": 1, "deleted": 0}
    assert "--replace" in run("copy", to, status=78)
    assert main(["db", "copy", to, "--replace", "--home", str(home)]) == 0
    assert "the counts agree" in capsys.readouterr().out
    assert "is configured" in run("copy", str(home / "data" / "xmppd.sqlite3"), status=2)


@pytest.mark.skipif(not postgres.available(), reason="no PostgreSQL on this machine")
def test_from_sqlite_to_postgres_and_a_backup_of_it_back(
    home: Path, run: Callable[..., Any], request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("pg_url")
    assert sum(one["rows"] for one in run("copy", url)["tables"]) == 1
    there = ("--set", "store.backend=postgres", "--set", f"store.url={url}")
    assert run("status", *there)["rows"]["secret"] == 1
    assert "host=" in run("status", *there)["place"]
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("INSERT INTO secret VALUES ('second', 'x')")
    made = run("backup", *there)
    assert made["rows"]["secret"] == 2
    run("restore", made["file"])
    assert run("status")["rows"]["secret"] == 2
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("DELETE FROM secret")
    run("restore", made["file"], *there)
    assert run("status", *there)["rows"]["secret"] == 2
