"""acceptor — takes connections off one listening socket and hands each to the processes that will serve it.

OTP:      gen_server; cf. ranch_acceptor.erl and Thousand Island's acceptor.ex
Way:      net.listener → [acceptor] → receiver_sup, then the handler it was given (c2s), then become_controller
Process:  one per listener, permanent, under listener_sup
Differs:  accept(2) is not waited for in the process: the loop calls when the socket is readable
"""

from __future__ import annotations

import contextlib
import errno
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from otp.erts import exits, process
from otp.erts.clock import CLOCK
from otp.erts.pid import Pid, Ref
from otp.erts.scheduler import THIS
from otp.erts.signals import Down
from otp.erts.timer import TIMERS, TimerRef
from otp.stdlib import gen_server, supervisor
from otp.stdlib.gen_server import GenServer, Init, NoReply, Stop
from xmpp_core import ns
from xmpp_core.parser import BEFORE_AUTH, Limits
from xmppd.net import listener, receiver, receiver_sup, shaper
from xmppd.net.connection_limits import OpenConnections, Slot
from xmppd.net.transport import NEGOTIATION, Flusher, Transport, peer_of
from xmppd.net.xml_stream import XmlStream

log = logging.getLogger(__name__)

#: connections taken before the loop turns to what else is ready
PER_TURN: Final = 200
#: seconds to wait when there is no file descriptor or no memory for another connection (as ranch)
BACK_OFF: Final = 0.1
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_GONE: Final = frozenset({errno.ECONNABORTED, errno.EPROTO, errno.EPERM, errno.EINTR, errno.ENETDOWN})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A connection as its handler is given it: where to write, whom to ask, and its slot among the open connections."""

    transport: Transport
    receiver: Pid
    slot: Slot


#: starts the process that serves an endpoint: the receiver's controller
Handler = Callable[[Endpoint], Awaitable[Pid | None]]


@dataclass(frozen=True, slots=True)
class Service:
    """What the connections of one listener get.

    `limits` and `content_ns` are those of its streams, before login; `context` gives the TLS context of connections
    that begin with TLS, else None; `rate` and `burst` are the shaper's (bytes a second, bytes); `send_queue` is the
    bytes that may wait for a slow reader; `negotiation` the seconds from accept within which TLS must be there.
    """

    handler: Handler
    connections: OpenConnections
    limits: Limits = BEFORE_AUTH
    content_ns: str = ns.CLIENT
    context: Callable[[], ssl.SSLContext] | None = None
    rate: float | None = None
    burst: float = 1 << 20
    send_queue: int = 4 << 20
    negotiation: float = NEGOTIATION


@dataclass(slots=True)
class State:
    """`accepted` and `refused` count connections."""

    sock: socket.socket
    monitor: Ref
    service: Service
    flusher: Flusher
    spare: int | None = None
    timer: TimerRef | None = None
    accepted: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class _Failed:
    error: OSError


class Acceptor(GenServer[State]):
    """The callbacks."""

    async def init(self, listener_name: str, service: Service) -> Any:
        """Fetch the socket from the listener and begin to accept."""
        process.trap_exit(True)  # so that terminate takes the loop's eyes off the socket
        sock = await listener.get_socket(listener_name)
        monitor = process.monitor(listener_name)
        state = State(sock, monitor, service, Flusher(THIS.loop))
        _listen(state, process.self_())
        return Init(state)

    def handle_info(self, message: object, state: State) -> Any:
        """The socket failed, or its listener ended: so do we, and are started again."""
        match message:
            case _Failed(error):
                raise error
            case Down(ref, _, _) if ref is state.monitor:
                return Stop(exits.shutdown("listener_down"), state)
        return NoReply(state)

    def terminate(self, reason: object, state: State) -> None:
        """Accept nothing more."""
        if state.timer is not None:
            TIMERS.drop(state.timer)
        with contextlib.suppress(ValueError, OSError):
            THIS.loop.remove_reader(state.sock)


def _listen(state: State, pid: Pid) -> None:
    state.timer = None
    if process.is_alive(pid):
        THIS.loop.add_reader(state.sock, _accept, state, pid)


def _accept(state: State, pid: Pid) -> None:
    """The loop says that connections wait."""
    for _ in range(PER_TURN):
        try:
            sock, _ = state.sock.accept()
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno in _GONE:
                continue  # that peer changed its mind; the next may not have
            _stop_accepting(state, pid, error)
            return
        _admit(sock, state)


def _stop_accepting(state: State, pid: Pid, error: OSError) -> None:
    THIS.loop.remove_reader(state.sock)
    if error.errno == errno.EINVAL:  # the parent has closed this listener, and opens it again when it hears of us
        state.timer = TIMERS.after(BACK_OFF, _listen, state, pid)
    elif error.errno in _EXHAUSTED:
        log.warning("cannot accept: %s; trying again in %s s", error.strerror, BACK_OFF)
        state.timer = TIMERS.after(BACK_OFF, _listen, state, pid)
    else:
        process.send(pid, _Failed(error))


def _admit(sock: socket.socket, state: State) -> None:
    try:
        peer = peer_of(sock)
        sock.setblocking(False)
    except OSError:
        sock.close()
        return
    slot = state.service.connections.admit(peer)
    if slot is None:
        state.refused += 1
        sock.close()
        return
    state.accepted += 1
    process.spawn(_hand_over, sock, peer, slot, state)


async def _hand_over(sock: socket.socket, peer: str, slot: Slot, state: State) -> None:
    """One connection's start, in a process of its own so that the next need not wait for it."""
    service = state.service
    transport = Transport(THIS.loop, state.flusher, peer, service.send_queue, service.negotiation)
    transport.on_gone = slot.release
    slot.evict = lambda: transport.abort("crowded_out")
    pace = shaper.new(service.rate, service.burst, CLOCK.monotonic())
    context = service.context() if service.context is not None else None
    pid: Pid | None = None
    try:
        args = (transport, sock, XmlStream(service.limits, service.content_ns), pace, context)
        pid = await supervisor.start_child(receiver_sup.NAME, args)
        assert pid is not None
        controller = await service.handler(Endpoint(transport, pid, slot))
        if controller is None:
            raise exits.StartError("ignored")
        await receiver.become_controller(pid, controller)
    except (exits.StartError, exits.ProcessExit, OSError) as error:
        log.info("connection from %s not served: %s", peer, error)
        if pid is not None:
            receiver.close(pid)
        else:
            sock.close()
            transport.abort()


def start_link(listener_name: str, service: Service, name: str) -> Awaitable[Pid | None]:
    """Start the acceptor of a listener."""
    return gen_server.start_link(Acceptor, listener_name, service, name=name)
