"""Ready, or not, and why."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from otp.erts import process
from otp.stdlib import supervisor
from xmppd.monitor import health
from xmppd.net import listener_sup
from xmppd.store import measures, store
from xmppd.store.backend import StoreError
from xmppd.testing.server import Server, serve


def play(body: Callable[[Server], Awaitable[None]], **chosen: Any) -> None:
    async def whole() -> None:
        async with serve(**chosen) as server:
            assert await health.reasons() == {}
            await body(server)

    asyncio.run(whole())


def test_a_server_that_stops_takes_no_connections() -> None:
    async def body(server: Server) -> None:
        await listener_sup.close_listeners()
        assert "c2s:127.0.0.1:0" in (await health.reasons())["listeners"]

    play(body)


def test_a_store_that_fails_or_does_not_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def fail(*args: object) -> None:
        raise StoreError("the database is gone")

    async def body(server: Server) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(store.current(), "select", fail)
            assert (await health.reasons())["store"] == "the store cannot be used: the database is gone"
        with monkeypatch.context() as patched:
            patched.setattr(health, "PATIENCE", 0.05)
            patched.setattr(store.current(), "select", lambda *args: process.sleep(1000))
            assert "not answered" in (await health.reasons())["store"]
        assert await health.told() == {"ok": {}}
        measures.failed(StoreError("the last one failed"))
        assert measures.trouble()
        assert await health.reasons() == {}  # a write went well
        assert not measures.trouble()

    play(body, store="sqlite", home=tmp_path)


def test_a_full_disk_is_told_and_one_that_is_no_more(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        usage = shutil.disk_usage(tmp_path)
        with monkeypatch.context() as patched:
            patched.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1024))
            assert (await health.reasons()) == {"disk": "the disk is full: 1 KiB are free"}
        assert await health.reasons() == {}

    play(body, store="sqlite", home=tmp_path)


def test_a_table_that_is_not_whole() -> None:
    async def body(server: Server) -> None:
        await supervisor.terminate_child("xmppd_sup", "sm")
        assert list(await health.reasons()) == ["sessions"]

    play(body)
