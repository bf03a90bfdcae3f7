"""A database as a tool sees it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support import schemas
from tests.xmppd.store.test_migrate import sqlite_of
from xmppd.store import direct, store
from xmppd.store.backend import StoreConfig, StoreError
from xmppd.store.direct import as_they_are, open_direct, versions
from xmppd.store.schema import SQLITE, Schema


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_the_steps_of_earlier_databases_are_known_without_a_change(tmp_path: Path, number: int) -> None:
    path = str(tmp_path / "x")
    sqlite_of(number, path)
    with closing(open_direct(StoreConfig("sqlite", path), read_only=True)) as db:
        found = versions(db)
        shapes = direct.shapes(as_they_are(schemas.ALL, found))
        for name, shape in shapes.items():
            columns = [row[1] for row in db.query(f'PRAGMA table_info("{name}")')]
            assert columns == [column for column, _ in shape.columns]
    assert found["mod_offline"] == max(1, number - 1)


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    config = StoreConfig("sqlite", str(tmp_path / "x"))
    store.open_backend(config, schemas.ALL).close()
    with closing(open_direct(config)) as db:
        assert set(versions(db)) == {s.owner for s in schemas.ALL if s.steps}
        with pytest.raises(StoreError, match="newer server"):
            as_they_are([Schema(s.owner, s.steps[:-1]) for s in schemas.ALL], versions(db))
        with pytest.raises(StoreError, match="mod_vcard"):
            as_they_are([s for s in schemas.ALL if s.owner != "mod_vcard"], versions(db))
        db.query("INSERT INTO schema_version VALUES (999, 'later')")
        with pytest.raises(StoreError, match="schema 999"):
            versions(db)


def test_what_is_opened_to_be_read_is_not_made(tmp_path: Path) -> None:
    config = StoreConfig("sqlite", str(tmp_path / "x"))
    with pytest.raises(StoreError, match="first start"):
        open_direct(config, read_only=True)
    assert not (tmp_path / "x").exists()
    store.open_backend(config, schemas.ALL).close()
    with closing(open_direct(config, read_only=True)) as db, pytest.raises(StoreError, match="readonly"):
        db.query("DELETE FROM secret")
    with pytest.raises(StoreError, match="memory"):
        open_direct(StoreConfig("memory"))


def test_a_damaged_file_is_not_sound(tmp_path: Path) -> None:
    path = tmp_path / "x"
    conn = sqlite3.connect(path)
    conn.executescript("CREATE TABLE t (x); CREATE INDEX i ON t (x);" + "INSERT INTO t VALUES (1);" * 500)
    conn.close()
    assert direct.is_sound(str(path)) == ""
    path.write_bytes(path.read_bytes()[:4096] + b"\1" * 4096)
    assert direct.is_sound(str(path)) != ""


def test_names_of_tables_are_asked_for(tmp_path: Path) -> None:
    with closing(open_direct(StoreConfig("sqlite", str(tmp_path / "x")))) as db:
        assert db.query(SQLITE.tables) == []
        assert versions(db) == {}
