"""Sockets at paths of any length, for their owner only."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from otp.kernel import unix_socket


def _paths(tmp_path: Path) -> list[Path]:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    return [Path(os.path.relpath(tmp_path / "short.sock")), deep / "w1.sock"]


@pytest.mark.parametrize("which", [0, 1])
def test_a_path_of_any_length(tmp_path: Path, which: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = _paths(tmp_path)[which]
    with unix_socket.listen(path) as server, unix_socket.connect(path) as client:
        accepted, _ = server.accept()
        with accepted:
            client.send(b"hello")
            assert accepted.recv(10) == b"hello"
            assert unix_socket.peer_uid(accepted) == unix_socket.peer_uid(client) == os.getuid()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_stale_file_is_replaced_a_living_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a.sock"
    unix_socket.listen(path).close()
    assert path.exists()
    with unix_socket.listen(path):
        with pytest.raises(OSError, match="listens there") as error:
            unix_socket.listen(path)
        assert error.value.errno == errno.EADDRINUSE


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        unix_socket.connect(tmp_path / "none.sock")
    unix_socket.listen(tmp_path / "old.sock").close()
    with pytest.raises(ConnectionRefusedError):
        unix_socket.connect(tmp_path / "old.sock")


def test_no_descriptor_is_left_behind(tmp_path: Path) -> None:
    path = tmp_path / ("f" * 120) / "x.sock"
    before = len(os.listdir("/proc/self/fd"))
    path.parent.mkdir()
    unix_socket.listen(path).close()
    with pytest.raises(OSError, match="refused"):
        unix_socket.connect(path)
    assert len(os.listdir("/proc/self/fd")) == before
