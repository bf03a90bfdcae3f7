"""acceptor — takes connections off one listening socket and hands each to the processes that will serve it.

OTP:      gen_server; cf. ranch_acceptor.erl and Thousand Island's acceptor.ex
Way:      net.listener → [acceptor] → connect (tcp_connection), then the handler it was given (c2s), then control
Process:  one per listener, permanent, under listener_sup
Differs:  accept(2) is not waited for in the process: the loop calls when the socket is readable

When files run short, or memory (`OpenConnections.held`), it looks away from the socket for BACK_OFF seconds at a time:
who comes waits in the kernel's backlog, and nothing spins. See net.descriptors.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from otp.erts import exits, process
from otp.erts.pid import Pid, Ref
from otp.erts.scheduler import THIS
from otp.erts.signals import Down
from otp.erts.timer import TIMERS, TimerRef
from otp.stdlib import gen_fsm, gen_server
from otp.stdlib.gen_server import GenServer, Init, NoReply, Stop
from xmppd import limits_hit, metrics
from xmppd.net import listener
from xmppd.net.connection import Disconnected
from xmppd.net.connection_limits import OpenConnections, Slot
from xmppd.net.descriptors import Descriptors
from xmppd.net.transport import Flusher, peer_of

log = logging.getLogger(__name__)

#: connections taken before the loop turns to what else is ready
PER_TURN: Final = 200
#: seconds to wait when there is no file descriptor or no memory for another connection (as ranch)
BACK_OFF: Final = 0.1
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_GONE: Final = frozenset({errno.ECONNABORTED, errno.EPROTO, errno.EPERM, errno.EINTR, errno.ENETDOWN})


_ACCEPTED: Final = metrics.counter("xmppd_connections_accepted_total", "connections that were taken").cell()


class Accepted(Protocol):
    """What the acceptor does with a connection, of whatever protocol: net.connection.Connection and others."""

    async def control(self, controller: Pid) -> None:
        """Read from now on, for `controller`."""

    def drop(self) -> None:
        """Let go of it."""


#: makes the connection over an accepted socket, which is its business from then on: (socket, peer, slot, flusher)
Connect = Callable[[socket.socket, str, Slot, Flusher], Awaitable[Accepted]]
#: starts the process that serves a connection that `connect` made: its controller
Handler = Callable[[Any], Awaitable[Pid | None]]


@dataclass(frozen=True, slots=True)
class Service:
    """What those who come to one listener get: what carries their bytes, who serves them, and how many may come."""

    handler: Handler
    connections: OpenConnections
    connect: Connect


@dataclass(slots=True)
class AcceptorState:
    """`accepted` and `refused` count connections."""

    sock: socket.socket
    monitor: Ref
    service: Service
    flusher: Flusher
    descriptors: Descriptors
    timer: TimerRef | None = None
    accepted: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class _Failed:
    error: OSError


class Acceptor(GenServer[AcceptorState]):
    """The callbacks."""

    async def init(self, listener_name: str, service: Service) -> Any:
        """Fetch the socket from the listener and begin to accept."""
        process.trap_exit(True)  # so that terminate takes the loop's eyes off the socket
        sock = await listener.get_socket(listener_name)
        monitor = process.monitor(listener_name)
        state = AcceptorState(sock, monitor, service, Flusher(THIS.loop), Descriptors())
        _listen(state, process.self_())
        return Init(state)

    def handle_info(self, message: object, state: AcceptorState) -> Any:
        """The socket failed, or its listener ended: so do we, and are started again."""
        match message:
            case _Failed(error):
                raise error
            case Down(ref, _, _) if ref is state.monitor:
                return Stop(exits.shutdown("listener_down"), state)
        return NoReply(state)

    def terminate(self, reason: object, state: AcceptorState) -> None:
        """Accept nothing more."""
        if state.timer is not None:
            TIMERS.drop(state.timer)
        with contextlib.suppress(ValueError, OSError):
            THIS.loop.remove_reader(state.sock)
        state.descriptors.close()


def _listen(state: AcceptorState, pid: Pid) -> None:
    state.timer = None
    if process.is_alive(pid):
        THIS.loop.add_reader(state.sock, _accept, state, pid)


def _accept(state: AcceptorState, pid: Pid) -> None:
    """The loop says that connections wait."""
    if state.service.connections.held:
        _pause(state, pid)
        return
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
        if state.descriptors.are_short(sock.fileno()):
            _turn_away(sock, state)
            _pause(state, pid)
            return
        _admit(sock, state)


def _stop_accepting(state: AcceptorState, pid: Pid, error: OSError) -> None:
    if error.errno == errno.EINVAL:  # the parent has closed this listener, and opens it again when it hears of us
        _pause(state, pid)
    elif error.errno in _EXHAUSTED:
        log.warning("cannot accept: %s; trying again every %s s", error.strerror, BACK_OFF)
        turned_away = state.descriptors.turn_away(state.sock)
        state.refused += turned_away
        state.service.connections.refused += turned_away
        limits_hit.DESCRIPTORS.n += 1
        _pause(state, pid)
    else:
        THIS.loop.remove_reader(state.sock)
        process.send(pid, _Failed(error))


def _pause(state: AcceptorState, pid: Pid) -> None:
    THIS.loop.remove_reader(state.sock)
    state.timer = TIMERS.after(BACK_OFF, _listen, state, pid)


def _turn_away(sock: socket.socket, state: AcceptorState) -> None:
    """Of the files that may be open too few are left: those are for the store and the other workers."""
    state.refused += 1
    state.service.connections.refused += 1
    limits_hit.DESCRIPTORS.n += 1
    sock.close()
    log.warning("too few file descriptors are left for another connection: trying again every %s s", BACK_OFF)


def _admit(sock: socket.socket, state: AcceptorState) -> None:
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
    _ACCEPTED.n += 1
    process.spawn(_hand_over, sock, peer, slot, state)


async def _hand_over(sock: socket.socket, peer: str, slot: Slot, state: AcceptorState) -> None:
    """One connection's start, in a process of its own so that the next need not wait for it."""
    service = state.service
    connection: Accepted | None = None
    controller: Pid | None = None
    try:
        connection = await service.connect(sock, peer, slot, state.flusher)
        controller = await service.handler(connection)
        if controller is None:
            raise exits.StartError("ignored")
        await connection.control(controller)
    except (exits.StartError, exits.ProcessExit, OSError) as error:
        log.info("connection from %s not served: %s", peer, error)
        if connection is not None:
            connection.drop()
        if controller is not None:
            gen_fsm.send_event(controller, Disconnected(error))


def start_link(listener_name: str, service: Service, name: str) -> Awaitable[Pid | None]:
    """Start the acceptor of a listener."""
    return gen_server.start_link(Acceptor, listener_name, service, name=name)
