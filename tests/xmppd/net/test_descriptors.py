"""The last descriptors are not for connections; without any, who waits is told so."""

from __future__ import annotations

import os
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from xmppd.net.descriptors import Descriptors


@contextmanager
def none_left() -> Iterator[None]:
    """This process may open no further file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_number_of_a_descriptor_says_how_many_are_in_use() -> None:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    descriptors = Descriptors()
    assert not descriptors.are_short(int(soft * 0.94))
    assert descriptors.are_short(int(soft * 0.95))
    descriptors.close()


def test_without_any_who_waits_is_closed_and_the_reserve_is_there_again() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setblocking(False)
    clients = [socket.create_connection(listening.getsockname()) for _ in range(2)]
    descriptors = Descriptors()
    with none_left():
        with pytest.raises(OSError, match="Too many open files"):
            listening.accept()
        assert descriptors.turn_away(listening) == 1
        assert descriptors.turn_away(listening) == 1
        assert descriptors.turn_away(listening) == 0
    assert [client.recv(1) for client in clients] == [b"", b""]
    descriptors.close()
    for sock in (*clients, listening):
        sock.close()


def test_a_reserve_that_is_gone_is_made_again_when_there_are_descriptors() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(listening.getsockname())
    with none_left():
        descriptors = Descriptors()
        assert descriptors.turn_away(listening) == 0
    assert descriptors.turn_away(listening) == 0
    assert descriptors.turn_away(listening) == 1
    assert client.recv(1) == b""
    descriptors.close()
    client.close()
    listening.close()
