"""test_control — the control socket, asked by a client of another thread.

Way:  xmppd.node.control
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otp.erts import process
from otp.erts.blocking import run_blocking
from otp.erts.signals import Exit
from otp.kernel import line_socket, unix_socket
from otp.stdlib import gen_server
from tests.support.node import run
from xmppd.cli import client
from xmppd.commands import Answer, CommandError
from xmppd.node import control
from xmppd.node.home import Home


async def execute(name: str, params: dict[str, Any]) -> Answer:
    if name == "fail":
        raise CommandError("cannot", 75)
    if name == "crash":
        raise RuntimeError("boom")
    return Answer({"name": name, **params})


def with_server(home: Home, body: Callable[[], Any]) -> Any:
    async def main() -> Any:
        pid = await control.start_link(home.control, execute)
        result = await run_blocking(body)
        await gen_server.stop(pid)
        assert not home.control.exists()
        return result

    home.create()
    return run(main)


def test_a_command_and_its_result(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert with_server(home, lambda: client.ask(home, "x", {"a": 1})) == {"name": "x", "a": 1}


def test_a_very_long_home_is_no_obstacle(tmp_path: Path) -> None:
    home = Home(tmp_path / ("x" * 100) / ("y" * 100))
    assert with_server(home, lambda: client.ask(home, "x", {})) == {"name": "x"}


def test_errors_keep_their_words_and_status(tmp_path: Path) -> None:
    home = Home(tmp_path)

    def ask() -> list[tuple[str, int]]:
        found = []
        for name in ("fail", "crash"):
            with pytest.raises(CommandError) as caught:
                client.ask(home, name, {})
            found.append((str(caught.value), caught.value.status))
        return found

    assert with_server(home, ask) == [("cannot", 75), ("RuntimeError: boom", 1)]


def test_requests_in_pieces_several_at_once_and_nonsense(tmp_path: Path) -> None:
    home = Home(tmp_path)

    def talk() -> list[dict[str, Any]]:
        sock = unix_socket.connect(home.control)
        sock.settimeout(5)
        for piece in (b'{"comm', b'and": "a"}\n{"command": "b"}\nnonsense\n', b"[]\n"):
            sock.sendall(piece)
        lines = sock.makefile("rb")
        answers = [json.loads(lines.readline()) for _ in range(4)]
        sock.close()
        return answers

    answers = with_server(home, talk)
    assert answers[:2] == [{"ok": {"name": "a"}}, {"ok": {"name": "b"}}]
    assert [answer["status"] for answer in answers[2:]] == [2, 2]


def test_a_request_without_end_is_cut_off(tmp_path: Path) -> None:
    home = Home(tmp_path)

    def flood() -> bytes:
        sock = unix_socket.connect(home.control)
        sock.settimeout(5)
        try:
            sock.sendall(b"x" * (line_socket.LONGEST + 70000))
            return sock.recv(1)
        except (ConnectionResetError, BrokenPipeError):
            return b""

    assert with_server(home, flood) == b""


def test_only_the_owner_may_open_the_socket(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert with_server(home, lambda: home.control.stat().st_mode & 0o777) == 0o600
    assert socket.AF_UNIX


def test_after_a_kill_the_next_control_listens_at_the_same_place(tmp_path: Path) -> None:
    home = Home(tmp_path)

    async def main() -> Any:
        process.trap_exit()
        first = await control.start_link(home.control, execute)
        process.exit_(first, "kill")
        await process.receive(lambda message: isinstance(message, Exit))
        await control.start_link(home.control, execute)
        return await run_blocking(lambda: client.ask(home, "x", {}))

    home.create()
    assert run(main) == {"name": "x"}
