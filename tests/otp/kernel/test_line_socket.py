"""test_line_socket — requests of a line each are answered in order, as long as their process lives.

Way:  otp.kernel.line_socket
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otp.erts import process
from otp.erts.signals import Down
from otp.kernel import line_socket, unix_socket
from tests.support.node import run


async def echo(line: bytes) -> dict[str, Any]:
    return {"said": line.decode()}


async def listener(path: Path) -> None:
    line_socket.listen(path, echo)
    process.send("test", "open")
    await process.receive(lambda message: message == "end")


def beside(path: Path, talk: Callable[[], Any]) -> Any:
    """What `talk` gives, in a thread, while a process listens."""

    async def body() -> Any:
        process.register("test", process.self_())
        pid, ref = process.spawn_monitor(listener, path)
        assert await process.receive() == "open"
        told = await asyncio.to_thread(talk)
        process.send(pid, "end")
        await process.receive(lambda message: isinstance(message, Down) and message.ref is ref)
        assert not path.exists()
        return told

    return run(body)


def test_requests_in_pieces_and_several_at_once(tmp_path: Path) -> None:
    def talk() -> list[Any]:
        with unix_socket.connect(tmp_path / "s") as sock, sock.makefile("rb") as lines:
            sock.settimeout(30)
            for piece in (b"on", b"e\ntwo\n", b"three\n"):
                sock.sendall(piece)
            return [json.loads(lines.readline())["said"] for _ in range(3)]

    assert beside(tmp_path / "s", talk) == ["one", "two", "three"]


def test_who_sends_without_end_is_hung_up_on(tmp_path: Path) -> None:
    def flood() -> bool:
        with unix_socket.connect(tmp_path / "s") as sock:
            sock.settimeout(30)
            try:
                sock.sendall(b"x" * (line_socket.LONGEST + 70000))
                return sock.recv(1) == b""
            except (ConnectionResetError, BrokenPipeError):
                return True

    assert beside(tmp_path / "s", flood)


def test_however_the_process_ends_its_successor_can_listen(tmp_path: Path) -> None:
    async def body() -> None:
        process.register("test", process.self_())
        for _ in range(3):
            pid, _ = process.spawn_monitor(listener, tmp_path / "s")
            assert await process.receive() == "open"
            process.exit_(pid, "kill")
            assert isinstance(await process.receive(), Down)

    run(body)


def test_a_path_that_is_taken_is_an_error(tmp_path: Path) -> None:
    async def body() -> None:
        line_socket.listen(tmp_path / "s", echo)
        with pytest.raises(OSError, match="something listens there"):
            line_socket.listen(tmp_path / "s", echo)

    run(body)
