"""tcp_connection — a stream over TCP, with TLS or without: a header, elements, and a closing tag.

OTP:      cf. xmpp_socket.erl and the sockmod of ejabberd_socket
Way:      net.acceptor → [connect] → net.receiver_sup; stream → [tcp_connection] → net.transport → socket
Process:  the connection's receiver (net.receiver) reads; the process that sends writes
RFC:      6120 §4.2 (opening), §4.4 (closing), §4.7 (attributes), §4.8 (namespaces), §5 (STARTTLS)
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from otp.erts.clock import CLOCK
from otp.erts.pid import Pid
from otp.erts.scheduler import THIS
from otp.stdlib import supervisor
from xmpp_core import escape, ns
from xmpp_core.errors import StreamError
from xmpp_core.limits import Limits
from xmpp_core.parser import BEFORE_AUTH
from xmppd.net import receiver, receiver_sup, shaper
from xmppd.net.connection import END_POINT, Header
from xmppd.net.connection_limits import Slot
from xmppd.net.receiver import Inbound
from xmppd.net.tls import TlsContexts
from xmppd.net.transport import NEGOTIATION, Flusher, Transport
from xmppd.net.xml_stream import XmlStream

_END: Final = "</stream:stream>"


@dataclass(frozen=True, slots=True)
class Tcp:
    """What the connections of one listener are.

    `limits` and `content_ns` are those of its streams, before login; `tls` the hosts' contexts, None for no TLS;
    `direct`: TLS from the first byte; `rate` and `burst` are the shaper's (bytes a second, bytes); `send_queue` is the
    bytes that may wait for a slow reader; `negotiation` the seconds from accept within which TLS must be there.
    """

    limits: Limits = BEFORE_AUTH
    content_ns: str = ns.CLIENT
    tls: TlsContexts | None = None
    direct: bool = False
    rate: float | None = None
    burst: float = 1 << 20
    send_queue: int = 4 << 20
    negotiation: float = NEGOTIATION

    async def connect(self, sock: socket.socket, peer: str, slot: Slot, flusher: Flusher) -> TcpConnection:
        """The connection over an accepted socket, whose it is from now on; nothing is read yet. Raises StartError."""
        transport = Transport(THIS.loop, flusher, peer, self.send_queue, self.negotiation)
        transport.on_gone = slot.release
        slot.evict = lambda: transport.abort("crowded_out")
        pace = shaper.new(self.rate, self.burst, CLOCK.monotonic())
        context = self.tls.context() if self.direct and self.tls is not None else None
        inbound = Inbound(transport, sock, XmlStream(self.limits, self.content_ns), pace, context)
        try:
            await supervisor.start_child(receiver_sup.NAME, (inbound,))
        except BaseException:
            sock.close()
            transport.abort()
            raise
        return TcpConnection(self, inbound, slot)


class TcpConnection:
    """net.connection.Connection over a transport and its receiver."""

    __slots__ = ("_dropped", "_inbound", "_kind", "_slot", "opened", "transport")

    def __init__(self, kind: Tcp, inbound: Inbound, slot: Slot) -> None:
        self._kind, self._inbound, self.transport, self._slot = kind, inbound, inbound.transport, slot
        self.opened = self._dropped = False

    @property
    def receiver(self) -> Pid:
        """The process that reads."""
        return self._inbound.pid

    # -- out

    def open(self, header: Header) -> None:
        """`<stream:stream>`, after an XML declaration."""
        self.opened = True
        self.transport.send(f"<?xml version='1.0'?><stream:stream xmlns='{self._kind.content_ns}'{_attrs(header)}>")

    def send(self, text: str) -> None:
        """As it is: the namespaces are those of the header."""
        self.transport.send(text)

    def close(self, error: StreamError | None = None) -> None:
        """`</stream:stream>`, behind the error if there is one."""
        if self._dropped:
            return
        if not self.opened:
            self.open(Header("0"))
        self.transport.send(error.to_element().to_xml() + _END if error is not None else _END)
        self.drop()

    def drop(self) -> None:
        """Close the socket when all has been written, and let the receiver go."""
        if not self._dropped:
            self._dropped = True
            self._inbound.dismiss()
            self.transport.close()
            receiver.close(self.receiver)

    def abandon(self, reason: str) -> None:
        """Close the socket at once."""
        self.transport.abort(reason)

    def keep_alive(self) -> None:
        """A space between two stanzas."""
        self.transport.send(" ")

    def tick(self) -> int:
        """As the transport counts."""
        return self.transport.tick()

    # -- what is known of it

    def authenticated(self) -> None:
        """It stays when others need its place."""
        self._slot.authenticated()

    def judging(self, waits: bool) -> None:
        """To be sent away would be the answer, and sooner than it is due."""
        self._slot.judged = waits

    @property
    def peer(self) -> str:
        """The IP address on the other side."""
        return self.transport.peer

    @property
    def limit(self) -> int:
        """Bytes that may wait for a slow reader."""
        return self.transport.limit

    @property
    def waiting(self) -> int:
        """In the socket's buffer of this process."""
        return self.transport.waiting

    @property
    def congested(self) -> bool:
        """The socket's buffer is full."""
        return self.transport.congested

    @property
    def closing(self) -> bool:
        """Nothing that is sent leaves any more."""
        return self.transport.closing

    def tls_version(self) -> str:
        """As OpenSSL writes it."""
        session = self.transport.tls
        return session.version() if session is not None else ""

    def channel_binding(self, name: str) -> bytes:
        """tls-server-end-point, once the handshake is over; ssl of Python has no other that TLS 1.3 knows."""
        session, contexts = self.transport.tls, self._kind.tls
        if name != END_POINT or session is None or contexts is None or not session.handshaken:
            return b""
        return contexts.end_point(session.context)

    def peer_certificate(self) -> bytes:
        """As the TLS session has verified it."""
        session = self.transport.tls
        return session.peer_certificate() if session is not None else b""

    # -- changes

    async def start_tls(self, host: str, proceed: str, seq: int) -> bool:
        """STARTTLS, with the certificate of `host` until SNI says more."""
        assert self._kind.tls is not None
        context = self._kind.tls.context(host)
        if not await receiver.starttls(self.receiver, context, proceed.encode(), seq):
            return False
        self.opened = False
        return True

    async def restart(self, limits: Limits | None = None) -> None:
        """A fresh parser."""
        await receiver.reset_stream(self.receiver, limits)
        self.opened = False

    async def set_limits(self, limits: Limits) -> None:
        """Of the parser."""
        await receiver.set_limits(self.receiver, limits)

    # -- reading

    def tell_writable(self, fn: Callable[[], object]) -> None:
        """As the transport does."""
        self.transport.tell_writable(fn)

    def consumed(self, size: int, seconds: float = 0.0) -> None:
        """The receiver may read on, and charges for the work."""
        self._inbound.consumed(size, seconds)

    async def control(self, controller: Pid) -> None:
        """The receiver's new controller; the first one's coming activates the socket."""
        await receiver.become_controller(self.receiver, controller)

    def outlive(self, seconds: float) -> None:
        """The receiver does not go with its controller."""
        self._inbound.patience = seconds


def _attrs(header: Header) -> str:
    """The attributes of our header. RFC: 6120 §4.7"""
    named = {
        "id": header.id, "from": header.from_, "to": header.to, "version": header.version, "xml:lang": header.lang,
    }  # fmt: skip
    written = "".join([f" {key}='{escape.attr(value)}'" for key, value in named.items() if value])
    return f" xmlns:stream='{ns.STREAM}'{written}"
