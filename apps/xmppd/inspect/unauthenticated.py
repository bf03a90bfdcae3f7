"""unauthenticated — the streams behind an address or a port, from their first byte.

OTP:      cf. ejabberd_listener's and ejabberd_c2s' socket info
Way:      inspect.plugin → [unauthenticated] → the state of the streams' processes
Process:  none; loaded on workers

A word is an IP address, "192.0.2.1", or a port that is listened on, ":5222". A session is found by its JID
(inspect.jids); before that there is no JID, and nobody knows who it will be.
"""

from __future__ import annotations

from typing import Any

from otp.erts import process
from otp.erts.pid import Pid
from otp.stdlib.gen_fsm import Event
from xmppd import audit
from xmppd.inspect.words import is_address, is_port
from xmppd.net.connection import Batch
from xmppd.net.tcp_connection import TcpConnection
from xmppd.net.transport import Transport
from xmppd.stream import c2s_session, component


def streams(word: str) -> list[Pid]:
    """The clients' and components' processes of this node behind an address or port; none for another word."""
    return [pid for pid in process.processes() if matches(word, pid)] if is_address(word) else []


def joins(word: str, pid: Pid, message: Any) -> bool:
    """Whether a process that is told `message` is such a stream: what it reads comes in batches."""
    return isinstance(message, Event) and isinstance(message.event, Batch) and matches(word, pid)


def matches(word: str, pid: Pid) -> bool:
    """Whether `pid` is a stream behind this address or port."""
    transport = transport_of(pid)
    if transport is None:
        return False
    if is_port(word):
        return f":{_port(transport)}" == word
    return audit.address(transport.peer) == audit.address(word)


def transport_of(pid: Pid) -> Transport | None:
    """The connection of a stream's process; None for any other."""
    state = getattr(pid.target, "state", None)
    connection = state.connection if isinstance(state, c2s_session.C2sData | component.ComponentData) else None
    return connection.transport if isinstance(connection, TcpConnection) else None


def _port(transport: Transport) -> int | None:
    name = transport.tcp.get_extra_info("sockname") if transport.tcp is not None else None
    return int(name[1]) if isinstance(name, tuple) else None


def name(pid: Pid) -> str | None:
    """What to call a stream that is no session yet."""
    transport = transport_of(pid)
    return f"stream from {audit.address(transport.peer)}" if transport is not None else None
