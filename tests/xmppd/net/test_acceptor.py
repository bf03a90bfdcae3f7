"""From an accepted connection to the processes that serve it."""

from __future__ import annotations

import errno
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from otp.erts import process
from otp.erts.pid import Pid
from otp.erts.scheduler import THIS
from otp.stdlib import gen_fsm, gen_server, supervisor
from otp.stdlib.gen_fsm import GenFsm, NextState
from tests.support import node
from xmpp_core.parser import StreamStart
from xmppd.net import acceptor, receiver_sup
from xmppd.net.acceptor import Handler, Service
from xmppd.net.connection import Connection
from xmppd.net.connection_limits import ConnectionLimits, OpenConnections
from xmppd.net.descriptors import Descriptors
from xmppd.net.listener import Address, Listener, get_socket
from xmppd.net.receiver_sup import ReceiverSup
from xmppd.net.tcp_connection import Tcp

HEADER = b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"


class Serving(GenFsm[list[Any]]):
    """A handler's process: remembers what it is told."""

    def init(self, connection: Connection, seen: list[Any]) -> tuple[str, list[Any]]:
        seen.append(connection)
        return "on", seen

    def on(self, event: Any, seen: list[Any]) -> Any:
        seen.append(event)
        return NextState("on", seen)


@asynccontextmanager
async def accepting(handler: Handler, connections: OpenConnections) -> AsyncIterator[tuple[str, int]]:
    await supervisor.start_link(ReceiverSup, name=receiver_sup.NAME)
    await gen_server.start(Listener, Address("t", "127.0.0.1", 0), name="listener:t")
    await acceptor.start_link("listener:t", Service(handler, connections, Tcp().connect), "acceptor:t")
    sock = await get_socket("listener:t")
    yield sock.getsockname()


def serve(seen: list[Any]) -> Handler:
    async def handler(connection: Connection) -> Pid | None:
        return await gen_fsm.start(Serving, connection, seen)

    return handler


def test_a_connection_is_handed_over_and_then_read() -> None:
    async def body() -> None:
        seen: list[Any] = []
        connections = OpenConnections()
        async with accepting(serve(seen), connections) as address:
            client = socket.create_connection(address)
            client.send(HEADER)
            await node.until(lambda: len(seen) == 2)
            connection, batch = seen
            assert connection.peer == "127.0.0.1"
            assert type(batch.events[0]) is StreamStart
            assert connections.open == 1
            client.close()
            await node.until(lambda: len(seen) == 3)
            connection.drop()
            await node.until(lambda: connections.open == 0)

    node.run(body)


def test_many_at_once() -> None:
    async def body() -> None:
        seen: list[Any] = []
        connections = OpenConnections()
        async with accepting(serve(seen), connections) as address:
            clients = [socket.create_connection(address) for _ in range(60)]
            await node.until(lambda: len(seen) == 60)
            assert connections.open == 60
            for client in clients:
                client.close()

    node.run(body)


def test_who_is_too_much_is_closed_unread() -> None:
    async def body() -> None:
        seen: list[Any] = []
        async with accepting(serve(seen), OpenConnections(ConnectionLimits(total=1))) as address:
            first = socket.create_connection(address)
            await node.until(lambda: seen)
            second = socket.create_connection(address)
            second.setblocking(False)
            assert await THIS.loop.sock_recv(second, 100) == b""
            assert state_of("acceptor:t").refused == 1
            first.close()

    node.run(body)


def test_a_handler_that_fails_costs_one_connection() -> None:
    async def body() -> None:
        seen: list[Any] = []

        async def handler(connection: Connection) -> Pid | None:
            if not seen:
                seen.append("failed")
                raise gen_fsm.StartError("no")
            return await serve(seen)(connection)

        connections = OpenConnections()
        async with accepting(handler, connections) as address:
            first = socket.create_connection(address)
            first.setblocking(False)
            assert await THIS.loop.sock_recv(first, 100) == b""
            await node.until(lambda: connections.open == 0)
            second = socket.create_connection(address)
            await node.until(lambda: len(seen) == 2)
            second.close()

    node.run(body)


def state_of(name: str) -> Any:
    pid = process.whereis(name)
    assert pid is not None
    return pid.target.state


class Failing:
    """A listening socket whose accept fails."""

    def __init__(self, sock: socket.socket, code: int) -> None:
        self.sock, self.code = sock, code

    def accept(self) -> Any:
        raise OSError(self.code, "failed")

    def fileno(self) -> int:
        return self.sock.fileno()


def test_without_file_descriptors_it_tries_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acceptor, "BACK_OFF", 0.02)

    async def body() -> None:
        seen: list[Any] = []
        async with accepting(serve(seen), OpenConnections()) as address:
            state = state_of("acceptor:t")
            real, state.sock = state.sock, Failing(state.sock, errno.EMFILE)
            acceptor._accept(state, process.whereis("acceptor:t"))  # type: ignore[arg-type]
            assert state.timer is not None
            state.sock = real
            client = socket.create_connection(address)
            await node.until(lambda: seen)
            client.close()

    node.run(body)


def test_an_error_of_the_socket_itself_ends_the_acceptor() -> None:
    async def body() -> None:
        process.trap_exit(True)
        async with accepting(serve([]), OpenConnections()):
            pid = process.whereis("acceptor:t")
            assert pid is not None
            state = state_of("acceptor:t")
            state.sock = Failing(state.sock, errno.EBADF)
            acceptor._accept(state, pid)
            await node.until(lambda: not process.is_alive(pid))

    node.run(body)


def test_it_goes_with_its_listener() -> None:
    async def body() -> None:
        process.trap_exit(True)
        async with accepting(serve([]), OpenConnections()):
            pid = process.whereis("acceptor:t")
            assert pid is not None
            await gen_server.stop("listener:t")
            await node.until(lambda: not process.is_alive(pid))

    node.run(body)


def test_when_too_few_descriptors_are_left_who_comes_is_closed_and_others_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acceptor, "BACK_OFF", 0.02)

    async def body() -> None:
        seen: list[Any] = []
        connections = OpenConnections()
        async with accepting(serve(seen), connections) as address:
            state = state_of("acceptor:t")
            state.descriptors = Descriptors(0)
            client = socket.create_connection(address)
            client.setblocking(False)
            assert await THIS.loop.sock_recv(client, 100) == b""
            assert (state.refused, connections.refused, connections.open) == (1, 1, 0)
            state.descriptors = Descriptors()
            other = socket.create_connection(address)
            await node.until(lambda: seen)
            client.close()
            other.close()

    node.run(body)


def test_while_it_is_held_who_comes_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acceptor, "BACK_OFF", 0.02)

    async def body() -> None:
        seen: list[Any] = []
        connections = OpenConnections(held=True)
        async with accepting(serve(seen), connections) as address:
            client = socket.create_connection(address)
            await node.until(lambda: state_of("acceptor:t").timer is not None)
            assert not seen
            connections.held = False
            await node.until(lambda: seen)
            client.close()

    node.run(body)
