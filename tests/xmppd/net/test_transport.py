"""One connection's bytes, against a real socket."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import pytest

from otp.erts import process
from otp.erts.scheduler import THIS
from tests.support import node
from xmppd.net import transport as transport_module
from xmppd.net.tls import TlsContexts
from xmppd.net.transport import Flusher, Transport, peer_of
from xmppd.testing.clock import MovableClock

LOOPS = ("asyncio", "uvloop")


class Sink:
    """A Reader that remembers."""

    def __init__(self) -> None:
        self.data = b""
        self.reasons: list[object] = []

    def feed(self, data: bytes) -> None:
        self.data += data

    def lost(self, reason: object) -> None:
        self.reasons.append(reason)


async def opened(
    context: ssl.SSLContext | None = None, limit: int = 1 << 22, negotiation: float = 30.0
) -> tuple[Transport, Sink, socket.socket]:
    """A transport, its reader, and the peer's non-blocking socket."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    made, sink = Transport(THIS.loop, Flusher(THIS.loop), "192.0.2.1", limit, negotiation), Sink()
    await made.activate(ours, sink, context)
    return made, sink, theirs


async def read(sock: socket.socket) -> bytes:
    return await THIS.loop.sock_recv(sock, 1 << 16)


@pytest.mark.parametrize("loop", LOOPS)
def test_what_is_sent_in_one_turn_leaves_in_one_write(loop: str) -> None:
    async def body() -> None:
        made, _, theirs = await opened()
        made.send("one ")
        made.send(b"two ")
        made.send("thrée")
        assert await read(theirs) == "one two thrée".encode()

    node.run(body, loop=loop)


def test_what_is_sent_before_the_socket_is_there_is_kept() -> None:
    async def body() -> None:
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        made = Transport(THIS.loop, Flusher(THIS.loop), "", 1 << 20)
        made.send("early")
        await process.sleep(0)
        ours.setblocking(False)
        await made.activate(ours, Sink(), None)
        assert await read(theirs) == b"early"

    node.run(body)


@pytest.mark.parametrize("loop", LOOPS)
def test_bytes_arrive_and_the_end_is_told_once(loop: str) -> None:
    async def body() -> None:
        made, sink, theirs = await opened()
        theirs.send(b"hello")
        await node.until(lambda: sink.data == b"hello")
        theirs.shutdown(socket.SHUT_WR)
        await node.until(lambda: sink.reasons)
        made.send("goodbye")
        made.close()
        assert await read(theirs) == b"goodbye"
        assert await read(theirs) == b""
        await node.until(lambda: made.tcp is None)
        assert sink.reasons == ["closed"]

    node.run(body, loop=loop)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_close_lets_the_peer_read_what_was_sent_before(loop: str) -> None:
    async def body() -> None:
        made, sink, theirs = await opened()
        theirs.send(b"x" * 50_000)  # not all of it is ever looked at
        made.send("last words")
        made.close()
        made.send("too late")
        assert await read(theirs) == b"last words"
        assert await read(theirs) == b""
        theirs.close()
        await node.until(lambda: made.tcp is None)
        assert sink.data == b""

    node.run(body, loop=loop)


def test_a_peer_that_does_not_close_is_cut_off() -> None:
    async def body() -> None:
        made, _, theirs = await opened()
        gone: list[bool] = []
        made.on_gone = lambda: gone.append(True)
        made.close()
        await MovableClock().advance(transport_module.LINGER / 2)
        assert not gone
        await MovableClock().advance(transport_module.LINGER)
        await node.until(lambda: gone)
        assert theirs.fileno() != -1

    node.run(body)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_pause_stops_reading(loop: str) -> None:
    async def body() -> None:
        made, sink, theirs = await opened()
        made.pause_reading()
        theirs.send(b"hello")
        await process.sleep(0.02)
        assert sink.data == b""
        made.resume_reading()
        await node.until(lambda: sink.data == b"hello")

    node.run(body, loop=loop)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_writer_waits_for_a_slow_reader(loop: str) -> None:
    async def body() -> None:
        made, _, theirs = await opened()
        sent = 0
        while not made.congested:
            made.send(b"x" * 100_000)
            sent += 100_000
            await process.sleep(0)
        waiting: list[bool] = []
        for _ in range(2):
            made.tell_writable(lambda: waiting.append(made.congested))
        await process.sleep(0.01)
        assert waiting == []
        assert made.congested
        while sent:
            sent -= len(await read(theirs))
        await node.until(lambda: waiting == [False, False])
        made.tell_writable(waiting.clear)
        await node.until(lambda: not waiting)

    node.run(body, loop=loop)


def test_a_reader_that_stands_still_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_module, "STALL", 0.02)

    async def body() -> None:
        made, sink, _theirs = await opened()
        while not made.congested:
            made.send(b"x" * 100_000)
            await process.sleep(0)
        told: list[bool] = []
        made.tell_writable(lambda: told.append(True))
        await node.until(lambda: told == [True])
        assert sink.reasons == ["slow_reader"]

    node.run(body)


