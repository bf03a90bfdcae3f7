"""The last of a disk."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.support import node, schemas
from xmppd.mods.mod_vcard import VCARD, Vcard
from xmppd.store import disk_room, measures
from xmppd.store.backend import StoreError
from xmppd.store.disk_room import DiskRoom
from xmppd.store.store_sqlite import SqliteStore


def disk(monkeypatch: pytest.MonkeyPatch, free: int, size: int = 100 << 30) -> None:
    found = SimpleNamespace(f_bavail=free >> 12, f_blocks=size >> 12, f_frsize=4096)
    monkeypatch.setattr(disk_room.os, "statvfs", lambda path: found)


def test_the_reserve_is_16_mib_and_of_a_small_disk_a_quarter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    room = DiskRoom(str(tmp_path / "x"))
    for free, size, enough in [
        (17 << 20, 100 << 30, True),
        (15 << 20, 100 << 30, False),
        (6 << 20, 20 << 20, True),
        (4 << 20, 20 << 20, False),
    ]:
        disk(monkeypatch, free, size)
        assert (room.shortage() is None) == enough


def test_the_log_has_the_begin_and_the_end(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    room = DiskRoom(str(tmp_path / "x"))
    with caplog.at_level(logging.INFO, "xmppd.store"):
        for free in (1 << 40, 0, 0, 1 << 40, 1 << 40):
            disk(monkeypatch, free)
            room.shortage()
    assert [record.levelname for record in caplog.records] == ["CRITICAL", "WARNING"]


def test_while_only_the_reserve_is_left_rows_are_deleted_and_read_but_not_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def body() -> None:
        store = SqliteStore(str(tmp_path / "x.sqlite3"), schemas=schemas.ALL)
        await store.transaction(lambda tx: tx.write_many([Vcard("localhost", str(n), "") for n in range(3)]))
        with monkeypatch.context() as full:
            disk(full, 0)
            with pytest.raises(StoreError, match="is full") as caught:
                await store.transaction(lambda tx: tx.write(Vcard("localhost", "romeo", "")))
            assert (caught.value.condition, caught.value.reason) == ("resource-constraint", "full")
            assert await store.transaction(lambda tx: tx.delete(VCARD, ("localhost", "1"))) is True
            assert await store.count(VCARD) == 2
            assert "is full" in measures.trouble()
        await store.transaction(lambda tx: tx.write(Vcard("localhost", "romeo", "")))
        assert measures.trouble() == ""
        assert await store.count(VCARD) == 3
        store.close()

    node.run(body)


async def fill(store: SqliteStore) -> tuple[int, StoreError]:
    for stored in range(10_000):
        try:
            await store.transaction(lambda tx, n=stored: tx.write(Vcard("localhost", str(n), "x" * 100_000)))  # type: ignore[misc]
        except StoreError as error:
            return stored, error
    raise AssertionError("the disk is never full")


@pytest.mark.skipif(os.getuid() != 0, reason="only root may mount a small disk")
def test_a_disk_that_is_really_full_loses_nothing_and_is_used_again_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.system(f"mount -t tmpfs -o size=24m none {folder} 2>/dev/null") != 0:
        pytest.skip("this machine lets nobody mount")

    async def body() -> None:
        store = SqliteStore(str(folder / "x.sqlite3"), schemas=schemas.ALL)
        stored, error = await fill(store)
        assert (error.condition, error.reason) == ("resource-constraint", "full")
        assert await store.count(VCARD) == stored > 20
        os.system(f"dd if=/dev/zero of={folder}/big bs=1024 status=none 2>/dev/null")  # to the last octet
        with pytest.raises(StoreError):
            await store.transaction(lambda tx: tx.write(Vcard("localhost", "romeo", "")))
        assert await store.count(VCARD) == stored
        (folder / "big").unlink()
        for n in range(stored):
            await store.transaction(lambda tx, n=n: tx.delete(VCARD, ("localhost", str(n))))  # type: ignore[misc]
        assert await store.count(VCARD) == 0
        store.close()

    try:
        node.run(body)
    finally:
        os.system(f"umount -l {folder}")
