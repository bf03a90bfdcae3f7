"""transport — one connection's bytes: writes gathered, TLS inside, slow readers dropped.

OTP:      gen_tcp and the sockmod of ejabberd_socket; cf. xmpp_socket.erl
Way:      stream.c2s → [transport] → socket → [transport] → net.receiver
Process:  none: the receiver owns it, the stream's process writes to it directly
RFC:      6120 §5.3.1 (nothing may lie between <starttls/> and the handshake), 7590 §3

What is sent within one turn of the loop leaves in one write and one TLS record. A peer that reads too slowly makes the
transport `congested`; the writer asks to be told when it is not any more (`tell_writable`). Without any progress for
STALL seconds, or with more than `limit` bytes waiting, the connection is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from typing import Any, Final, Protocol, cast

from otp.erts.clock import CLOCK
from otp.erts.shield import shielded
from otp.erts.timer import TIMERS, TimerRef
from xmppd import audit, limits_hit
from xmppd.net.tls_session import TlsSession

#: bytes waiting in the socket's buffer from which on, and below which again, writing is not / is welcome
HIGH_WATER: Final = 256 * 1024
LOW_WATER: Final = 64 * 1024
#: seconds without progress after which a slow reader is dropped
STALL: Final = 15.0
#: seconds from accept to the end of a TLS handshake, where the owner names none
NEGOTIATION: Final = 30.0
#: seconds the peer gets to read what was sent before a close, and to close its side
LINGER: Final = 3.0


class Reader(Protocol):
    """What arrives is handed to it: the receiver's inbound side."""

    def feed(self, data: bytes) -> None:
        """Plaintext arrived; called on the loop, outside of any process."""

    def lost(self, reason: object) -> None:
        """The connection is gone; nothing more will come. Called once."""


