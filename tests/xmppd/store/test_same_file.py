"""A database that is taken away under the server: nothing more is acknowledged, and no other is made beside it."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from tests.support import node, schemas
from xmppd.mods.mod_vcard import VCARD, Vcard
from xmppd.store import same_file
from xmppd.store.backend import StoreConfig, StoreError
from xmppd.store.store_sqlite import open_store


def card(user: str) -> Vcard:
    return Vcard("localhost", user, "")


@pytest.mark.parametrize("how", ["taken away", "replaced", "folder"])
def test_nothing_is_acknowledged_into_a_file_that_nobody_will_find(
    how: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "data"
    path = folder / "x.sqlite3"

    async def body() -> None:
        store = open_store(StoreConfig("sqlite", str(path)), schemas.ALL)
        await store.transaction(lambda tx: tx.write(card("romeo")))
        aside = tmp_path / "aside"
        moved = folder if how == "folder" else path
        moved.rename(aside)
        if how == "replaced":
            path.write_bytes(aside.read_bytes())
        for _ in range(3):
            with pytest.raises(StoreError, match="while the server runs") as caught:
                await store.transaction(lambda tx: tx.write(card("juliet")))
            assert caught.value.condition == "resource-constraint"
        assert await store.count(VCARD) == 1, "what is open can still be read"
        if how == "taken away":
            with pytest.raises(StoreError, match="put it back"):
                open_store(StoreConfig("sqlite", str(path)), schemas.ALL)
            assert not path.exists(), "no second one beside it"
        aside.replace(moved) if how != "folder" else aside.rename(folder)
        await store.transaction(lambda tx: tx.write(card("nurse")))
        store.close()

    with caplog.at_level(logging.CRITICAL, "xmppd.store"):
        node.run(body)
    assert len([record for record in caplog.records if record.levelno == logging.CRITICAL]) == 1


def test_another_release_may_open_what_was_put_there(tmp_path: Path) -> None:
    path = str(tmp_path / "x.sqlite3")
    Path(path).touch()
    Path(path + "-lock").touch()
    same_file.opened(path, "1.100")
    Path(path).unlink()
    with pytest.raises(StoreError):
        same_file.may_open(path, "1.100")
    same_file.may_open(path, "1.200")
    Path(path + "-lock").write_bytes(b"\xff")
    same_file.may_open(path, "1.100")


def test_workers_of_one_release_are_told_which_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(same_file.RELEASE, "5eed")
    assert same_file.release() == "5eed"
    monkeypatch.delenv(same_file.RELEASE)
    assert same_file.release() == f"child-of-{os.getppid()}"
