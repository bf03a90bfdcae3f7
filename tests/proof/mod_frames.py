"""mod_frames — clients by frames of WebSocket over an AF_UNIX socket, behind a web server that speaks TLS.

Way:      web server → socket → [mod_frames] → Batch → stream.c2s; c2s → [mod_frames] → socket
Process:  a listener and an acceptor of its own; a connection has none: it is fed by the loop
RFC:      7395 (one element a frame, <open/> and <close/>), 6455 (frames, the opening handshake)

The whole of another transport: an implementation of net.connection.Connection, and a listener that is given it.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

from otp.erts.links import remove_watcher, watch
from otp.erts.pid import Pid, Ref
from otp.erts.scheduler import THIS
from otp.erts.timer import TIMERS
from otp.stdlib import gen_fsm
from otp.stdlib.child_spec import ChildSpec
from xmpp_core import escape, ns
from xmpp_core.errors import StreamError
from xmpp_core.limits import Limits
from xmpp_core.parser import BEFORE_AUTH, StreamEnd, StreamStart, parse_document
from xmppd import listeners
from xmppd.config.schema import Listen
from xmppd.gen_mod import Mod
from xmppd.net.acceptor import Service
from xmppd.net.connection import Batch, Disconnected, Header
from xmppd.net.connection_limits import OpenConnections, Slot
from xmppd.net.listener import Address
from xmppd.net.listener_sup import ListenerSpec, children_of
from xmppd.net.transport import Flusher

FRAMING: Final = "urn:ietf:params:xml:ns:xmpp-framing"
_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 §1.3
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10
_MOST_UNREAD: Final = 128 * 1024


@dataclass(frozen=True)
class Options:
    """`path`: of the socket."""

    path: str


def children(mod: Mod) -> list[ChildSpec]:
    """The listener and its acceptor, whose connections are served as any client's."""
    assert mod.config is not None
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(mod.options.path)
    address = Address(f"frames@{mod.host}", mod.options.path, 0, fd=sock.detach())
    handler = listeners.client_handler(
        mod.config, Listen(module="c2s", ip="", port=0, tls="off", plain_without_tls=True)
    )
    return children_of(ListenerSpec(address, Service(handler, OpenConnections(), connect)))


async def connect(sock: socket.socket, peer: str, slot: Slot, _flusher: Flusher) -> Frames:
    """What the acceptor calls with each socket."""
    return Frames(sock, peer, slot)


class Frames(asyncio.Protocol):
    """One connection: net.connection.Connection over frames."""

    def __init__(self, sock: socket.socket, peer: str, slot: Slot) -> None:
        self._sock: socket.socket | None = sock
        self.peer, self._slot = peer, slot
        self.opened = self.closing = self.congested = False
        self.limit, self.waiting = 1 << 20, 0
        self._limits = BEFORE_AUTH
        self._tcp: asyncio.Transport = None  # type: ignore[assignment]  # until connection_made
        self._waiters: list[Callable[[], object]] = []
        self._read = b""
        self._upgraded = False
        self._told: list[Batch] = []
        self._batches = 0
        self._controller: Pid | None = None
        self._watched: Ref | None = None
        self._patience = 0.0
        self._end: Disconnected | None = None

    # -- out

    def authenticated(self) -> None:
        self._slot.authenticated()

    def judging(self, waits: bool) -> None:
        self._slot.judged = waits

    def open(self, header: Header) -> None:
        self.opened = True
        known = {"id": header.id, "from": header.from_, "to": header.to, "version": header.version}
        attrs = "".join([f" {key}='{escape.attr(value)}'" for key, value in known.items() if value])
        self._write(f"<open xmlns='{FRAMING}'{attrs}/>")

    def send(self, text: str) -> None:
        self._write(as_document(text))

    def close(self, error: StreamError | None = None) -> None:
        if error is not None:
            self.send(error.to_element().to_xml())
        self._write(f"<close xmlns='{FRAMING}'/>")
        self.drop()

    def drop(self) -> None:
        if self._sock is not None:
            self._sock.close()
        if not self.closing:
            self._obey(None)
            if self._tcp is not None:
                self._tcp.write(frame(_CLOSE, b""))
                self._tcp.close()
            self.closing = True

    def abandon(self, reason: str) -> None:
        if self._tcp is not None:
            self._tcp.abort()

    def keep_alive(self) -> None:
        if not self.closing:
            self._tcp.write(frame(_PING, b""))

    def tick(self) -> int:
        return 0

    def _write(self, text: str) -> None:
        if not self.closing:
            self._tcp.write(frame(_TEXT, text.encode()))

    def pause_writing(self) -> None:
        self.congested = True

    def resume_writing(self) -> None:
        self.congested = False
        waiters, self._waiters = self._waiters, []
        for fn in waiters:
            THIS.loop.call_soon(fn)

    def tell_writable(self, fn: Callable[[], object]) -> None:
        self._waiters.append(fn)
        if not self.congested:
            self.resume_writing()

    # -- what a stream has done with it; TLS is the web server's

    async def start_tls(self, host: str, proceed: str, seq: int) -> bool:
        return False

    async def restart(self, limits: Limits | None = None) -> None:
        self.opened = False
        self._limits = limits or self._limits

    async def set_limits(self, limits: Limits) -> None:
        self._limits = limits

    def tls_version(self) -> str:
        return ""

    def peer_certificate(self) -> bytes:
        return b""

    def channel_binding(self, name: str) -> bytes:
        return b""

    # -- who is told

    async def control(self, controller: Pid) -> None:
        self._obey(controller)
        for event in (*self._told, *([self._end] if self._end is not None else [])):
            gen_fsm.send_event(controller, event)
        sock, self._sock = self._sock, None
        if sock is not None:
            await THIS.loop.connect_accepted_socket(lambda: self, sock)
        self._keep_pace()

    def outlive(self, seconds: float) -> None:
        self._patience = seconds

    def consumed(self, size: int, seconds: float = 0.0) -> None:
        del self._told[:1]
        self._keep_pace()

    def _obey(self, controller: Pid | None) -> None:
        if self._watched is not None and self._controller is not None:
            remove_watcher(self._watched, self._controller)
        self._controller, self._watched, self._patience = controller, None, 0.0
        if controller is not None:
            self._watched = watch(controller, self._deserted)

    def _deserted(self, _reason: object) -> None:
        self._controller = None
        self._keep_pace()
        TIMERS.after(self._patience, lambda: self.drop() if self._controller is None else None)

    def _keep_pace(self) -> None:
        if self._tcp is not None and not self.closing:
            waits = sum([batch.size for batch in self._told]) > _MOST_UNREAD or self._controller is None
            self._tcp.pause_reading() if waits else self._tcp.resume_reading()

    # -- in

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._tcp = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closing = True
        self._slot.release()
        self.resume_writing()
        self._end = Disconnected("closed")
        if self._controller is not None:
            gen_fsm.send_event(self._controller, self._end)

    def data_received(self, data: bytes) -> None:
        if self.closing:
            return
        self._read += data
        if not self._upgraded and not self._upgrade():
            return
        events: list[Any] = []
        try:
            while (found := unframe(self._read)) is not None:
                opcode, payload, self._read = found
                self._take(opcode, payload, events)
            if len(self._read) > self._limits.bytes:
                raise StreamError("policy-violation", "too large")
        except StreamError as error:
            events.append(error)
        if events:
            self._batches += 1
            self._told.append(Batch(events, len(data), self._batches))
            if self._controller is not None:
                gen_fsm.send_event(self._controller, self._told[-1])
            self._keep_pace()

    def _upgrade(self) -> bool:
        """The opening handshake. RFC: 6455 §4.2"""
        head, end, rest = self._read.partition(b"\r\n\r\n")
        key = re.search(rb"(?im)^sec-websocket-key: *(\S+)", head)
        if not end or key is None:
            return False
        accept = base64.b64encode(hashlib.sha1(key[1] + _GUID).digest()).decode()
        self._tcp.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + f"Sec-WebSocket-Protocol: xmpp\r\nSec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        self._read, self._upgraded = rest, True
        return True

    def _take(self, opcode: int, payload: bytes, events: list[Any]) -> None:
        if opcode == _TEXT:
            events.append(heard(payload, self._limits))
        elif opcode == _PING:
            self._tcp.write(frame(_PONG, payload))
        elif opcode == _CLOSE:
            self._tcp.close()
        elif opcode != _PONG:
            raise StreamError("policy-violation", "only whole frames of text")


