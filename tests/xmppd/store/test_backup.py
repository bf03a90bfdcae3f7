"""A backup is whole, checked, and goes back into either kind of database."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support import node, schemas
from tests.xmppd.store.test_copying import KINDS, RECORDS, all_rows, fill, make, on
from xmppd import crash_points
from xmppd.auth.tables import Account
from xmppd.store import backup, store
from xmppd.store.backend import StoreConfig, StoreError
from xmppd.store.backup import back_up, restore
from xmppd.store.copying import CopyProgress
from xmppd.store.schema import Schema

__all__ = ["make"]
NOW = datetime(2026, 11, 29, tzinfo=UTC)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("other", KINDS)
def test_what_is_backed_up_is_restored(
    make: Callable[[str], StoreConfig], tmp_path: Path, kind: str, other: str
) -> None:
    source, target, file = make(kind), make(other), tmp_path / "backup"
    fill(source, *RECORDS)
    done = {one.table: one.rows for one in back_up(source, schemas.ALL, file)}
    assert done["offline"] == 1400
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith("backup")] == ["backup"]
    fill(target, Account("localhost", "later", "", "", ""))
    rows, kept = restore(target, schemas.ALL, file, NOW)
    assert {one.table: one.rows for one in rows} == done
    assert all_rows(target) == all_rows(source)
    if other == "sqlite":
        assert kept.endswith(".before-20261129-000000")
        assert {account.user for account in all_rows(StoreConfig("sqlite", kept))} == {"later"}


def test_a_backup_of_a_server_that_writes_is_of_one_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup, "_PAGES", 2)
    source = StoreConfig("sqlite", str(tmp_path / "x.sqlite3"))
    fill(source, *RECORDS)
    other = sqlite3.connect(source.path, isolation_level=None)
    said: list[CopyProgress] = []

    def tell(progress: CopyProgress) -> None:
        said.append(progress)
        other.execute("DELETE FROM offline WHERE seq = ?", (len(said),))
        other.execute("INSERT INTO secret VALUES (?, x'00')", (f"s{len(said)}",))

    done = {one.table: one.rows for one in back_up(source, schemas.ALL, tmp_path / "backup", tell)}
    other.close()
    assert len(said) > 5, "it goes on, and does not begin anew with each commit"
    assert (done["offline"], done["secret"]) == (1400, 1)
    assert said[-1].done == said[-1].total


def test_nothing_is_overwritten_and_a_backup_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = StoreConfig("sqlite", str(tmp_path / "x.sqlite3"))
    fill(source, *RECORDS[:3])
    (tmp_path / "there").write_text("mine")
    with pytest.raises(FileExistsError):
        back_up(source, schemas.ALL, tmp_path / "there")
    monkeypatch.setattr(backup.direct, "is_sound", lambda path: "it is not")
    with pytest.raises(StoreError, match="damaged"):
        back_up(source, schemas.ALL, tmp_path / "backup")
    assert not [p.name for p in tmp_path.iterdir() if p.name.startswith("backup")]


@pytest.mark.parametrize("damage", ["no database", "another one", "torn", "newer", "missing"])
def test_what_is_no_backup_of_ours_changes_nothing(tmp_path: Path, damage: str) -> None:
    target, file = StoreConfig("sqlite", str(tmp_path / "x.sqlite3")), tmp_path / "backup"
    fill(target, *RECORDS[:3])
    known = list(schemas.ALL)
    back_up(target, schemas.ALL, file)
    if damage == "no database":
        file.write_text("hello" * 1000)
    elif damage == "another one":
        file.unlink()
        sqlite3.connect(file).executescript("CREATE TABLE t (x); INSERT INTO t VALUES (1);")
    elif damage == "torn":
        with file.open("r+b") as opened:
            opened.seek(4096)
            opened.write(os.urandom(8192))
    elif damage == "newer":
        known = [Schema(s.owner, s.steps[:-1]) if s.owner == "mod_offline" else s for s in known]
    else:
        file.unlink()
    before = Path(target.path).read_bytes()
    with pytest.raises(StoreError):
        restore(target, known, file, NOW)
    assert Path(target.path).read_bytes() == before


def test_a_backup_of_earlier_steps_is_restored_and_upgraded_by_the_next_start(tmp_path: Path) -> None:
    source, target = (StoreConfig("sqlite", str(tmp_path / name)) for name in ("x", "y"))
    earlier = [Schema(s.owner, s.steps[:1]) if s.owner == "mod_offline" else s for s in schemas.ALL]
    store.open_backend(source, earlier).close()
    conn = sqlite3.connect(source.path)
    conn.execute("INSERT INTO offline VALUES ('localhost', 'romeo', 1, 2, '<m/>', 0)")
    conn.commit()
    conn.close()
    back_up(source, schemas.ALL, tmp_path / "backup")
    restore(target, schemas.ALL, tmp_path / "backup", NOW)
    assert [row.total for row in all_rows(target)] == [0]


def test_a_restore_that_is_killed_leaves_what_was_there(tmp_path: Path) -> None:
    """A crash point stands where the file is whole but not in its place."""
    target = StoreConfig("sqlite", str(tmp_path / "x.sqlite3"))
    fill(target, *RECORDS[:3])
    back_up(target, schemas.ALL, tmp_path / "backup")
    fill(target, Account("localhost", "later", "", "", ""))

    class Killed(BaseException):
        pass

    def die(name: str) -> None:
        if name == "db.in_backup":
            raise Killed

    crash_points.WATCHERS.append(die)
    try:
        with pytest.raises(Killed):
            restore(target, schemas.ALL, tmp_path / "backup", NOW)
    finally:
        crash_points.WATCHERS.remove(die)
    assert "later" in {getattr(row, "user", "") for row in all_rows(target)}


def test_a_server_goes_on_writing_during_a_backup(tmp_path: Path) -> None:
    source = StoreConfig("sqlite", str(tmp_path / "x.sqlite3"))
    fill(source, *RECORDS)

    async def body() -> None:
        backend = store.open_backend(source, schemas.ALL)
        thread = threading.Thread(target=back_up, args=(source, schemas.ALL, tmp_path / "backup"))
        thread.start()
        written = 0
        while thread.is_alive() or not written:
            await backend.transaction(lambda tx, n=written: tx.write(Account("x", str(n), "", "", "")))  # type: ignore[misc]
            written += 1
        thread.join()
        backend.close()

    node.run(body)
    assert on(StoreConfig("sqlite", str(tmp_path / "backup")), lambda b: b.count(store.Table.by_record[Account])) >= 2
