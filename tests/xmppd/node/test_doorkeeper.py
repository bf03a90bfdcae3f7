"""test_doorkeeper — nobody is sent to the door of a worker that does not serve.

Way:  xmppd.node.doorkeeper
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from otp.erts import process
from otp.erts.pid import Pid
from otp.kernel import peer
from otp.kernel.node import BOOK, NodeDown, NodeUp
from otp.stdlib import gen_server
from tests.support import node
from xmppd.config.load import load
from xmppd.node import doorkeeper, ports
from xmppd.node.parent_state import Parent


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[Parent]:
    free = {f"listen.{number}.port": "0" for number in (1, 2, 3)}
    flags = {"workers": "2", **free, "node.restart_seconds": "5"}
    config = load(None, tmp_path, {}, flags)
    bound = ports.bind_all(config.listen, 2)
    for sockets in bound:  # as the workers do
        for sock in sockets:
            sock.listen(100)
    BOOK.clear()
    yield Parent(config, None, flags, bound)
    BOOK.clear()
    BOOK.silent.clear()
    ports.close_all(bound)


def waiting(parent: Parent, place: int, tries: int = 40) -> int:
    """How many of so many connections come to a worker's door."""
    count = 0
    with contextlib.ExitStack() as stack:
        for _ in range(tries):
            with contextlib.suppress(ConnectionError):
                stack.enter_context(socket.create_connection(("127.0.0.1", parent.ports[0]), 5))
        for number, sock in enumerate(parent.sockets[0]):
            with contextlib.suppress(OSError):  # shut, or nobody waits
                while True:
                    sock.accept()[0].close()
                    count += number == place
    return count


def play(body: Callable[[Pid], Awaitable[None]], parent: Parent) -> None:
    async def main() -> None:
        for name in parent.workers:
            BOOK.up(name, 1)
        keeper = await gen_server.start_link(doorkeeper.Doorkeeper, parent)
        assert keeper is not None
        await body(keeper)

    node.run(main)


async def tell(keeper: Pid, message: NodeUp | NodeDown, silent: bool = False) -> None:
    if silent:
        BOOK.silent[message.name] = message.creation
    (BOOK.up if isinstance(message, NodeUp) else BOOK.down)(message.name, message.creation)  # which tells the keeper
    await process.sleep(0.02)


def test_a_silent_worker_gets_no_connection_until_it_is_back(parent: Parent) -> None:
    async def body(keeper: Pid) -> None:
        assert 0 < waiting(parent, 1) < 40
        await tell(keeper, NodeDown("w2", 1), silent=True)
        assert (waiting(parent, 0), waiting(parent, 1)) == (40, 0)
        await tell(keeper, NodeUp("w2", 1))
        assert 0 < waiting(parent, 1) < 40

    play(body, parent)


def connected(parent: Parent, stack: contextlib.ExitStack, count: int = 40) -> list[socket.socket]:
    """So many connections, which nobody has accepted yet."""
    port = parent.ports[0]
    return [stack.enter_context(socket.create_connection(("127.0.0.1", port), 5)) for _ in range(count)]


def reset(connections: list[socket.socket]) -> int:
    """How many of them are broken."""
    count = 0
    for connection in connections:
        connection.settimeout(0.01)
        try:
            connection.recv(1)
        except TimeoutError:
            pass
        except ConnectionError:
            count += 1
    return count


def test_it_knows_who_is_where_after_many_went_and_came(parent: Parent) -> None:
    async def body(keeper: Pid) -> None:
        for name, other in (("w1", 1), ("w2", 0), ("w1", 1), ("w1", 1), ("w2", 0)):
            await tell(keeper, NodeDown(name, 1), silent=True)  # shut, and opened again behind the other
            assert waiting(parent, other) == 40
            await tell(keeper, NodeUp(name, 1))
            assert 0 < waiting(parent, other) < 40
            await tell(keeper, NodeDown(name, 1))  # not shut
            assert waiting(parent, other) == 40
            await tell(keeper, NodeUp(name, 1))
            assert 0 < waiting(parent, other) < 40

    play(body, parent)


def test_while_no_other_serves_nothing_is_shut(parent: Parent) -> None:
    async def body(keeper: Pid) -> None:
        await tell(keeper, NodeDown("w2", 1), silent=True)
        await tell(keeper, NodeDown("w1", 1), silent=True)
        assert waiting(parent, 0) > 0
        await tell(keeper, NodeUp("w1", 1))
        assert waiting(parent, 1) == 0

    play(body, parent)


def test_who_does_not_wake_is_killed(parent: Parent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorkeeper, "SILENCE", 4.8)
    killed: list[object] = []
    monkeypatch.setattr(peer, "kill", killed.append)  # there is no worker here to kill: test_mesh has one

    async def body(keeper: Pid) -> None:
        peers = {name: process.spawn(process.receive, name=name) for name in parent.workers}
        await tell(keeper, NodeDown("w1", 1), silent=True)
        await tell(keeper, NodeDown("w2", 1), silent=True)
        await tell(keeper, NodeUp("w2", 1))
        await process.sleep(0.5)
        assert killed == [peers["w1"]]


def test_who_was_started_again_meanwhile_is_not_killed_for_the_one_before(
    parent: Parent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doorkeeper, "SILENCE", 4.8)
    killed: list[object] = []
    monkeypatch.setattr(peer, "kill", killed.append)

    async def body(keeper: Pid) -> None:
        before = process.spawn(process.receive, name="w1")
        await tell(keeper, NodeDown("w1", 1), silent=True)
        process.exit_(before, "kill")
        process.spawn(process.receive, name="w1")  # it has not connected yet
        await process.sleep(0.5)
        assert killed == []

    play(body, parent)
