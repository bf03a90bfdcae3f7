"""One connection: a write per turn, a peer that misbehaves or does not read is let go."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Any

import pytest

from otp.erts import process, runtime
from otp.erts.scheduler import THIS
from otp.kernel import framing, link
from otp.kernel.codec import MAX_FRAME, MalformedFrame
from otp.kernel.handshake import Handshake, HandshakeError, Hello
from otp.kernel.link import Link
from otp.kernel.pace import BEHIND
from tests.support.node import until


class Owner:
    """Writes down what it is told."""

    def __init__(self, refuse: str = "") -> None:
        self.seen: list[Any] = []
        self.refuse = refuse
        self.read = 0

    def link_up(self, link: Link) -> None:
        if self.refuse:
            raise HandshakeError(self.refuse)
        self.seen.append("up")

    def link_frame(self, link: Link, frame: Any) -> None:
        if frame == "malformed":
            raise MalformedFrame("told so")
        self.seen.append(frame)

    def link_read(self, link: Link) -> None:
        self.read = link.told()

    def link_down(self, link: Link, why: str) -> None:
        self.seen.append(("down", why))


def _handshake(name: str, expects: str | None = None) -> Handshake:
    return Handshake(Hello(name, 1, name.encode().ljust(32)), b"cookie", expects)


async def _pair(one: Owner, two: Owner) -> tuple[Link, Link]:
    a, b = socket.socketpair()
    connector, acceptor = Link(one, _handshake("w2", "w1")), Link(two, _handshake("w1"))
    # as net_kernel does it: create_unix_connection of uvloop leaves a transport that is closed at once a socket whose
    # descriptor is gone, and who ends that socket closes somebody else's
    await THIS.loop.connect_accepted_socket(lambda: acceptor, b)
    await THIS.loop.connect_accepted_socket(lambda: connector, a)
    return connector, acceptor


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Any], Any]:
    return lambda body: runtime.run(body, node="test", loop=request.param)


def test_up_then_frames_in_order_both_ways(run: Any) -> None:
    async def body() -> None:
        one, two = Owner(), Owner()
        a, b = await _pair(one, two)
        await until(lambda: one.seen and two.seen)
        assert (a.peer.name, b.peer.name) == ("w1", "w2")
        for n in range(100):
            a.post(n)
            b.post(-n)
        await until(lambda: len(one.seen) == len(two.seen) == 101)
        assert two.seen == ["up", *range(100)]
        assert one.seen == ["up", *(-n for n in range(100))]
        a.drop("enough")
        await until(lambda: isinstance(two.seen[-1], tuple))
        assert one.seen[-1] == ("down", "enough")
        assert two.seen[-1][0] == "down"
        a.post("late")

    run(body)


class Recorder(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.aborted = False
        self.buffered = 0

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def get_write_buffer_size(self) -> int:
        return self.buffered

    def abort(self) -> None:
        self.aborted = True


def _established() -> tuple[Link, Owner, Recorder]:
    owner, transport = Owner(), Recorder()
    made = Link(owner, _handshake("w2", "w1"))
    made._transport, made.established = transport, True
    made._frames.limit = MAX_FRAME
    return made, owner, transport


def test_one_write_per_turn() -> None:
    async def body() -> None:
        made, _owner, transport = _established()
        for n in range(50):
            made.post(n)
        assert transport.written == []
        await until(lambda: transport.written)
        made.post("next turn")
        await until(lambda: len(transport.written) == 2)
        frames = framing.Frames()
        assert len([*frames.feed(transport.written[0])]) == 50

    runtime.run(body)


def test_a_slow_peer_holds_up_drain_and_is_given_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        made, owner, transport = _established()
        made.pause_writing()
        drained: list[str] = []

        async def bulk() -> None:
            await made.pace.caught_up()
            drained.append("drained")

        process.spawn(bulk)
        made.post("waits")
        await process.sleep(0)
        assert (transport.written, drained) == ([], [])
        made.resume_writing()
        await until(lambda: drained)
        assert len(transport.written) == 1
        made.pause_writing()
        monkeypatch.setattr(link, "MAX_UNSENT", 1000)
        while not transport.aborted:
            made.post("x" * 300)
        assert "does not read" in owner.seen[-1][1]
        await made.pace.caught_up()

    runtime.run(body)


def test_it_knows_what_was_sent_and_what_was_taken(run: Any) -> None:
    async def body() -> None:
        one, two = Owner(), Owner()
        a, b = await _pair(one, two)
        await until(lambda: one.seen and two.seen)
        for n in range(100):
            a.post("x" * n)
        await until(lambda: len(two.seen) == 101)
        assert b.taken == a.posted == sum(4 + len(framed("x" * n)) for n in range(100))
        assert (a.taken, b.posted) == (0, 0)
        await until(lambda: two.read == b.taken)
        a.drop("enough")
        assert a.sent == a.posted

    run(body)


def framed(what: Any) -> bytes:
    body = bytearray()
    framing.append(body, what)
    return bytes(body[4:])


def test_what_is_still_in_the_buffers_when_it_ends_was_not_sent() -> None:
    async def body() -> None:
        made, _owner, transport = _established()
        made.post("gone")
        await until(lambda: transport.written)
        made.post("stays")
        transport.buffered = 3
        made.drop("enough")
        assert (made.posted, made.sent) == (4 + 5 + 4 + 6, 4 + 5 - 3)

    runtime.run(body)


def test_a_flood_within_one_turn_finds_out_that_the_peer_does_not_read(run: Any) -> None:
    async def body() -> None:
        owner = Owner()
        a, b = socket.socketpair()
        with b:
            made = Link(owner, _handshake("w2", "w1"))
            await THIS.loop.create_unix_connection(lambda: made, sock=a)
            made.established, made.handshake.peer = True, Hello("w1", 1, b"")
            assert BEHIND == {}
            for _ in range(40):  # no await: the loop does not turn
                made.post("x" * 100_000)
            assert {"w1": made.pace} == BEHIND
            b.setblocking(False)
            while BEHIND:
                await process.sleep(0.001)
                with contextlib.suppress(BlockingIOError):
                    b.recv(1 << 20)
            assert not made.closed

    run(body)


@pytest.mark.parametrize("bad", [b"\xff\xff\xff\xff", b"\x00\x00\x00\x01\xc1", None])
def test_a_malformed_frame_ends_the_link(bad: bytes | None) -> None:
    async def body() -> None:
        made, owner, transport = _established()
        if bad is None:
            data = bytearray()
            framing.append(data, "malformed")
        made.data_received(bytes(data) if bad is None else bad)
        assert transport.aborted
        assert owner.seen[0][0] == "down"
        assert "malformed frame" in owner.seen[0][1]

    runtime.run(body)


def test_before_the_handshake_little_is_read() -> None:
    async def body() -> None:
        one, two = Owner(), Owner()
        a, b = socket.socketpair()
        await THIS.loop.create_unix_connection(lambda: Link(two, _handshake("w1")), sock=b)
        with a:
            a.send((4096).to_bytes(4, "big"))
            await until(lambda: two.seen)
        assert "malformed frame: a frame of 4096 bytes" in two.seen[0][1]
        assert one.seen == []

    runtime.run(body)


def test_who_says_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "HANDSHAKE_SECONDS", 0.02)

    async def body() -> None:
        owner = Owner()
        a, b = socket.socketpair()
        await THIS.loop.create_unix_connection(lambda: Link(owner, _handshake("w1")), sock=b)
        with a:
            await until(lambda: owner.seen)
        assert owner.seen == [("down", "no handshake in time")]

    runtime.run(body)


def test_the_owner_may_refuse_and_the_peer_is_told_why(run: Any) -> None:
    async def body() -> None:
        one, two = Owner(), Owner(refuse="stale generation")
        await _pair(one, two)
        await until(lambda: one.seen and two.seen)
        assert two.seen == [("down", "stale generation")]
        assert "stale generation" in one.seen[0][1]

    run(body)


def test_another_user_is_not_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "peer_uid", lambda sock: 4242)

    async def body() -> None:
        one, two = Owner(), Owner()
        await _pair(one, two)
        await until(lambda: one.seen and two.seen)
        assert "runs as user 4242" in two.seen[0][1]

    runtime.run(body)
