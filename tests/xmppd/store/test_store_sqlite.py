"""The file: who sees it, what survives, what is refused."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from otp.erts import process
from tests.support import node, schemas
from xmppd.mods.mod_vcard import VCARD, Vcard
from xmppd.mods.roster.tables import ROSTER
from xmppd.store import store_sqlite
from xmppd.store.backend import StoreConfig, StoreError, Tx
from xmppd.store.store_sqlite import SqliteStore, open_store


def child(*args: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.support.store_child", *args]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def acknowledged(writer: subprocess.Popen[str]) -> set[str]:
    """What the writer said; a last line that has no end was not said."""
    out, _ = writer.communicate(timeout=60)
    return {line.strip() for line in out.splitlines(keepends=True) if line.endswith("\n")}


def contacts(path: str) -> set[str]:
    """The contacts of both rosters, after checking that each is in both, and the file is sound."""
    conn = sqlite3.connect(path)
    romeo, juliet = (
        {row[0] for row in conn.execute('SELECT contact FROM roster WHERE "user" = ?', (user,))}
        for user in ("romeo", "juliet")
    )
    assert romeo == juliet
    assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    conn.close()
    return romeo


POINTS = ["store.in_group", "store.before_commit", "store.after_commit", "store.answered"]


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("times", [1, 40])
def test_what_was_acknowledged_survives_a_crash_at_any_point(tmp_path: Path, point: str, times: int) -> None:
    path = str(tmp_path / "x.sqlite3")
    writer = child("sqlite", path, "a", f"{point}:{times}")
    said = acknowledged(writer)
    assert writer.returncode == 137
    assert said <= contacts(path)


def test_two_writers_one_killed_both_keep_their_word(tmp_path: Path) -> None:
    path = str(tmp_path / "x.sqlite3")
    one, other = child("sqlite", path, "a"), child("sqlite", path, "b")
    assert one.stdout is not None
    heard = {one.stdout.readline().strip() for _ in range(200)}
    one.kill()
    heard |= acknowledged(one)
    assert one.returncode == -signal.SIGKILL
    others = acknowledged(other)
    assert other.returncode == 0
    assert len(others) == 3200
    assert heard | others <= contacts(path)


def test_a_read_sees_what_another_process_committed(tmp_path: Path) -> None:
    path = str(tmp_path / "x.sqlite3")

    async def body() -> None:
        store = open_store(StoreConfig("sqlite", path), schemas.ALL)
        assert await store.count(ROSTER) == 0
        said = acknowledged(child("sqlite", path, "a"))
        assert {item.contact for item in await store.select(ROSTER, ("localhost", "romeo"))} == said
        assert await store.count(ROSTER) == 2 * len(said)
        store.close()

    node.run(body)


def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "data" / "x.sqlite3"

    async def body() -> None:
        open_store(StoreConfig("sqlite", str(path)), schemas.ALL).close()

    node.run(body)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_file_of_a_newer_server_is_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "x.sqlite3")

    async def body() -> None:
        open_store(StoreConfig("sqlite", path), schemas.ALL).close()
        conn = sqlite3.connect(path)
        conn.execute("INSERT INTO schema_version VALUES (999, 'later')")
        conn.commit()
        conn.close()
        with pytest.raises(StoreError, match="schema 999"):
            open_store(StoreConfig("sqlite", path), schemas.ALL)

    node.run(body)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite3"
    path.write_text("not a database" * 100)

    async def body() -> None:
        with pytest.raises(StoreError, match="not a database"):
            open_store(StoreConfig("sqlite", str(path)), schemas.ALL)

    node.run(body)


def test_an_old_sqlite_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_sqlite, "OLDEST", (99, 0, 0))
    with pytest.raises(StoreError, match="older"):
        open_store(StoreConfig("sqlite", str(tmp_path / "x")), schemas.ALL)


def test_a_full_disk_is_a_wait_and_nothing_is_half_stored(tmp_path: Path) -> None:
    path = str(tmp_path / "x.sqlite3")

    def big(name: str) -> object:
        def fn(tx: Tx) -> None:
            tx.write(Vcard("localhost", name, "x" * 2_000_000))
            tx.write(Vcard("localhost", name + "2", "small"))

        return fn

    async def body() -> None:
        store = SqliteStore(path, schemas=schemas.ALL)
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
        try:
            with pytest.raises(StoreError) as caught:
                await store.transaction(big("romeo"))  # type: ignore[arg-type]
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, handler)
        assert caught.value.condition == "resource-constraint"
        assert await store.count(VCARD) == 0
        await store.transaction(big("juliet"))  # type: ignore[arg-type]
        assert await store.count(VCARD) == 2
        store.close()

    node.run(body)


def test_too_many_waiting_are_told_to_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_sqlite, "MAX_WAITING", 3)

    async def body() -> None:
        store = SqliteStore(str(tmp_path / "x.sqlite3"), schemas=schemas.ALL)
        outcomes: list[str] = []

        async def one(n: int) -> None:
            try:
                await store.transaction(lambda tx: tx.write(Vcard("localhost", str(n), "")))
                outcomes.append("stored")
            except StoreError as exc:
                outcomes.append(exc.condition)

        refs = [process.spawn_monitor(one, n)[1] for n in range(5)]
        for _ in refs:
            await process.receive()
        assert sorted(outcomes) == ["resource-constraint"] * 2 + ["stored"] * 3
        assert await store.count(VCARD) == 3
        store.close()

    node.run(body)


def open_files(folder: Path) -> list[str]:
    found = []
    for fd in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            found.append(os.readlink(f"/proc/self/fd/{fd}"))
    return [name for name in found if name.startswith(str(folder))]


def test_closing_leaves_no_file_open(tmp_path: Path) -> None:
    async def body() -> None:
        store = open_store(StoreConfig("sqlite", str(tmp_path / "x.sqlite3")), schemas.ALL)
        await store.transaction(lambda tx: tx.write(Vcard("localhost", "romeo", "")))
        assert open_files(tmp_path)
        store.close()
        store.close()
        assert not open_files(tmp_path)

    node.run(body)


def test_what_cannot_be_opened_leaves_no_file_open(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite3").write_text("not a database" * 100)
    with pytest.raises(StoreError):
        open_store(StoreConfig("sqlite", str(tmp_path / "x.sqlite3")), schemas.ALL)
    assert not open_files(tmp_path)
