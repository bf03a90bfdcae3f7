"""listener — holds one listening socket: bound here, or inherited from the parent by its number.

OTP:      gen_server; cf. ejabberd_listener.erl, and Thousand Island's listener.ex
Way:      [listener] → net.acceptor
Process:  one per `[[listen]]` and worker, permanent, under listener_sup; the socket survives its acceptor's crash
"""

from __future__ import annotations

import contextlib
import os
import resource
import socket
from dataclasses import dataclass
from typing import Any, Final

from otp.erts import process
from otp.stdlib import gen_server
from otp.stdlib.gen_server import GenServer, NoReply, Reply

ANY = "*"
#: bytes that the system keeps for a peer beside what is on its way to it: it would take megabytes of one who does not
#: read, which are the server's, too, and nobody would know that the peer is slow
NOT_SENT: Final = 128 * 1024
#: keepalive probes without an answer, after which a peer has vanished
_PROBES: Final = 3


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen. `ip` "*" means all of IPv4 and IPv6; `port` 0 any free one; `fd` an inherited socket.

    `vanished`: seconds after which a connection whose peer answers nothing any more is given up, None for the kernel's
    own (hours, and 15 minutes with data on the way).
    """

    name: str
    ip: str
    port: int
    backlog: int = 1024
    fd: int | None = None
    vanished: int | None = None


@dataclass(frozen=True, slots=True)
class GetSocket:
    """Call: the listening socket."""


class Listener(GenServer[socket.socket]):
    """The state is the socket."""

    def init(self, address: Address) -> socket.socket:
        """Bind, or adopt."""
        process.trap_exit(True)  # so that terminate closes the socket
        return bind(address)

    def handle_call(self, request: object, from_: Any, state: socket.socket) -> Any:
        """Hand the socket to the acceptor."""
        return Reply(state, state) if isinstance(request, GetSocket) else NoReply(state)

    def terminate(self, reason: object, state: socket.socket) -> None:
        """Stop listening."""
        state.close()


def bind(address: Address) -> socket.socket:
    """The socket of `address`, non-blocking and listening: the inherited one, or a new one with SO_REUSEPORT.

    Raises OSError with the address in its text.
    """
    if address.fd is not None:
        sock = socket.socket(fileno=os.dup(address.fd))  # a restarted listener inherits it again
        sock.listen(address.backlog)  # the parent has bound it; it goes on listening if this worker dies
    else:
        everywhere = address.ip == ANY
        family = socket.AF_INET6 if everywhere or ":" in address.ip else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            _options(sock, family, everywhere)
            sock.bind(("::" if everywhere else address.ip, address.port))
            sock.listen(address.backlog)
        except OSError as error:
            sock.close()
            raise OSError(error.errno, f"{address.ip} port {address.port}: {error.strerror}") from None
    sock.setblocking(False)
    if sock.family in (socket.AF_INET, socket.AF_INET6):  # one that is inherited may be of another family
        for level, option, value in for_connections(address.vanished):
            sock.setsockopt(level, option, value)
    return sock


def for_connections(vanished: int | None) -> list[tuple[int, int, int]]:
    """The socket options that Linux hands down from the listening socket to each accepted one: no delay, little that
    waits out of sight, and how a peer that vanished is noticed within `vanished` seconds. An idle connection: the first
    probe at half of it, the last answer due at its end. With data on the way keepalive rests: that many seconds of
    retransmission (RFC 5482)."""
    options = [
        (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
        (socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, NOT_SENT),
    ]
    if vanished is None:
        return options
    interval = max(1, vanished // (2 * _PROBES))
    return [
        *options,
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, max(1, vanished - _PROBES * interval)),
        (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, interval),
        (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _PROBES),
        (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, vanished * 1000),
    ]


def _options(sock: socket.socket, family: int, everywhere: bool) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    with contextlib.suppress(AttributeError, OSError):  # a kernel without it: one worker per port
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(not everywhere))


async def get_socket(listener: str) -> socket.socket:
    """The socket that the listener called `listener` holds. Raises CallError."""
    sock: socket.socket = await gen_server.call(listener, GetSocket())
    return sock


def raise_fd_limit() -> int:
    """Allow this OS process as many open files as it may have at all; returns how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
