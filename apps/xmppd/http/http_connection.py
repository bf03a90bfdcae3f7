"""http_connection — the bytes of one HTTP connection: to its process what was read, to the socket what it answers.

Way:      net.acceptor → [connect] → http_server; socket → net.transport → [http_connection] → http_server
Process:  none: its controller is the process; when that ends, what was sent still leaves
"""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass, field

from otp.erts import process
from otp.erts.links import watch
from otp.erts.pid import Pid
from otp.erts.scheduler import THIS
from xmppd.net.connection_limits import Slot
from xmppd.net.tls import TlsContexts
from xmppd.net.transport import NEGOTIATION, Flusher, Transport


@dataclass(frozen=True, slots=True)
class Received:
    """To the controller: bytes. Nothing more is read until it says so."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Lost:
    """To the controller: nothing more will come."""

    reason: object


@dataclass(frozen=True, slots=True)
class Http:
    """What the connections of one listener are: with TLS from the first byte where `tls` is given; `send_queue`: bytes
    that may wait for a slow reader; `negotiation`: seconds for the handshake."""

    tls: TlsContexts | None = None
    send_queue: int = 4 << 20
    negotiation: float = NEGOTIATION

    async def connect(self, sock: socket.socket, peer: str, slot: Slot, flusher: Flusher) -> HttpConnection:
        """The connection over an accepted socket, whose it is from now on; nothing is read yet."""
        transport = Transport(THIS.loop, flusher, peer, self.send_queue, self.negotiation)
        transport.on_gone = slot.release
        slot.evict = lambda: transport.abort("crowded_out")
        return HttpConnection(transport, sock, self.tls.context() if self.tls is not None else None)


class HttpConnection:
    """One connection. All methods are for the loop's thread."""

    __slots__ = ("_context", "_sock", "controller", "transport")

    def __init__(self, transport: Transport, sock: socket.socket, context: ssl.SSLContext | None) -> None:
        self.transport, self._context = transport, context
        self._sock: socket.socket | None = sock
        self.controller: Pid | None = None

    @property
    def peer(self) -> str:
        """The address on the other side."""
        return self.transport.peer

    @property
    def secure(self) -> bool:
        """TLS protects it."""
        return self.transport.secure

    async def control(self, controller: Pid) -> None:
        """Read from now on, for `controller`. Raises OSError if the peer has gone."""
        sock, self._sock, self.controller = self._sock, None, controller
        watch(controller, self._ended)
        assert sock is not None
        await self.transport.activate(sock, self, self._context)

    def drop(self) -> None:
        """Let go of it: what was sent still leaves."""
        if self._sock is not None:
            self._sock.close()
            self.transport.abort()
        self.transport.close()

    def send(self, data: bytes) -> None:
        """Send bytes; dropped once closed."""
        self.transport.send(data)

    def read_on(self) -> None:
        """The controller has dealt with what came."""
        self.transport.resume_reading()

    # -- transport.Reader

    def feed(self, data: bytes) -> None:
        """Bytes have come."""
        self.transport.pause_reading()
        if self.controller is not None:
            process.send(self.controller, Received(data))

    def lost(self, reason: object) -> None:
        """The peer has gone, or we gave it up."""
        if self.controller is not None:
            process.send(self.controller, Lost(reason))

    def _ended(self, reason: object) -> None:
        self.controller = None
        self.drop()
