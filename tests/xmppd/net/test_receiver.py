"""A receiver between a real socket and a controller."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

from otp.erts import process
from otp.erts.pid import Pid
from otp.erts.scheduler import THIS
from otp.stdlib import gen_fsm, gen_server
from otp.stdlib.gen_fsm import GenFsm, NextState
from tests.support import node
from xmpp_core.element import Element
from xmpp_core.errors import StreamError
from xmpp_core.parser import StreamEnd, StreamStart
from xmppd.net import receiver, shaper
from xmppd.net.connection import Batch, Disconnected
from xmppd.net.receiver import Receiver
from xmppd.net.tls import TlsContexts
from xmppd.net.transport import Flusher, Transport
from xmppd.net.xml_stream import XmlStream

HEADER = b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"


class Controller(GenFsm[list[Any]]):
    """Remembers its events; says nothing by itself."""

    def init(self, seen: list[Any]) -> tuple[str, list[Any]]:
        return "listening", seen

    def listening(self, event: Any, seen: list[Any]) -> Any:
        seen.append(event)
        return NextState("listening", seen)


class Rig:
    """A receiver, its controller and the peer's socket."""

    def __init__(self) -> None:
        ours, self.peer = socket.socketpair()
        ours.setblocking(False)
        self.peer.setblocking(False)
        self.ours = ours
        self.seen: list[Any] = []
        self.transport = Transport(THIS.loop, Flusher(THIS.loop), "", 1 << 20)
        self.receiver: Pid = None  # type: ignore[assignment]  # until started
        self.controller: Pid = None  # type: ignore[assignment]
        self.inbound: receiver.Inbound = None  # type: ignore[assignment]

    async def start(self, rate: float | None = None, burst: float = 1000, context: Any = None) -> Rig:
        pace = shaper.new(rate, burst, THIS.loop.time())
        self.inbound = receiver.Inbound(self.transport, self.ours, XmlStream(), pace, context)
        pid, controller = await gen_server.start(Receiver, self.inbound), await gen_fsm.start(Controller, self.seen)
        assert pid is not None
        assert controller is not None
        self.receiver, self.controller = pid, controller
        return self

    async def run(self, rate: float | None = None, burst: float = 1000) -> Rig:
        await self.start(rate, burst)
        await receiver.become_controller(self.receiver, self.controller)
        return self

    @property
    def events(self) -> list[Any]:
        return [event for batch in self.seen if isinstance(batch, Batch) for event in batch.events]


def test_no_byte_is_read_before_there_is_a_controller() -> None:
    async def body() -> None:
        rig = await Rig().start()
        rig.peer.send(HEADER)
        await process.sleep(0.02)
        assert rig.seen == []
        await receiver.become_controller(rig.receiver, rig.controller)
        await node.until(lambda: rig.events)
        assert type(rig.events[0]) is StreamStart

    node.run(body)


def test_one_read_is_one_message() -> None:
    async def body() -> None:
        rig = await Rig().run()
        data = HEADER + b"<presence/><message/></stream:stream>"
        rig.peer.send(data)
        await node.until(lambda: rig.seen)
        (batch,) = rig.seen
        assert [type(event) for event in batch.events] == [StreamStart, Element, Element, StreamEnd]
        assert (batch.size, batch.seq) == (len(data), 1)

    node.run(body)


def test_a_fault_comes_last_and_nothing_after_it() -> None:
    async def body() -> None:
        rig = await Rig().run()
        rig.peer.send(HEADER + b"<presence/><!-- no -->")
        await node.until(lambda: rig.seen)
        rig.peer.send(b"<presence/>")
        await process.sleep(0.02)
        assert [type(event) for event in rig.events] == [StreamStart, Element, StreamError]

    node.run(body)


def test_the_peers_end_is_told_after_all_it_said() -> None:
    async def body() -> None:
        rig = await Rig().run()
        rig.peer.send(HEADER)
        rig.peer.close()
        await node.until(lambda: len(rig.seen) == 2)
        assert rig.seen[1] == Disconnected("closed")

    node.run(body)


def test_reset_begins_a_new_stream() -> None:
    async def body() -> None:
        rig = await Rig().run()
        rig.peer.send(HEADER)
        await node.until(lambda: rig.seen)
        await receiver.reset_stream(rig.receiver)
        rig.peer.send(HEADER)
        await node.until(lambda: len(rig.events) == 2)
        assert type(rig.events[1]) is StreamStart

    node.run(body)


