"""test_steering — the kernel gives connections to those sockets of a port that it was told.

Way:  xmppd.node.steering
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppd.node import steering
from xmppd.node.steering import program


@pytest.fixture
def sockets() -> Iterator[list[socket.socket]]:
    """Three that share a port and listen."""
    made = [socket.socket() for _ in range(3)]
    port = 0
    for sock in made:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind(("127.0.0.1", port))
        port = sock.getsockname()[1]
        sock.listen(100)
        sock.setblocking(False)
    yield made
    for sock in made:
        sock.close()


def spread(sockets: list[socket.socket], count: int = 60) -> list[int]:
    """How many of so many connections come to each."""
    found = [0] * len(sockets)
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(socket.create_connection(sockets[0].getsockname()))
        for number, sock in enumerate(sockets):
            with contextlib.suppress(BlockingIOError):
                while True:
                    sock.accept()[0].close()
                    found[number] += 1
    return found


def test_only_those_that_are_named_get_connections(sockets: list[socket.socket]) -> None:
    if not steering.steer(sockets[0], [0, 2]):
        pytest.skip("this kernel does not do it")
    first, second, third = spread(sockets)
    assert second == 0
    assert first > 0
    assert third > 0
    assert steering.steer(sockets[2], [1])
    assert spread(sockets) == [0, 60, 0]
    assert steering.steer(sockets[1], [])
    assert all(spread(sockets))
    steering.steer(sockets[0], [])  # there is nothing to take away any more


def test_what_waits_stays(sockets: list[socket.socket]) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(30):
            stack.enter_context(socket.create_connection(sockets[0].getsockname()))
        if not steering.steer(sockets[0], [0]):
            pytest.skip("this kernel does not do it")
        sockets[1].accept()[0].close()


def test_a_socket_that_cannot_is_told() -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        assert not steering.steer(sock, [0])


def run(steps: bytes, number: int) -> int:
    """What a program returns for a random number: the four operations that there are."""
    code = list(steering._INSTRUCTION.iter_unpack(steps))
    at, value = 0, 0
    while True:
        operation, yes, no, k = code[at]
        at += 1
        match operation:
            case steering._LOAD:
                value = number
            case steering._MODULO:
                value %= k
            case steering._IF_EQUAL:
                at += yes if value == k else no
            case steering._RETURN:
                return int(k)


@given(st.lists(st.integers(0, 200), min_size=1, max_size=64, unique=True), st.integers(0, 2**32 - 1))
def test_each_place_has_its_share(places: list[int], number: int) -> None:
    assert run(program(places), number) == places[number % len(places)]