def heard(payload: bytes, limits: Limits) -> Any:
    """What a frame says, as a stream takes it. Raises StreamError. RFC: 7395 §3.3"""
    element = parse_document(payload, limits)
    if element.ns != FRAMING:
        return element
    if element.name == "close":
        return StreamEnd()
    return StreamStart(ns.STREAM, "stream", dict(element.attrs), {"": ns.CLIENT, "stream": ns.STREAM})


def as_document(text: str) -> str:
    """A stanza or nonza that declares its namespaces itself. RFC: 7395 §3.3.3"""
    name = re.match(r"<([\w.-]+:)?[\w.-]+", text)
    assert name is not None
    declared = f" xmlns:stream='{ns.STREAM}'" if name[1] else ""
    if not text.startswith(" xmlns='", name.end()):
        declared = f" xmlns='{ns.CLIENT}'{declared}"
    return f"{name[0]}{declared}{text[name.end() :]}"


def frame(opcode: int, payload: bytes, mask: bytes = b"") -> bytes:
    """One whole frame; a client masks it. RFC: 6455 §5.2"""
    size, masked = len(payload), 0x80 if mask else 0
    if size < 126:
        head = bytes([0x80 | opcode, masked | size])
    elif size < 1 << 16:
        head = bytes([0x80 | opcode, masked | 126]) + size.to_bytes(2, "big")
    else:
        head = bytes([0x80 | opcode, masked | 127]) + size.to_bytes(8, "big")
    return head + mask + (_masked(payload, mask) if mask else payload)


def unframe(data: bytes) -> tuple[int, bytes, bytes] | None:
    """The first frame of a client's bytes: its opcode, what it holds, what lies behind it; None while it is not whole.

    Raises StreamError for one that is a part, or not masked.
    """
    if len(data) < 2:
        return None
    size, at = data[1] & 0x7F, 2
    if not data[0] & 0x80 or not data[1] & 0x80:
        raise StreamError("policy-violation", "frames are whole, and a client masks them")
    if size > 125:
        at = 4 if size == 126 else 10
        size = int.from_bytes(data[2:at], "big")
    if len(data) < at + 4 + size:
        return None
    return data[0] & 0xF, _masked(data[at + 4 : at + 4 + size], data[at : at + 4]), data[at + 4 + size :]


def _masked(payload: bytes, mask: bytes) -> bytes:
    whole = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(whole, "big")).to_bytes(len(payload), "big")