def test_starttls_takes_over_the_connection(tmp_path: Path) -> None:
    context = TlsContexts(["localhost"], lambda _h: None, tmp_path).context()

    async def body() -> None:
        rig = await Rig().run()
        rig.peer.send(HEADER + b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>\n")
        await node.until(lambda: len(rig.events) == 2)
        assert await receiver.starttls(rig.receiver, context, b"<proceed/>", rig.seen[-1].seq)
        assert await THIS.loop.sock_recv(rig.peer, 100) == b"<proceed/>"
        assert rig.transport.tls is not None

    node.run(body)


def test_starttls_is_refused_when_more_was_said_in_the_clear(tmp_path: Path) -> None:
    context = TlsContexts(["localhost"], lambda _h: None, tmp_path).context()

    async def body() -> None:
        for more in (b"<presence/>", b"<pres"):
            rig = await Rig().run()
            rig.peer.send(HEADER + b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
            await node.until(lambda rig=rig: len(rig.events) == 2)
            seq = rig.seen[-1].seq
            rig.peer.send(more)
            await process.sleep(0.02)
            assert not await receiver.starttls(rig.receiver, context, b"<proceed/>", seq)
            assert rig.transport.tls is None

    node.run(body)


def test_the_shaper_makes_the_peer_wait() -> None:
    async def body() -> None:
        rig = await Rig().run(rate=20_000.0, burst=200)
        rig.peer.send(HEADER + b" " * 1000)
        await node.until(lambda: rig.seen)
        assert not rig.transport.reading
        rig.peer.send(b"<presence/>")
        await node.until(lambda: len(rig.events) == 2)

    node.run(body)


def test_another_pace_may_be_set() -> None:
    async def body() -> None:
        rig = await Rig().run(rate=10.0, burst=100_000)
        receiver.change_shaper(rig.receiver, shaper.new(10.0, 10.0))
        await process.sleep(0)
        rig.peer.send(HEADER)
        await node.until(lambda: not rig.transport.reading)

    node.run(body)


def test_a_controller_that_is_behind_is_not_fed_without_end() -> None:
    async def body() -> None:
        rig = await Rig().run()
        rig.peer.send(HEADER)
        await node.until(lambda: rig.seen)
        while rig.transport.reading:
            await THIS.loop.sock_sendall(rig.peer, b"<presence><status>0123456789</status></presence>" * 1000)
            await process.sleep(0)
        for batch in list(rig.seen):
            rig.inbound.consumed(batch.size, 0.0)
        assert rig.transport.reading

    node.run(body)


def test_it_ends_with_its_controller_and_closes() -> None:
    async def body() -> None:
        rig = await Rig().run()
        process.exit_(rig.controller, "kill")
        await node.until(lambda: not process.is_alive(rig.receiver))
        assert await THIS.loop.sock_recv(rig.peer, 100) == b""

    node.run(body)


def test_close_lets_out_what_was_sent() -> None:
    async def body() -> None:
        rig = await Rig().run()
        rig.transport.send("goodbye")
        receiver.close(rig.receiver)
        assert await THIS.loop.sock_recv(rig.peer, 100) == b"goodbye"
        assert await THIS.loop.sock_recv(rig.peer, 100) == b""

    node.run(body)


def test_a_bug_ends_the_receiver_and_nothing_else() -> None:
    class Broken(XmlStream):
        def feed(self, data: bytes) -> Any:
            raise ZeroDivisionError

    async def body() -> None:
        rig = await Rig().run()
        state = rig.transport._reader
        assert isinstance(state, receiver.Inbound)
        state.stream = Broken()
        ref = process.monitor(rig.receiver)
        rig.peer.send(b"x")
        down = await process.receive(lambda m: getattr(m, "ref", None) is ref, 5.0)
        assert down.reason.kind == "ZeroDivisionError"
        assert process.is_alive(rig.controller)
        assert not rig.transport.closing  # for the stream's last words

    node.run(body)


def test_a_killed_receiver_takes_its_socket_with_it() -> None:
    async def body() -> None:
        receiver_rig = await Rig().start()
        process.exit_(receiver_rig.receiver, "kill")
        assert await THIS.loop.sock_recv(receiver_rig.peer, 100) == b""

    node.run(body)


def test_a_large_read_is_parsed_in_pieces_that_give_way_and_stay_in_order() -> None:
    pieces: list[int] = []

    class Recorded(XmlStream):
        def feed(self, data: bytes) -> Any:
            pieces.append(len(data))
            return super().feed(data)

    async def body() -> None:
        rig = await Rig().run()
        state = rig.transport._reader
        assert isinstance(state, receiver.Inbound)
        state.stream = Recorded()
        turns: list[int] = []
        data = HEADER + b"".join(b"<a%d/>" % i for i in range(20_000))
        state.feed(data)
        assert not rig.transport.reading
        assert len(pieces) == 1
        while sum(pieces) < len(data):
            turns.append(len(pieces))
            await process.sleep(0)
        assert max(pieces) <= receiver.PIECE
        assert len(set(turns)) > 2
        await node.until(lambda: len(rig.events) == 20_001)
        assert [event.name for event in rig.events[1:]] == [f"a{i}" for i in range(20_000)]

    node.run(body)


def test_what_was_read_before_the_end_is_told_before_the_end() -> None:
    async def body() -> None:
        rig = await Rig().run()
        state = rig.transport._reader
        assert isinstance(state, receiver.Inbound)
        state.feed(HEADER + b"<a/>" * 20_000)
        assert state.read_since(1)
        state.lost("closed")
        await node.until(lambda: any(isinstance(event, Disconnected) for event in rig.seen))
        assert isinstance(rig.seen[-1], Disconnected)
        assert len(rig.events) == 20_001

    node.run(body)


def test_work_is_paid_for_where_there_is_a_rate() -> None:
    async def body() -> None:
        rig = await Rig().run(rate=1000.0, burst=100_000)
        rig.peer.send(HEADER + b"<a/>")
        await node.until(lambda: rig.events)
        rig.inbound.consumed(4, 1.0)
        assert rig.transport.reading
        rig.inbound.consumed(4, 100.0)
        assert not rig.transport.reading

    node.run(body)
