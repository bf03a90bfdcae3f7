"""link — the connection to one other node: frames in, frames out, one write per turn of the loop.

OTP:      a distribution channel (dist entry and its port)
Way:      carrier → [link] → socket … socket → [link] → carrier
Process:  none: a protocol of the loop, owned by net_kernel
Differs:  while a peer does not read, who sends to it is asked to wait (otp.kernel.pace; Erlang suspends any sender);
          it is disconnected when MAX_UNSENT bytes wait for it all the same
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from typing import Any, Final, Protocol, cast

from otp.erts.scheduler import THIS
from otp.erts.timer import TIMERS, TimerRef
from otp.kernel import codec, framing
from otp.kernel.handshake import MAX_GREETING, Handshake, HandshakeError, Hello
from otp.kernel.pace import BEHIND, Pace
from otp.kernel.unix_socket import peer_uid

log = logging.getLogger("otp.net_kernel")

#: bytes that may wait for a slow peer before it is given up
MAX_UNSENT: Final = 64 * 1024 * 1024
#: bytes in the transport's own buffer above which we keep the rest to ourselves, and the peer counts as behind
HIGH_WATER: Final = 256 * 1024
#: seconds until the peer is told what has been read of it, and bytes of it after which it is told at once
TELL_SECONDS: Final = 0.01
TELL_BYTES: Final = 64 * 1024
HANDSHAKE_SECONDS: Final = 5.0


class Owner(Protocol):
    """Whom a link reports to."""

    def link_up(self, link: Link) -> None:
        """The peer has proved who it is. Raises HandshakeError to refuse it."""

    def link_frame(self, link: Link, frame: Any) -> None:
        """A frame of an established peer. Raises MalformedFrame to drop the link."""

    def link_read(self, link: Link) -> None:
        """Some of what the peer sent has been read, up to octet `link.taken`: it may be told."""

    def link_down(self, link: Link, why: str) -> None:
        """The link is gone; called once, also for one that never came up."""


class Link(asyncio.Protocol):
    """One connection. `peer` is who is at the other end, once `established`.

    From there on octets are counted: those `posted`, those `sent` (written to the socket; known when the link is down),
    and those of the peer that were `taken`. `heard` is set whenever something has come.
    """

    def __init__(self, owner: Owner, handshake: Handshake) -> None:
        self.owner = owner
        self.handshake = handshake
        self.established = False
        self.closed = False
        self._frames = framing.Frames(MAX_GREETING)
        self._out = bytearray()
        self._armed = self._paused = self._reading = self._greeting = False
        self.heard = False
        self.posted = self.sent = self.taken = self._told = 0
        self.pace = Pace(lambda: self.unsent)
        self._transport: asyncio.Transport | None = None
        self._deadline: TimerRef | None = None

    @property
    def peer(self) -> Hello:
        """The other side's greeting."""
        assert self.handshake.peer is not None
        return self.handshake.peer

    @property
    def _name(self) -> str:
        return self.handshake.peer.name if self.handshake.peer is not None else ""

    # -- outwards

    def post(self, packed: object) -> None:
        """Send a frame with all others of this turn, in order. Raises CodecError; a closed link drops it."""
        if self.closed:
            return
        out = self._out
        before = len(out)
        framing.append(out, packed)
        waits = len(out)
        self.posted += waits - before
        if not self._armed:
            self._armed = True
            THIS.loop.call_soon(self._flush)
        if self._paused or waits > HIGH_WATER:
            self._much(waits - before)

    def _much(self, octets: int) -> None:
        """What waits is more than a turn's worth: find out now whether the peer keeps up."""
        if not self._paused:
            self._flush()
        elif len(self._out) > MAX_UNSENT:
            self.drop(f"{self.peer.name} does not read: {len(self._out)} bytes wait")
        if self._paused:
            self.pace.owe(octets)

    @property
    def unsent(self) -> int:
        """Bytes that wait here."""
        return len(self._out)

    def drop(self, why: str, *, last: bytes = b"") -> None:
        """Close now, with `last` bytes if there is something to say; the owner hears link_down()."""
        if self.closed:
            return
        self.closed = True
        if self._deadline is not None:
            TIMERS.cancel(self._deadline)
        self.sent = self.posted - len(self._out)
        if self._transport is not None:
            self.sent -= self._transport.get_write_buffer_size()
            self._part(self._transport, last)
        self._out = bytearray()
        self._ease()
        self.owner.link_down(self, why)

    @staticmethod
    def _part(transport: asyncio.Transport, last: bytes) -> None:
        if last:
            transport.write(last)
            transport.close()
        else:
            transport.abort()

    def _flush(self) -> None:
        if self.closed or self._paused or self._greeting or self._transport is None:
            return
        self._armed = False
        if self._out:
            out, self._out = self._out, bytearray()
            self._transport.write(out)

    def _ease(self) -> None:
        if BEHIND.get(self._name) is self.pace:
            del BEHIND[self._name]
        self.pace.ease()

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
        self.heard = True
        try:
            for body in self._frames.feed(data):
                if self.established:
                    self.taken += len(body) + framing.HEADER_BYTES
                    self.owner.link_frame(self, codec.load(body))
                else:
                    self._greet(codec.load(body))
                if self.closed:
                    return
        except codec.MalformedFrame as exc:
            self.drop(f"malformed frame: {exc}")
        except HandshakeError as exc:
            self._refuse(str(exc))
        if self.established and not self._reading:
            self._reading = True
            THIS.loop.call_later(TELL_SECONDS, self._tell)
        elif self.taken - self._told > TELL_BYTES:
            self._tell_now()

    def _tell(self) -> None:
        self._reading = False
        self._tell_now()

    def _tell_now(self) -> None:
        if not self.closed:
            self.owner.link_read(self)

    def told(self) -> int:
        """How many octets of the peer were taken; it is being told."""
        self._told = self.taken
        return self.taken

    @property
    def untold(self) -> int:
        """Octets taken since the peer was told."""
        return self.taken - self._told

    def _greet(self, frame: Any) -> None:
        answer = self.handshake.feed(frame)
        if self.handshake.done:
            # the owner may refuse, so the last word waits; what it sends comes after that word
            last, self._out = self._out, bytearray()
            if answer is not None:
                framing.append(last, answer)
            self.established = self._greeting = True
            self.posted = 0
            self.owner.link_up(self)
            self._greeting = False
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
        self._paused = self.pace.behind = True
        if self.established:
            BEHIND[self._name] = self.pace

    def resume_writing(self) -> None:
        """It has caught up."""
        self._paused = False
        self._flush()
        if not self._paused:
            self._ease()

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone."""
        self.drop(f"connection lost: {exc}" if exc else "connection closed")


def _uid_of(transport: asyncio.Transport) -> int:
    # the loop's own socket object may be a shadow that answers no getsockopt
    with socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno())) as sock:
        return peer_uid(sock)
