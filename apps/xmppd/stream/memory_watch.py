"""memory_watch — keeps a worker within its memory: nobody new, then the slowest readers go, then it starts again.

OTP:      cf. memsup's watermarks and ejabberd's oom_killer (oom_watermark)
Way:      otp.kernel.memsup → [memory_watch] → net.connection_limits (held), connections of slow readers, boot.stop
Process:  `memory_watch`, one per worker, permanent, under xmppd_sup

Of what it may have (`[node] memory_mb`): from HOLD on who comes waits in the kernel's backlog, and finds another worker
if one is free; from DROP on those go, a few each second, for whom most waits and who do not read it: a session that can
be resumed is detached, and messages go where those of a lost connection go. At RESTART the worker ends in order, as at
`xmppd stop`, and the parent starts it again: that is better than to be killed by the kernel in the midst of all.
"""

from __future__ import annotations

import asyncio
import enum
import heapq
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from otp.erts import process
from otp.erts.pid import Pid
from otp.erts.process_info import process_info
from otp.erts.scheduler import THIS
from otp.kernel import memsup
from otp.release import boot
from otp.stdlib import gen_server
from otp.stdlib.gen_server import GenServer, NoReply
from xmppd import limits_hit
from xmppd.net.connection import Connection
from xmppd.net.connection_limits import OpenConnections
from xmppd.routing.deliver import Deliver, DeliverIfNewer
from xmppd.routing.sm import sm
from xmppd.stream.c2s_session import C2sData

log = logging.getLogger("xmppd.memory")

NAME: Final = "memory_watch"
#: seconds between two looks
PERIOD: Final = 1.0
#: of the memory that a worker may have: where each stage begins, and how far below it ends
HOLD, DROP, RESTART, BELOW = 0.70, 0.80, 0.90, 0.05
#: slow readers that go at a time, and the bytes that must wait for one
AT_A_TIME: Final = 20
MUCH: Final = 64 * 1024
#: messages in a mailbox that are not worth to be weighed
FEW: Final = 16
#: exit status of a worker that ends for want of memory (EX_TEMPFAIL of sysexits.h)
STATUS: Final = 75
#: sessions that are weighed before other processes have their turn
AT_ONCE: Final = 200


class MemoryStage(enum.IntEnum):
    """How near it is to its limit."""

    FREE = 0
    HOLD = 1
    DROP = 2
    RESTART = 3


@dataclass(slots=True)
class _State:
    limit: int
    connections: OpenConnections
    end: Callable[[str, int], object]
    resident: Callable[[], int]
    stage: MemoryStage = MemoryStage.FREE


class _Recheck:
    """A second has passed."""


class MemoryWatch(GenServer[_State]):
    """The callbacks."""

    def init(self, state: _State) -> _State:
        """Nothing is held."""
        _recheck_later()
        return state

    async def handle_info(self, message: object, state: _State) -> Any:
        """Look, and do what the stage demands."""
        if isinstance(message, _Recheck):
            await _look(state)
            _recheck_later()
        return NoReply(state)

    def terminate(self, reason: object, state: _State) -> None:
        """Whoever comes next is not kept waiting by one that has gone."""
        state.connections.held = False


def _recheck_later() -> None:
    me = process.self_()
    THIS.loop.call_later(PERIOD, process.send, me, _Recheck())  # real time: what the system does goes by it


def stage_of(part: float, before: MemoryStage) -> MemoryStage:
    """The stage at this part of the limit; one that was reached ends BELOW where it begins."""
    found = MemoryStage(sum(part >= begins for begins in (HOLD, DROP, RESTART)))
    if found < before and part >= (HOLD, DROP, RESTART)[before - 1] - BELOW:
        return before
    return found


async def _look(state: _State) -> None:
    before = state.stage
    state.stage = stage_of(state.resident() / state.limit, before)
    if state.stage > before:
        memsup.trim()  # it may be enough
        state.stage = stage_of(state.resident() / state.limit, before)
    if state.stage != before:
        _tell(state, before)
    state.connections.held = state.stage >= MemoryStage.HOLD
    if state.stage >= MemoryStage.DROP and await _drop_the_slowest():
        memsup.trim()


def _tell(state: _State, before: MemoryStage) -> None:
    used, limit = state.resident() >> 20, state.limit >> 20
    if state.stage == MemoryStage.FREE:
        log.warning("memory: %d of %d MB are in use, connections are accepted again", used, limit)
    elif state.stage > before:
        log.warning("memory: %d of %d MB are in use: %s", used, limit, _DONE[state.stage])
    if before < MemoryStage.HOLD <= state.stage:
        limits_hit.MEMORY_ACCEPT.n += 1
    if state.stage == MemoryStage.RESTART:
        limits_hit.MEMORY_RESTART.n += 1
        state.end(f"memory: {used} of {limit} MB are in use", STATUS)


_DONE: Final = {
    MemoryStage.HOLD: "no connection is accepted",
    MemoryStage.DROP: "the slowest readers are let go",
    MemoryStage.RESTART: "this worker starts again",
}


async def _drop_the_slowest() -> int:
    """Let go of those for whom most waits; how many."""
    found: list[tuple[int, int, Connection]] = []
    for number, pid in enumerate(sm.sessions_here()):
        if number % AT_ONCE == AT_ONCE - 1:
            await asyncio.sleep(0)
        session = sm.session_of(pid)
        stream = session.stream if session is not None else None
        if isinstance(stream, C2sData):
            size = stream.connection.waiting + _in_mailbox(pid)
            if size >= MUCH and stream.connection.waiting:
                found.append((size, number, stream.connection))
    slowest = heapq.nlargest(AT_A_TIME, found)
    for size, _, connection in slowest:
        log.info("memory: a client that does not read what waits for it, %d bytes, is let go", size)
        connection.abandon("slow_reader")
    limits_hit.MEMORY_DROPPED.n += len(slowest)
    return len(slowest)


def _in_mailbox(pid: Pid) -> int:
    if (process_info(pid, "message_queue_len") or 0) <= FEW:
        return 0
    messages = process_info(pid, "messages") or ()
    return sum(one.stanza.weight() for one in messages if isinstance(one, (Deliver, DeliverIfNewer)))


async def start_link(
    megabytes: int,
    workers: int,
    connections: OpenConnections,
    end: Callable[[str, int], object] = boot.stop,
    resident: Callable[[], int] = memsup.resident,
) -> Pid | None:
    """Start it. `megabytes`: what this worker may have, 0: its share, one of `workers`, of what they all may have."""
    limit = megabytes << 20 or memsup.allowed(workers)
    return await gen_server.start_link(MemoryWatch, _State(limit, connections, end, resident), name=NAME)
