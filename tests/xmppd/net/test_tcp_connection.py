"""A stream over a real socket: its header, its elements, its end, and who is told."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from otp.erts import process
from otp.erts.pid import Pid
from otp.erts.scheduler import THIS
from otp.stdlib import gen_fsm, supervisor
from otp.stdlib.gen_fsm import GenFsm, NextState
from tests.support import node
from xmpp_core.element import Element
from xmpp_core.errors import StreamError
from xmppd.net import receiver_sup
from xmppd.net.connection import END_POINT, Batch, Disconnected, Header
from xmppd.net.connection_limits import OpenConnections
from xmppd.net.receiver_sup import ReceiverSup
from xmppd.net.tcp_connection import Tcp, TcpConnection
from xmppd.net.tls import TlsContexts
from xmppd.net.transport import LINGER, Flusher
from xmppd.testing.clock import MovableClock

HEADER = b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"


class Controller(GenFsm[list[Any]]):
    """Remembers its events; says nothing by itself."""

    def init(self, seen: list[Any]) -> tuple[str, list[Any]]:
        return "listening", seen

    def listening(self, event: Any, seen: list[Any]) -> Any:
        seen.append(event)
        return NextState("listening", seen)


async def controller() -> tuple[Pid, list[Any]]:
    seen: list[Any] = []
    return await gen_fsm.start(Controller, seen), seen


def names(seen: list[Any]) -> list[str]:
    """The elements that were told, in order."""
    events = [event for batch in seen if isinstance(batch, Batch) for event in batch.events]
    return [event.name for event in events if type(event) is Element]


async def read(peer: socket.socket) -> str:
    return (await THIS.loop.sock_recv(peer, 10_000)).decode()


@asynccontextmanager
async def connected(kind: Tcp) -> AsyncIterator[tuple[TcpConnection, socket.socket, OpenConnections]]:
    await supervisor.start_link(ReceiverSup, name=receiver_sup.NAME)
    ours, peer = socket.socketpair()
    for sock in (ours, peer):
        sock.setblocking(False)
    open_connections = OpenConnections()
    slot = open_connections.admit("192.0.2.1")
    assert slot is not None
    yield await kind.connect(ours, "192.0.2.1", slot, Flusher(THIS.loop)), peer, open_connections
    peer.close()


def play(body: Callable[[TcpConnection, socket.socket], Awaitable[None]], kind: Tcp | None = None) -> None:
    async def whole() -> None:
        async with connected(kind or Tcp()) as (connection, peer, _):
            await body(connection, peer)

    node.run(whole)


def test_its_words_on_the_wire() -> None:
    async def body(connection: TcpConnection, peer: socket.socket) -> None:
        pid, _ = await controller()
        await connection.control(pid)
        assert not connection.opened
        connection.open(Header("x1", "localhost", "a'b@localhost", None, "en"))
        assert connection.opened
        header = await read(peer)
        assert header.startswith("<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='")
        assert "id='x1' from='localhost' to='a&apos;b@localhost' xml:lang='en'>" in header
        assert "version" not in header.partition("?>")[2]
        connection.send("<presence/>")
        assert await read(peer) == "<presence/>"
        connection.close(StreamError("conflict"))
        assert connection.closing
        connection.close()
        connection.send("<presence/>")
        end = await read(peer)
        assert end.startswith("<stream:error><conflict ")
        assert end.count("</stream:stream>") == 1
        assert await read(peer) == ""

    play(body)


def test_a_header_goes_before_the_end_if_there_was_none() -> None:
    async def body(connection: TcpConnection, peer: socket.socket) -> None:
        pid, _ = await controller()
        await connection.control(pid)
        connection.close(StreamError("system-shutdown"))
        assert (await read(peer)).startswith("<?xml version='1.0'?><stream:stream ")

    play(body)


def test_its_slot_is_free_when_it_is_gone() -> None:
    async def body() -> None:
        async with connected(Tcp()) as (connection, _, open_connections):
            pid, _seen = await controller()
            await connection.control(pid)
            assert open_connections.open == 1
            connection.drop()
            connection.drop()
            await node.until(lambda: not process.is_alive(connection.receiver))
            await MovableClock().advance(LINGER)
            await node.until(lambda: connection.transport.tcp is None)
            assert open_connections.open == 0

    node.run(body)


def test_without_tls_nothing_is_protected() -> None:
    async def body(connection: TcpConnection, _peer: socket.socket) -> None:
        assert connection.tls_version() == ""
        assert connection.channel_binding(END_POINT) == b""
        assert (connection.peer, connection.congested) == ("192.0.2.1", False)

    play(body)


def test_a_new_stream_has_a_header_of_its_own(tmp_path: Path) -> None:
    async def body(connection: TcpConnection, peer: socket.socket) -> None:
        pid, seen = await controller()
        await connection.control(pid)
        peer.send(HEADER)
        await node.until(lambda: seen)
        connection.open(Header("1"))
        await connection.restart()
        assert not connection.opened
        connection.open(Header("2"))
        assert await connection.start_tls("localhost", "<proceed/>", 1)
        assert not connection.opened
        assert (await read(peer)).endswith("<proceed/>")

    play(body, Tcp(tls=TlsContexts(["localhost"], lambda _host: None, tmp_path)))


def test_another_controller_takes_over_and_nothing_is_lost() -> None:
    async def body(connection: TcpConnection, peer: socket.socket) -> None:
        first, heard = await controller()
        second, told = await controller()
        await connection.control(first)
        peer.send(HEADER + b"<a/>")
        await node.until(lambda: names(heard) == ["a"])
        connection.consumed(heard[0].size)
        peer.send(b"<b/>")
        await node.until(lambda: names(heard)[-1:] == ["b"])
        await connection.control(second)
        await node.until(lambda: names(told) == ["b"])
        process.exit_(first, "kill")
        peer.send(b"<c/>")
        await node.until(lambda: names(told) == ["b", "c"])
        assert "c" not in names(heard)
        assert not connection.closing

    play(body)


def test_it_outlives_its_controller_when_told_so_and_the_next_hears_all() -> None:
    async def body(connection: TcpConnection, peer: socket.socket) -> None:
        first, heard = await controller()
        await connection.control(first)
        connection.outlive(30.0)
        peer.send(HEADER + b"<a/>")
        await node.until(lambda: heard)
        connection.consumed(heard[0].size)
        peer.send(b"<b/>")
        await node.until(lambda: len(heard) == 2)
        process.exit_(first, "kill")
        await node.until(lambda: not process.is_alive(first))
        peer.send(b"<c/>" * 20_000)
        second, told = await controller()
        await connection.control(second)
        for _ in range(20_000):
            if len(names(told)) == 20_001:
                break
            await process.sleep(0.001)
            for batch in told[1:]:
                if batch.size:
                    connection.consumed(batch.size)
                    batch.size = 0
        assert names(told) == ["b"] + ["c"] * 20_000

    play(body)


def test_the_peers_end_is_told_to_who_comes_after_it() -> None:
    async def body(connection: TcpConnection, peer: socket.socket) -> None:
        first, heard = await controller()
        await connection.control(first)
        connection.outlive(30.0)
        peer.send(HEADER)
        peer.shutdown(socket.SHUT_WR)
        await node.until(lambda: heard[-1:] == [Disconnected("closed")])
        process.exit_(first, "kill")
        await node.until(lambda: not process.is_alive(first))
        second, told = await controller()
        await connection.control(second)
        await node.until(lambda: told[-1:] == [Disconnected("closed")])
        assert isinstance(told[0], Batch)

    play(body)


def test_nobody_comes_and_it_closes() -> None:
    async def body(connection: TcpConnection, peer: socket.socket) -> None:
        first, _ = await controller()
        await connection.control(first)
        connection.outlive(0.01)
        process.exit_(first, "kill")
        assert await read(peer) == ""
        await node.until(lambda: not process.is_alive(connection.receiver))

    play(body)
