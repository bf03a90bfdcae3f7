"""The process that keeps the backend open, and the functions that find it."""

from __future__ import annotations

from pathlib import Path

import pytest

from otp.erts import process
from otp.erts.exits import StartError
from otp.stdlib import gen_server
from tests.support import node, schemas
from xmppd.mods import mod_vcard
from xmppd.store import store
from xmppd.store.backend import StoreConfig, StoreError, Tx

VCARD = mod_vcard.Vcard("localhost", "romeo", "<vCard/>")


def write(tx: Tx) -> str:
    tx.write(VCARD)
    return "written"


def test_the_functions_reach_the_open_backend() -> None:
    async def body() -> None:
        await store.start_link(StoreConfig("memory"), schemas.ALL)
        assert process.whereis("store") is not None
        assert await store.transaction(write) == "written"
        assert await store.read(mod_vcard.VCARD, ("localhost", "romeo")) == VCARD
        assert await store.select(mod_vcard.VCARD, ("localhost",)) == [VCARD]
        assert await store.count(mod_vcard.VCARD) == 1
        await gen_server.stop("store")

    node.run(body)


def test_without_a_store_nothing_is_acknowledged() -> None:
    async def body() -> None:
        await store.start_link(StoreConfig("memory"), schemas.ALL)
        await gen_server.stop("store")
        with pytest.raises(StoreError, match="not running") as caught:
            await store.transaction(write)
        assert caught.value.condition == "resource-constraint"

    node.run(body)


def test_what_was_acknowledged_is_there_after_stop_and_start(tmp_path: Path) -> None:
    config = StoreConfig("sqlite", str(tmp_path / "var" / "x.sqlite3"))

    async def body() -> None:
        await store.start_link(config, schemas.ALL)
        await store.transaction(write)
        await gen_server.stop("store")
        await store.start_link(config, schemas.ALL)
        assert await store.read(mod_vcard.VCARD, ("localhost", "romeo")) == VCARD
        await gen_server.stop("store")

    node.run(body)


def test_after_a_kill_the_next_store_closes_what_was_left_open(tmp_path: Path) -> None:
    config = StoreConfig("sqlite", str(tmp_path / "x.sqlite3"))

    async def body() -> None:
        process.trap_exit(True)
        pid = await store.start_link(config, schemas.ALL)
        await store.transaction(write)
        left = store.current()
        assert pid is not None
        process.exit_(pid, "kill")
        await node.until(lambda: process.whereis("store") is None)
        await store.start_link(config, schemas.ALL)
        assert await store.read(mod_vcard.VCARD, ("localhost", "romeo")) == VCARD
        with pytest.raises(StoreError, match="closed"):
            await left.transaction(write)
        await gen_server.stop("store")

    node.run(body)


@pytest.mark.parametrize(
    ("config", "says"),
    [
        (StoreConfig("mnesia"), "no backend 'mnesia'; there are memory, sqlite, postgres"),
        (StoreConfig("sqlite", "/proc/no/such/x.sqlite3"), "cannot open /proc/no/such/x.sqlite3"),
        (StoreConfig("postgres", "host=/nowhere port=1"), "cannot open PostgreSQL"),
    ],
)
def test_a_store_that_cannot_be_opened_says_why(config: StoreConfig, says: str) -> None:
    async def body() -> None:
        process.trap_exit(True)
        with pytest.raises(StartError) as caught:
            await store.start_link(config, schemas.ALL)
        reason = caught.value.reason
        assert isinstance(reason, tuple)
        assert reason[0] == "store"
        assert says in reason[1]

    node.run(body)
