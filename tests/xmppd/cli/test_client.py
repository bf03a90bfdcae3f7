"""test_client — asking a server that is there, is not there, or goes away.

Way:  xmppd.cli.client
"""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from otp.kernel import unix_socket
from xmppd.cli import client
from xmppd.cli.client import NotRunning
from xmppd.commands import CommandError
from xmppd.node.home import Home


def answering(home: Home, *lines: bytes) -> threading.Thread:
    home.create()
    sock = unix_socket.listen(home.control)
    sock.setblocking(True)

    def serve() -> None:
        connection, _ = sock.accept()
        connection.recv(65536)
        connection.sendall(b"".join(lines))
        connection.close()
        sock.close()

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(NotRunning) as caught:
        client.ask(Home(tmp_path), "ping", {})
    assert caught.value.status == 3


def test_a_socket_that_nobody_serves(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.create()
    unix_socket.listen(home.control).close()
    with pytest.raises(NotRunning):
        client.ask(home, "ping", {})


def test_notes_come_before_the_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = Home(tmp_path)
    thread = answering(home, b'{"note": "wait"}\n', b'{"ok": [1]}\n')
    assert client.ask(home, "x", {}) == [1]
    assert capsys.readouterr().out == "wait\n"
    thread.join(5)


def test_a_server_that_goes_away(tmp_path: Path) -> None:
    home = Home(tmp_path)
    thread = answering(home)
    with pytest.raises(CommandError, match="went away") as caught:
        client.ask(home, "x", {})
    assert caught.value.status == 75
    thread.join(5)


def test_a_server_that_says_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.create()
    sock = unix_socket.listen(home.control)
    with pytest.raises(CommandError, match=r"no answer within 0\.05 s"):
        client.ask(home, "x", {}, timeout=0.05)
    sock.close()