def test_no_more_than_the_limit_waits_for_a_reader() -> None:
    async def body() -> None:
        made, sink, _theirs = await opened(limit=1_000_000)
        for _ in range(100):
            made.send(b"x" * 100_000)
            await process.sleep(0)
        assert sink.reasons == ["slow_reader"]
        assert made.closing

    node.run(body)


def client(name: str = "localhost") -> tuple[ssl.SSLObject, ssl.MemoryBIO, ssl.MemoryBIO]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    return context.wrap_bio(incoming, outgoing, server_hostname=name), incoming, outgoing


async def handshake(tls: tuple[ssl.SSLObject, ssl.MemoryBIO, ssl.MemoryBIO], theirs: socket.socket) -> None:
    session, incoming, outgoing = tls
    while True:
        try:
            session.do_handshake()
        except ssl.SSLWantReadError:
            await THIS.loop.sock_sendall(theirs, outgoing.read())
            incoming.write(await read(theirs))
        else:
            await THIS.loop.sock_sendall(theirs, outgoing.read())
            return


async def decrypted(tls: tuple[ssl.SSLObject, ssl.MemoryBIO, ssl.MemoryBIO], theirs: socket.socket) -> bytes:
    while True:
        try:
            return tls[0].read(65536)
        except ssl.SSLWantReadError:
            tls[1].write(await read(theirs))


@pytest.mark.parametrize("loop", LOOPS)
def test_tls_from_the_first_byte(loop: str, tmp_path: Path) -> None:
    contexts = TlsContexts(["localhost"], lambda _h: None, tmp_path)

    async def body() -> None:
        made, sink, theirs = await opened(contexts.context())
        made.send("waits for the handshake")
        tls = client()
        assert not made.secure
        await handshake(tls, theirs)
        assert await decrypted(tls, theirs) == b"waits for the handshake"
        assert made.secure
        tls[0].write(b"hello")
        theirs.send(tls[2].read())
        await node.until(lambda: sink.data == b"hello")
        made.send("bye")
        made.close()
        assert await decrypted(tls, theirs) == b"bye"
        assert await decrypted(tls, theirs) == b""

    node.run(body, loop=loop)


def test_tls_in_the_midst_of_a_stream(tmp_path: Path) -> None:
    contexts = TlsContexts(["localhost"], lambda _h: None, tmp_path)

    async def body() -> None:
        made, sink, theirs = await opened()
        theirs.send(b"<starttls/>")
        await node.until(lambda: sink.data)
        made.start_tls(contexts.context(), b"<proceed/>")
        assert await read(theirs) == b"<proceed/>"
        tls = client()
        await handshake(tls, theirs)
        tls[0].write(b" again")
        theirs.send(tls[2].read())
        await node.until(lambda: sink.data == b"<starttls/> again")
        with pytest.raises(ssl.SSLWantReadError):
            tls[0].unwrap()
        theirs.send(tls[2].read())
        await node.until(lambda: sink.reasons == ["closed"])

    node.run(body)


def test_what_is_no_handshake_ends_the_connection(tmp_path: Path) -> None:
    contexts = TlsContexts(["localhost"], lambda _h: None, tmp_path)

    async def body() -> None:
        made, sink, theirs = await opened(contexts.context())
        theirs.send(b"<stream:stream xmlns='jabber:client'>")
        await node.until(lambda: sink.reasons)
        assert sink.reasons[0][0] == "tls_error"  # type: ignore[index]
        assert made.closing

    node.run(body)


@pytest.mark.parametrize("direct", [True, False])
def test_a_handshake_gets_what_is_left_of_the_negotiation(
    tmp_path: Path, direct: bool, caplog: pytest.LogCaptureFixture
) -> None:
    contexts = TlsContexts(["localhost"], lambda _h: None, tmp_path)
    caplog.set_level("INFO", "xmppd.audit")

    async def body() -> None:
        made, sink, _theirs = await opened(contexts.context() if direct else None, negotiation=30)
        made.on_gone = lambda: None
        if not direct:
            await MovableClock().advance(20)
            assert sink.reasons == [], "only a handshake ends by it here; the rest is the stream's"
            made.start_tls(contexts.context(), b"<proceed/>")
        await MovableClock().advance(9 if direct else 0)
        assert sink.reasons == []
        await MovableClock().advance(22)
        await node.until(lambda: sink.reasons == ["handshake_timeout"])
        await node.until(lambda: caplog.messages)
        assert caplog.messages == ["TLS handshake from 192.0.2.1 given up: handshake_timeout"]

    node.run(body)


def test_the_peers_address_is_known() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    sock = socket.create_connection(listening.getsockname())
    assert peer_of(sock) == "127.0.0.1"
    assert peer_of(socket.socketpair()[0]) == ""
    sock.close()
    listening.close()
