"""A worker's journal: compacted when it is long, begun again when the disk was full, let go at an orderly end."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from otp.erts import process
from tests.support import node
from tests.support.core_server import CoreServer, config_of, play
from tests.support.node import until
from xmppd.mods.stream_management import journal_file, journal_server, lives
from xmppd.mods.stream_management.journal import HandledIn, SessionWritten
from xmppd.mods.stream_management.journal_server import JOURNALS

HOST = "localhost"


def test_it_is_compacted_when_it_is_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_file, "LEAST", 2000)

    async def body() -> None:
        await journal_server.start_link(HOST, tmp_path)
        journal_server.append(HOST, SessionWritten("a", b"1"))
        for h in range(400):
            journal_server.append(HOST, HandledIn("a", h))
        await until(lambda: JOURNALS[HOST].size < 2000)
        journal_server.append(HOST, HandledIn("a", 400))
        assert JOURNALS[HOST].replay().sessions["a"].h_in == 400

    node.run(body)


def test_after_a_full_disk_it_begins_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def body(_: CoreServer) -> None:
        pid = await journal_server.start_link(HOST, tmp_path)
        assert pid is not None
        real = os.write
        with monkeypatch.context() as full:
            full.setattr(os, "write", lambda fd, data: real(fd, data[:3]))
            journal_server.append(HOST, HandledIn("a", 1))
        assert HOST not in JOURNALS
        assert "cannot be written" in caplog.text
        journal_server.append(HOST, HandledIn("a", 2))
        process.send(pid, journal_server.BeginJournal())
        await until(lambda: HOST in JOURNALS)
        journal_server.append(HOST, SessionWritten("a", b"1"))
        assert list(JOURNALS[HOST].replay().sessions) == ["a"]

    play(body, config_of(()))


def test_one_that_is_killed_is_gone_on_with_and_an_orderly_end_lets_go(tmp_path: Path) -> None:
    async def body() -> None:
        first = process.spawn(_hold, tmp_path)
        await until(lambda: HOST in JOURNALS)
        mine = JOURNALS[HOST]
        server = process.whereis(journal_server.name(HOST))
        assert server is not None
        process.exit_(server, "kill")
        await until(lambda: not process.is_alive(first))
        second = await journal_server.start_link(HOST, tmp_path)
        assert second is not None
        assert JOURNALS[HOST] is mine
        assert journal_file.claim(tmp_path, lives.name()) is None
        process.unlink(second)
        process.exit_(second, "shutdown")
        await until(lambda: HOST not in JOURNALS)
        claimed = journal_file.claim(tmp_path, lives.name())
        assert claimed is not None
        claimed.done()

    node.run(body)


async def _hold(folder: Path) -> None:
    await journal_server.start_link(HOST, folder)
    await process.receive()


def test_without_a_folder_nothing_is_written(tmp_path: Path) -> None:
    async def body() -> None:
        await journal_server.start_link(HOST, None)
        journal_server.append(HOST, HandledIn("a", 1))
        assert HOST not in JOURNALS

    node.run(body)
