"""test_client — a program is asked; one that does not run, is too slow or goes away is told apart.

Way:  otp.observer.client
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from otp.observer import client
from otp.observer.errors import NobodyListens, ObserverError


@contextlib.contextmanager
def answering(path: Path, act: Callable[[socket.socket], None]) -> Iterator[None]:
    """Somebody who listens at `path` and does this to the first who comes."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                act(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join()


def say(*words: bytes) -> Callable[[socket.socket], None]:
    def act(connection: socket.socket) -> None:
        connection.recv(65536)
        for word in words:
            connection.sendall(word)

    return act


def test_the_answer_is_what_was_said(tmp_path: Path) -> None:
    with answering(tmp_path / "s", say(b'{"ok": ', b"[1]}\n")):
        assert client.ask(tmp_path / "s", "tree", {}) == [1]


@pytest.mark.parametrize(("said", "words"), [(b'{"error": "no such order"}\n', "no such order"), (b"", "went away")])
def test_what_is_refused_or_never_said(tmp_path: Path, said: bytes, words: str) -> None:
    with answering(tmp_path / "s", say(said)), pytest.raises(ObserverError, match=words):
        client.ask(tmp_path / "s", "tree", {})


def test_who_takes_too_long(tmp_path: Path) -> None:
    done = threading.Event()
    with answering(tmp_path / "s", lambda _: done.wait(30) or None):
        with pytest.raises(ObserverError, match="no answer within"):
            client.ask(tmp_path / "s", "tree", {}, timeout=0.05)
        done.set()


def test_nobody_is_there(tmp_path: Path) -> None:
    with pytest.raises(NobodyListens, match="nobody answers at"):
        client.ask(tmp_path / "s", "tree", {})
