"""The listeners: opened with the tree, closed before it."""

import socket

import pytest

from otp.erts import process
from otp.stdlib import supervisor
from tests.support import node
from xmppd.net import listener_sup
from xmppd.net.acceptor import Service
from xmppd.net.connection import Connection
from xmppd.net.connection_limits import OpenConnections
from xmppd.net.listener import Address, get_socket
from xmppd.net.listener_sup import ListenerSpec, ListenerSup
from xmppd.net.tcp_connection import Tcp


async def nobody(_connection: Connection) -> None:
    return None


def spec(name: str) -> ListenerSpec:
    return ListenerSpec(Address(name, "127.0.0.1", 0), Service(nobody, OpenConnections(), Tcp().connect))


def test_each_address_has_a_listener_and_an_acceptor() -> None:
    async def body() -> None:
        await supervisor.start_link(ListenerSup, [spec("a"), spec("b")], name=listener_sup.NAME)
        ids = [child.id for child in await supervisor.which_children(listener_sup.NAME)]
        assert ids == ["listener:a", "acceptor:a", "listener:b", "acceptor:b"]

    node.run(body)


def test_a_crashed_acceptor_comes_back_to_the_same_socket() -> None:
    async def body() -> None:
        await supervisor.start_link(ListenerSup, [spec("a")], name=listener_sup.NAME)
        sock = await get_socket("listener:a")
        first = process.whereis("acceptor:a")
        assert first is not None
        process.exit_(first, "kill")
        await node.until(lambda: process.whereis("acceptor:a") not in (None, first))
        assert await get_socket("listener:a") is sock

    node.run(body)


def test_a_crashed_listener_is_bound_again_and_served() -> None:
    async def body() -> None:
        await supervisor.start_link(ListenerSup, [spec("a")], name=listener_sup.NAME)
        before, accepting = process.whereis("listener:a"), process.whereis("acceptor:a")
        assert before is not None
        process.exit_(before, "kill")
        await node.until(lambda: process.whereis("listener:a") not in (None, before))
        await node.until(lambda: process.whereis("acceptor:a") not in (None, accepting))
        socket.create_connection((await get_socket("listener:a")).getsockname()).close()

    node.run(body)


def test_a_listener_that_is_closed_refuses() -> None:
    async def body() -> None:
        sup = await supervisor.start_link(ListenerSup, [spec("a")], name=listener_sup.NAME)
        assert sup is not None
        address = (await get_socket("listener:a")).getsockname()
        await listener_sup.close_listeners()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address)
        assert process.is_alive(sup)

    node.run(body)


def test_closing_none_is_no_error() -> None:
    node.run(listener_sup.close_listeners)
