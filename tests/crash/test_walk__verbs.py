"""Crash points that no load reaches: of a start, and of verbs. Each is a process of its own that dies, and a second
one that finds everything whole."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import postgres

OPEN = """
import sys
from tests.support import schemas
from xmppd import crash_points
from xmppd.store import store
from xmppd.store.backend import StoreConfig
import os
crash_points.arm(os.environ.get("XMPPD_CRASH_AT", ""))
store.open_backend(StoreConfig(sys.argv[1], sys.argv[2]), schemas.ALL)
os._exit(0)
"""
EARLIER = Path(__file__).parents[1] / "xmppd" / "store" / "earlier"


def open_store(backend: str, path: str, crash_at: str = "") -> int:
    """Open the store in a process of its own, which migrates it; the exit code."""
    environ = os.environ | {"XMPPD_CRASH_AT": crash_at}
    return subprocess.run([sys.executable, "-c", OPEN, backend, path], env=environ, timeout=60, check=False).returncode


@pytest.mark.parametrize(
    ("script", "passing"), [((EARLIER / "sqlite.sql").read_text(), 1), ("", 4)], ids=["earlier", "new"]
)
def test_a_death_in_a_migration(tmp_path: Path, script: str, passing: int) -> None:
    path = tmp_path / "x.sqlite3"
    with sqlite3.connect(path) as conn:
        conn.executescript(script)
        before = list(conn.iterdump())
    assert open_store("sqlite", str(path), f"store.in_migration:{passing}") == 137
    with sqlite3.connect(path) as conn:
        assert list(conn.iterdump()) == before
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert open_store("sqlite", str(path)) == 0


@pytest.mark.skipif(not postgres.available(), reason="needs PostgreSQL")
def test_a_death_in_a_migration_of_postgresql() -> None:
    cluster = None if postgres.GIVEN else postgres.Cluster()
    url = postgres.fresh(postgres.GIVEN or (cluster.url if cluster is not None else ""))
    try:
        assert open_store("postgres", url, "store.in_migration:3") == 137
        assert open_store("postgres", url) == 0
    finally:
        if cluster is not None:
            cluster.remove()


def verb(home: Path, *words: str, crash_at: str = "") -> subprocess.CompletedProcess[str]:
    """A verb of the command line, on the database of a home."""
    environ = os.environ | {"XMPPD_CRASH_AT": crash_at}
    command = [sys.executable, "-m", "xmppd.cli.main", *words, "--home", str(home)]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)


def contacts(file: Path) -> int:
    """How many rows of rosters are there; the file is sound."""
    with sqlite3.connect(file) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return int(conn.execute("SELECT count(*) FROM roster").fetchone()[0])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose database has rows of rosters."""
    home = tmp_path_factory.mktemp("home")
    (home / "data").mkdir(parents=True)
    command = [sys.executable, "-m", "tests.support.store_child", "sqlite", str(home / "data" / "xmppd.sqlite3"), "a"]
    subprocess.run(command, stdout=subprocess.DEVNULL, timeout=60, check=True)
    return home


def test_a_death_in_a_backup(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "kept.sqlite3"
    assert verb(home, "db", "backup", str(file), crash_at="db.in_backup").returncode == 137
    assert not file.exists()
    assert verb(home, "db", "backup", str(file)).returncode == 0
    assert contacts(file) == 6400


def test_a_death_in_a_copy(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite3"
    words = ("db", "copy", str(other))
    assert verb(home, *words, crash_at="db.in_copy").returncode == 137
    done = verb(home, *words)
    assert done.returncode == 0, done.stderr
    assert contacts(other) == 6400
