"""test_parent — what the parent takes before it boots, and gives back when it cannot have it all.

Way:  xmppd.node.parent
"""

from __future__ import annotations

import argparse
import os
import socket
from pathlib import Path

import pytest

from tests.support import logs
from xmppd.commands import CommandError
from xmppd.node import parent, ports
from xmppd.node.home import Home

_logging = pytest.fixture(logs.kept, autouse=True)


def said(home: Path, **flags: str) -> argparse.Namespace:
    given = {"listen.1.port": "0", "listen.2.port": "0", "listen.3.port": "0", "workers": "2", **flags}
    words = [word for name, value in given.items() for word in ("--set", f"{name}={value}")]
    return parent._arguments().parse_args(["--home", str(home), *words])


def test_home_ports_and_certificates_are_taken(tmp_path: Path) -> None:
    made = parent.prepare(said(tmp_path))
    try:
        assert Home(tmp_path).pid() == os.getpid()
        assert (tmp_path / "certs" / "localhost.pem").exists()
        assert [len(sockets) for sockets in made.sockets] == [2, 2, 2]
        assert made.flags["workers"] == "2"
        assert len(made.cookie) == 32
        with pytest.raises(CommandError, match="belongs to a running server") as caught:
            parent.prepare(said(tmp_path))
        assert caught.value.status == 1
    finally:
        ports.close_all(made.sockets)


@pytest.mark.parametrize(
    ("flags", "status", "words"),
    [({"limits.rate": "3"}, 78, "limits.rate must be"), ({"listen.1.ip": "192.0.2.1"}, 78, "no such address")],
)
def test_what_cannot_be_had_is_said(tmp_path: Path, flags: dict[str, str], status: int, words: str) -> None:
    with pytest.raises(CommandError, match=words) as caught:
        parent.prepare(said(tmp_path, **flags))
    assert caught.value.status == status


def test_a_taken_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        with pytest.raises(CommandError, match=f"port {port} .* is taken by") as caught:
            parent.prepare(said(tmp_path, **{"listen.2.port": port}))
    assert caught.value.status == 75


def test_a_home_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    with pytest.raises(CommandError):
        parent.prepare(said(tmp_path / "home"))


def test_the_workers_last_words_are_the_reason() -> None:
    assert parent._readable("x", ("exit_status", 1, ("no disk",))) == "a worker cannot start:\nno disk"
    assert parent._readable("x", ("exit_status", 1, ())) == "x"
    assert parent._readable("x", "shutdown") == "x"
