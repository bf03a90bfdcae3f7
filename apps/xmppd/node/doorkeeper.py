"""doorkeeper — keeps new connections away from a worker that does not serve, and ends one that gives no sign of life.

OTP:      cf. net_ticktime, heart
Way:      NodeUp, NodeDown → [doorkeeper] → node.steering, the sockets that the parent holds; otp.kernel.peer
Process:  `doorkeeper`, permanent, under parent_sup in the parent

The kernel spreads connections over the sockets of all workers that listen, also to one that does not accept. So the
parent, which has every socket too, has them go to the others (node.steering) from the moment at which a worker ends
until it serves again; what waits at its sockets already is served then. Those of a worker that is silent are shut at
once, and of one that is down and not back within PATIENCE seconds: a client that waits there is reset, and finds
another worker at the next try. They are opened again when the node is back. As long as no other worker is up nothing is
shut: then waiting is better.

One that is silent for `[node] restart_seconds` is killed, and started again (otp.kernel.keeper).
"""

from __future__ import annotations

import contextlib
import logging
import socket
from dataclasses import dataclass, field
from typing import Any, Final

from otp.erts import process
from otp.erts.exits import CallError
from otp.erts.pid import Pid
from otp.kernel import node, peer
from otp.kernel.net_kernel import SILENCE
from otp.kernel.node import NodeDown, NodeUp
from otp.stdlib import gen_server
from otp.stdlib.gen_server import GenServer, NoReply
from xmppd.node import steering
from xmppd.node.parent_state import Parent

log = logging.getLogger("xmppd.main")

NAME: Final = "doorkeeper"
#: seconds that connections wait at the listeners of a worker that has ended and is being started again
PATIENCE: Final = 3.0


@dataclass(frozen=True, slots=True)
class _Late:
    """A worker is still down (`silent`: the peer of its OS process, which has given no sign of life for too long)."""

    name: str
    creation: int
    silent: Pid | None = None


@dataclass(frozen=True, slots=True)
class _Serves:
    """A worker that was down accepts connections again."""

    name: str


@dataclass(slots=True)
class _State:
    """`down`: workers that are not there, with their last creation; `late` those of them for whom nobody waits;
    `away`: those that get no new connections; `order`: the workers in the order in which their sockets listen."""

    parent: Parent
    order: list[str]
    away: set[str] = field(default_factory=set)
    down: dict[str, int] = field(default_factory=dict)
    late: set[str] = field(default_factory=set)
    shut: set[str] = field(default_factory=set)


async def start_link(parent: Parent) -> Pid | None:
    """Start it."""
    return await gen_server.start_link(Doorkeeper, parent, name=NAME)


class Doorkeeper(GenServer[_State]):
    """See the head of this file."""

    def init(self, parent: Parent) -> _State:
        """Hear of nodes from now on."""
        node.monitor_nodes()
        return _State(parent, list(parent.workers))

    def handle_info(self, message: Any, state: _State) -> NoReply[_State]:
        """A worker has come or gone."""
        match message:
            case NodeUp(name):
                state.late.discard(name)
                if state.down.pop(name, None) is not None:
                    process.spawn(_tell_when_it_serves, name, process.self_())
            case _Serves(name) if name not in state.down:
                state.away.discard(name)
            case NodeDown(name, creation) if name in state.parent.workers:
                _gone(state, name, creation)
            case _Late(name, creation, silent) if state.down.get(name) == creation:
                state.late.add(name)
                if silent is not None and process.is_alive(silent):  # else there is a new one already
                    log.critical("%s gives no sign of life: it is killed", name)
                    peer.kill(silent)
        _see_to_the_listeners(state)
        return NoReply(state)


def _gone(state: _State, name: str, creation: int) -> None:
    state.down[name] = creation
    state.away.add(name)
    if not node.is_silent(name):
        process.send_after(PATIENCE, process.self_(), _Late(name, creation))
        return
    state.late.add(name)
    seconds = state.parent.config.node.restart_seconds
    if seconds is None:
        log.critical("%s gives no sign of life", name)
        return
    left = max(seconds - SILENCE, 0.0)
    log.critical("%s gives no sign of life; it is killed in %g s if it does not wake", name, left)
    process.send_after(left, process.self_(), _Late(name, creation, process.whereis(name)))


def _see_to_the_listeners(state: _State) -> None:
    """Shut those of the late ones if others serve, open those of all who are there."""
    others = set(node.nodes()) & set(state.parent.workers)
    wanted = set(state.late) if others else set()
    for name in wanted - state.shut:
        for sock, _ in _listeners(state.parent, name):
            with contextlib.suppress(OSError):  # it does not listen
                sock.shutdown(socket.SHUT_RD)
        last = state.order.pop()
        if last != name:  # as the kernel does it
            state.order[state.order.index(name)] = last
    for name in state.shut - wanted:
        for sock, backlog in _listeners(state.parent, name):
            sock.listen(backlog)
        state.order.append(name)
    state.shut = wanted
    _steer(state)


def _steer(state: _State) -> None:
    """Have new connections go to those who accept them."""
    there = [name for name in state.order if name not in state.away]
    places = [state.order.index(name) for name in there] if len(there) < len(state.order) else []
    if there:
        for sock, _ in _listeners(state.parent, there[0]):
            steering.steer(sock, places)


async def _tell_when_it_serves(name: str, doorkeeper: Pid) -> None:
    with contextlib.suppress(CallError):  # it has ended again, which is told by itself
        await peer.await_ready(name)
    process.send(doorkeeper, _Serves(name))


def _listeners(parent: Parent, name: str) -> list[tuple[socket.socket, int]]:
    place = parent.workers.index(name)
    open_ = [sockets for sockets in parent.sockets if sockets[place].fileno() >= 0]  # they are closed at the end
    return [(sockets[place], listen.backlog) for sockets, listen in zip(open_, parent.config.listen, strict=False)]
