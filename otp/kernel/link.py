"""link — the connection to one other node: frames in, frames out, one write per turn of the loop.

OTP:      a distribution channel (dist entry and its port)
Way:      carrier → [link] → socket … socket → [link] → carrier
Process:  none: a protocol of the loop, owned by net_kernel
Differs:  a peer that does not read is disconnected when MAX_UNSENT bytes wait for it; before that, drain() lets
          a bulk sender wait (Erlang suspends any sender)
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from typing import Any, Final, Protocol, cast

from otp.erts.future import LoopFuture
from otp.erts.scheduler import THIS
from otp.erts.timer import TIMERS, TimerRef
from otp.kernel import codec, framing
from otp.kernel.handshake import MAX_GREETING, Handshake, HandshakeError, Hello
from otp.kernel.unix_socket import peer_uid

log = logging.getLogger("otp.net_kernel")

#: bytes that may wait for a slow peer before it is given up
MAX_UNSENT: Final = 64 * 1024 * 1024
#: bytes in the transport's own buffer above which we keep the rest to ourselves
HIGH_WATER: Final = 1024 * 1024
HANDSHAKE_SECONDS: Final = 5.0


class Owner(Protocol):
    """Whom a link reports to."""

    def link_up(self, link: Link) -> None:
        """The peer has proved who it is. Raises HandshakeError to refuse it."""

    def link_frame(self, link: Link, frame: Any) -> None:
        """A frame of an established peer. Raises MalformedFrame to drop the link."""

    def link_down(self, link: Link, why: str) -> None:
        """The link is gone; called once, also for one that never came up."""


class Link(asyncio.Protocol):
    """One connection. `peer` is who is at the other end, once `established`."""

    def __init__(self, owner: Owner, handshake: Handshake) -> None:
        self.owner = owner
        self.handshake = handshake
        self.established = False
        self.closed = False
        self._frames = framing.Frames(MAX_GREETING)
        self._out = bytearray()
        self._armed = self._paused = False
        self._drains: list[LoopFuture[None]] = []
        self._transport: asyncio.Transport | None = None
        self._deadline: TimerRef | None = None

    @property
    def peer(self) -> Hello:
        """The other side's greeting."""
        assert self.handshake.peer is not None
        return self.handshake.peer

    # -- outwards

    def post(self, packed: object) -> None:
        """Send a frame with all others of this turn, in order. Raises CodecError; a closed link drops it."""
        if self.closed:
            return
        framing.append(self._out, packed)
        if not self._armed:
            self._armed = True
            THIS.loop.call_soon(self._flush)
        elif self._paused and len(self._out) > MAX_UNSENT:
            self.drop(f"{self.peer.name} does not read: {len(self._out)} bytes wait")

    async def drain(self) -> None:
        """Wait until the peer keeps up; returns at once if it does, or when the link goes down."""
        if self._paused and not self.closed:
            future: LoopFuture[None] = LoopFuture()
            self._drains.append(future)
            await future

    def drop(self, why: str, *, last: bytes = b"") -> None:
        """Close now, with `last` bytes if there is something to say; the owner hears link_down()."""
        if self.closed:
            return
        self.closed = True
        if self._deadline is not None:
            TIMERS.cancel(self._deadline)
        if self._transport is not None:
            self._part(self._transport, last)
        self._out = bytearray()
        self._wake()
        self.owner.link_down(self, why)

    @staticmethod
    def _part(transport: asyncio.Transport, last: bytes) -> None:
        if last:
            transport.write(last)
            transport.close()
        else:
            transport.abort()

    def _flush(self) -> None:
        if self.closed or self._paused or self._transport is None:
            return
        self._armed = False
        out, self._out = self._out, bytearray()
        self._transport.write(out)

    def _wake(self) -> None:
        drains, self._drains = self._drains, []
        for future in drains:
            future.resolve(None)

    # -- what the loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A socket is there: check its owner, begin the handshake."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by name
        self._transport.set_write_buffer_limits(high=HIGH_WATER)
        uid = _uid_of(self._transport)
        if uid != os.getuid():
            self.drop(f"the peer runs as user {uid}, not {os.getuid()}")
            return
        self._deadline = TIMERS.after(HANDSHAKE_SECONDS, self.drop, "no handshake in time")
        first = self.handshake.first()
        if first is not None:
            self.post(first)

    def data_received(self, data: bytes) -> None:
        """Bytes came: hand on the whole frames in them."""
        try:
            for body in self._frames.feed(data):
                if self.established:
                    self.owner.link_frame(self, codec.load(body))
                else:
                    self._greet(codec.load(body))
                if self.closed:
                    return
        except codec.MalformedFrame as exc:
            self.drop(f"malformed frame: {exc}")
        except HandshakeError as exc:
            self._refuse(str(exc))

    def _greet(self, frame: Any) -> None:
        answer = self.handshake.feed(frame)
        if self.handshake.done:
            # the owner may refuse, so the last word waits; what it sends comes after that word
            last, self._out = self._out, bytearray()
            if answer is not None:
                framing.append(last, answer)
            self.established = True
            self.owner.link_up(self)
            self._frames.limit = codec.MAX_FRAME
            if self._deadline is not None:
                TIMERS.cancel(self._deadline)
            self._out = last + self._out
            self._flush()
        elif answer is not None:
            self.post(answer)

    def _refuse(self, why: str) -> None:
        last = bytearray()
        framing.append(last, ["no", why])
        self.drop(why, last=bytes(last))

    def pause_writing(self) -> None:
        """The peer reads slower than we write."""
        self._paused = True

    def resume_writing(self) -> None:
        """It has caught up."""
        self._paused = False
        self._flush()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone."""
        self.drop(f"connection lost: {exc}" if exc else "connection closed")


def _uid_of(transport: asyncio.Transport) -> int:
    # the loop's own socket object may be a shadow that answers no getsockopt
    with socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno())) as sock:
        return peer_uid(sock)