class Flusher:
    """Writes out, once per turn of the loop, what the transports of this worker gathered."""

    __slots__ = ("_dirty", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._dirty: list[Transport] = []

    def add(self, transport: Transport) -> None:
        """Flush `transport` in the next turn of the loop."""
        if not self._dirty:
            self._loop.call_soon(self._flush)
        self._dirty.append(transport)

    def _flush(self) -> None:
        dirty, self._dirty = self._dirty, []
        for transport in dirty:
            transport.flush()


class Transport(asyncio.Protocol):
    """The two-way byte stream of one connection. All methods are for the loop's thread."""

    __slots__ = (
        "__weakref__", "_closing", "_flusher", "_gathered", "_handshake_until", "_loop", "_out", "_reader",
        "_timer", "_tls", "_waiters", "_why", "congested", "limit", "on_gone", "peer", "quiet", "reading", "tcp",
    )  # fmt: skip

    def __init__(
        self, loop: asyncio.AbstractEventLoop, flusher: Flusher, peer: str, limit: int, negotiation: float = NEGOTIATION
    ) -> None:
        self._loop, self._flusher = loop, flusher
        # the one budget of the whole negotiation begins now; a handshake gets what is left of it
        self._handshake_until = CLOCK.monotonic() + negotiation
        self._why: object = "closed"
        #: bytes that may wait for a peer that reads too slowly
        self.limit = limit
        #: the peer's IP address
        self.peer = peer
        #: the loop's transport; None before it is activated and after it is gone
        self.tcp: asyncio.Transport | None = None
        self._tls: TlsSession | None = None
        self._reader: Reader | None = None
        self._out: list[bytes] | None = None
        self._waiters: list[Callable[[], object]] | None = None
        self._timer: TimerRef | None = None
        self._gathered = 0
        self._closing = False
        self.congested = False
        self.reading = True
        self.quiet = 0  # periods in which nothing came
        #: called once when the socket is gone (net.connection_limits counts connections with it)
        self.on_gone: Callable[[], None] | None = None

    # -- the way up

    async def activate(self, sock: socket.socket, reader: Reader, context: ssl.SSLContext | None) -> None:
        """Begin to read `sock`, for `reader`; with TLS from the first byte if a context is given.

        Raises OSError if the peer has gone meanwhile; the socket is closed then. Whoever is killed while it waits
        here, the socket comes to `connection_made` first, and is closed there if nobody wants it any more.
        """
        self._reader = reader
        if context is not None:
            self._begin_tls(context)
        try:
            await shielded(self._loop.connect_accepted_socket(lambda: self, sock))
        except Exception:
            sock.close()
            self._finish()
            raise

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.tcp = tcp = cast(asyncio.Transport, transport)
        tcp.set_write_buffer_limits(high=HIGH_WATER, low=LOW_WATER)
        if self._closing:
            tcp.abort()
        else:
            self.flush()

    # -- in

    def data_received(self, data: bytes) -> None:
        if self._closing or self._reader is None:
            return  # lingering: what the peer still says is read and dropped, so that it can read our last words
        self.quiet = 0
        if self._tls is not None:
            data = self._decrypt(self._tls, data)
            if not data:
                return
        self._reader.feed(data)

    def _decrypt(self, tls: TlsSession, data: bytes) -> bytes:
        was_open = tls.handshaken
        try:
            data = tls.feed(data)
        except ssl.SSLError as exc:
            self._write(tls.outgoing())  # the alert
            self.abort(("tls_error", exc.reason or "unknown"))
            return b""
        self._write(tls.outgoing())
        if tls.handshaken and not was_open:
            self._stop_timer()
            self.flush()
        if tls.ended:
            self._loop.call_soon(self._lost, "closed")
        return data

    def tick(self) -> int:
        """How many periods, with this one, nothing came in: 0 while it is not read, or has yet to read what we sent
        (then STALL decides)."""
        self.quiet = self.quiet + 1 if self.reading and not self.congested else 0
        return self.quiet

    def eof_received(self) -> bool | None:
        if self._closing:
            return None  # it has read our last words
        self._lost("closed")
        return True  # we may still say goodbye: a client that reads it closes, or the owner's end does

    def connection_lost(self, exc: Exception | None) -> None:
        self.tcp = None
        self._lost("closed")
        self._finish()

    def pause_reading(self) -> None:
        """Let TCP push back: nothing more is read until `resume_reading`."""
        if self.reading and self.tcp is not None and not self._closing:
            self.reading = False
            self.tcp.pause_reading()

    def resume_reading(self) -> None:
        """Read on."""
        if not self.reading and self.tcp is not None:
            self.reading = True
            self.tcp.resume_reading()

    # -- out

    def send(self, data: bytes | str) -> None:
        """Queue `data`; it leaves with all else that this turn of the loop sends. Dropped once closed."""
        if self._closing:
            return
        if not isinstance(data, bytes):
            data = data.encode()
        if self._out is None:
            self._out, self._gathered = [data], len(data)
            self._flusher.add(self)
        else:
            self._out.append(data)
            self._gathered += len(data)
            if self._gathered > HIGH_WATER:  # who writes so much is to know at once whether it is congested
                self.flush()

    def flush(self) -> None:
        """Write what was gathered. Before and during a handshake it waits."""
        tls, out = self._tls, self._out
        if out is None or self.tcp is None or (tls is not None and not tls.handshaken):
            return
        data = out[0] if len(out) == 1 else b"".join(out)
        self._out = None
        self._write(data if tls is None else tls.encrypt(data))

    def _write(self, data: bytes) -> None:
        tcp = self.tcp
        if not data or tcp is None:
            return
        tcp.write(data)
        if self.congested and tcp.get_write_buffer_size() > self.limit:
            limits_hit.SEND_QUEUE.n += 1
            self.abort("slow_reader")

    # -- slow readers

    def pause_writing(self) -> None:
        self.congested = True
        self._watch(self.waiting)

    def resume_writing(self) -> None:
        self.congested = False
        if not self._closing:
            self._stop_timer()
        self._wake()

    @property
    def waiting(self) -> int:
        """Bytes that were written and that the system has not taken yet."""
        return self.tcp.get_write_buffer_size() if self.tcp is not None else 0

    def _watch(self, before: int) -> None:
        if not self._closing:
            self._stop_timer()
            self._timer = TIMERS.after(STALL, self._check_progress, before)

    def _check_progress(self, before: int) -> None:
        waiting = self.waiting
        if waiting >= before:
            limits_hit.STALLED.n += 1
            self.abort("slow_reader")
        else:
            self._watch(waiting)

    def tell_writable(self, fn: Callable[[], object]) -> None:
        """Call `fn` once, in a later turn of the loop: when the peer has read enough, or the connection has ended."""
        if not self.congested or self.tcp is None:
            self._loop.call_soon(fn)
        elif self._waiters is None:
            self._waiters = [fn]
        else:
            self._waiters.append(fn)

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, None
        for fn in waiters or ():
            self._loop.call_soon(fn)

    # -- TLS

    def start_tls(self, context: ssl.SSLContext, preface: bytes) -> None:
        """Send `preface` in the clear, then be a TLS server (STARTTLS). Nothing may have been read since."""
        self.flush()
        self._write(preface)
        self._begin_tls(context)

    def _begin_tls(self, context: ssl.SSLContext) -> None:
        self._tls = TlsSession(context)
        self._stop_timer()
        self._timer = TIMERS.after(self._handshake_until - CLOCK.monotonic(), self.abort, "handshake_timeout")

    @property
    def tls(self) -> TlsSession | None:
        """The TLS session, or None on a plain connection."""
        return self._tls

    @property
    def secure(self) -> bool:
        """True when the bytes are protected: TLS is there and its handshake is over."""
        return self._tls is not None and self._tls.handshaken

    # -- the way down

    @property
    def closing(self) -> bool:
        """True once `close` or `abort` was called or the peer has gone."""
        return self._closing

    def close(self) -> None:
        """Send what is waiting, then close. The peer gets LINGER seconds to read and to close its side."""
        if self._closing:
            return
        self.flush()
        if self._closing:
            return
        if self.tcp is None:
            self._finish()
            return
        if self.secure and self._tls is not None:
            self._write(self._tls.close())
        self._closing = True
        self._stop_timer()
        if not self.reading:
            self.resume_reading()
        if self._reader is None:
            self.tcp.close()  # the peer closed first
        else:
            with contextlib.suppress(OSError, RuntimeError):
                self.tcp.write_eof()
        self._timer = TIMERS.after(LINGER, self.abort)
        self._wake()

    def abort(self, reason: object = "closed") -> None:
        """Close at once; what is waiting is dropped. The reader is told `reason`."""
        self._closing = True
        self._stop_timer()
        if self.tcp is not None:
            self.tcp.abort()
        else:
            self._finish()
        self._lost(reason)
        self._wake()

    def _lost(self, reason: object) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            self._why = reason
            reader.lost(reason)

    def _finish(self) -> None:
        self._closing = True
        self._stop_timer()
        self._out = None
        self._wake()
        gone, self.on_gone = self.on_gone, None
        if gone is not None:
            gone()
            if self._tls is not None and not self._tls.handshaken:
                ip = audit.address(self.peer)
                audit.tell(audit.HANDSHAKE, f"TLS handshake from {ip} given up: {_words(self._why)}")

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            TIMERS.drop(timer)


def _words(reason: object) -> str:
    return ": ".join(map(str, reason)) if isinstance(reason, tuple) else str(reason)


def peer_of(sock: socket.socket) -> str:
    """The IP address on the other side, "" for a socket that has none."""
    address: Any = sock.getpeername()
    return str(address[0]) if isinstance(address, tuple) else ""
