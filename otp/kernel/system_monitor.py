"""system_monitor — tells of processes that cannot keep up: too much waits for them, or they take nothing at all.

OTP:      erlang:system_monitor/2 with long_message_queue
Differs:  looks at all processes now and then, so that sending costs nothing; and finds a named process that has
          messages and takes none, as one that waits for ever for an answer
Way:      PROCESSES → [system_monitor] → the log, and `told`
Process:  a gen_server, permanent, under the supervisor of the application that wants it

    await system_monitor.start_link(MonitorConfig(long=10_000, told=count))
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from otp.erts import process
from otp.erts.actor import PROCESSES, Process
from otp.erts.pid import Pid
from otp.erts.process_info import process_info
from otp.erts.scheduler import THIS
from otp.stdlib import gen_server
from otp.stdlib.gen_server import GenServer, NoReply

log = logging.getLogger("otp.system_monitor")

NAME: Final = "system_monitor"
#: processes that are looked at before others have their turn
AT_ONCE: Final = 2000
LONG: Final = "long_message_queue"
STUCK: Final = "stuck"


@dataclass(frozen=True, slots=True)
class MonitorConfig:
    """What to look for: mailboxes of `long` messages and more (told again once they have been a tenth of it), every
    `seconds`; and named processes whose mailbox is not empty and who take nothing for `stuck` seconds. `told` is called
    with LONG or STUCK for each that is found."""

    long: int = 10_000
    seconds: float = 5.0
    stuck: float = 10.0
    told: Callable[[str], object] = lambda kind: None


@dataclass(slots=True)
class _State:
    """`long`: those that were told of; `still`: named processes with messages, at which turn and for how many seconds
    they have stood."""

    watch: MonitorConfig
    long: set[Pid] = field(default_factory=set)
    still: dict[Pid, tuple[int, float]] = field(default_factory=dict)


class _Recheck:
    """The time has come."""


class SystemMonitor(GenServer[_State]):
    """The callbacks."""

    def init(self, watch: MonitorConfig) -> _State:
        """Look for the first time in a while."""
        _recheck_in(watch.seconds)
        return _State(watch)

    async def handle_info(self, message: object, state: _State) -> Any:
        """Look at everybody."""
        if isinstance(message, _Recheck):
            await _look(state)
            _recheck_in(state.watch.seconds)
        return NoReply(state)


def _recheck_in(seconds: float) -> None:
    THIS.loop.call_later(seconds, process.send, process.self_(), _Recheck())  # real time: a process stands still


async def _look(state: _State) -> None:
    everybody = list(PROCESSES.items())
    for start in range(0, len(everybody), AT_ONCE):
        for pid, one in everybody[start : start + AT_ONCE]:
            if one._queue:
                _judge(pid, one, len(one._queue), state)
        await asyncio.sleep(0)
    _forget(state)


def _judge(pid: Pid, one: Process, waiting: int, state: _State) -> None:
    if waiting >= state.watch.long and pid not in state.long:
        state.long.add(pid)
        _tell(LONG, f"{waiting} messages wait for {_who(pid, one)}", pid, state)
    if one.name is None or one.suspended_by:
        return
    turn, seconds = state.still.get(pid, (-1, 0.0))
    if turn != one.reductions:
        state.still[pid] = (one.reductions, 0.0)
        return
    before, now = seconds, seconds + state.watch.seconds
    state.still[pid] = (turn, now)
    if before < state.watch.stuck <= now:
        _tell(STUCK, f"{_who(pid, one)} takes no message, {waiting} wait", pid, state)


def _forget(state: _State) -> None:
    """What is over: processes that have ended, and those that keep up again."""
    for pid in list(state.long):
        one = pid.target
        if one is None or len(one._queue or ()) <= state.watch.long // 10:
            state.long.discard(pid)
    for pid in list(state.still):
        one = pid.target
        if one is None or not one._queue:
            del state.still[pid]


def _tell(kind: str, text: str, pid: Pid, state: _State) -> None:
    place = process_info(pid, "current_location")
    log.warning("%s%s", text, f"; it is in {place[0]}.{place[1]}, line {place[2]}" if place else "")
    state.watch.told(kind)


def _who(pid: Pid, one: Process) -> str:
    label = getattr(one.label, "__qualname__", None) or str(one.label or "")
    return " ".join(filter(None, [str(pid), one.name, f"({label})" if label else ""]))


async def start_link(watch: MonitorConfig) -> Pid | None:
    """Start it."""
    return await gen_server.start_link(SystemMonitor, watch, name=NAME)
