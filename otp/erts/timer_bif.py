"""timer_bif — a process's timers: messages that are sent later.

OTP:      erlang:send_after/3,4, start_timer/3,4, cancel_timer/1,2, read_timer/1
Differs:  seconds, not milliseconds; a TimerRef is no reference and stays on its node
Process:  none; fires on the loop's thread
"""

from __future__ import annotations

import math
from typing import Any

from otp.erts.actor import Process
from otp.erts.clock import CLOCK
from otp.erts.current import Dest, resolve, running
from otp.erts.links import deliver
from otp.erts.pid import Pid, is_local
from otp.erts.timer import TIMERS, TimerRef


def send_after(seconds: float, dest: Dest, message: object, *, absolute: bool = False) -> TimerRef:
    """Send a message in `seconds`; nothing happens if by then the process is dead or the name is free.

    `absolute`: at that second of monotonic_time(). A timer for a pid ends with its process. Raises: ValueError
    (badarg) for a time that is negative or no number, or a pid of another node.
    """
    return _start(seconds, dest, message, absolute)


def start_timer(seconds: float, dest: Dest, message: object, *, absolute: bool = False) -> TimerRef:
    """send_after(), but what is sent is ("timeout", the TimerRef, message). Raises as it."""
    cell: list[TimerRef] = []
    timer = _start(seconds, dest, cell, absolute, wrap=message)
    cell.append(timer)
    return timer


def cancel_timer(timer: TimerRef, *, asynchronous: bool = False) -> float | None:
    """Seconds that were left, or None: it fired (its message may be in the mailbox) or was cancelled before.

    `asynchronous`: returns None, and ("cancel_timer", timer, left) comes as a message. Raises: TypeError (badarg).
    """
    left = TIMERS.cancel(_checked(timer))
    if not asynchronous:
        return left
    running().deliver(("cancel_timer", timer, left))
    return None


def read_timer(timer: TimerRef) -> float | None:
    """Seconds that are left, or None if it fired or was cancelled. Raises: TypeError (badarg)."""
    return None if _checked(timer).fn is None else max(timer.due - CLOCK.monotonic(), 0.0)


def monotonic_time() -> float:
    """The clock of all timers, in seconds."""
    return CLOCK.monotonic()


def _checked(timer: TimerRef) -> TimerRef:
    if not isinstance(timer, TimerRef):
        raise TypeError(f"{timer!r} is no timer")
    return timer


def _start(seconds: float, dest: Dest, message: Any, absolute: bool, **wrap: object) -> TimerRef:
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds < math.inf:
        raise ValueError(f"no time for a timer: {seconds!r}")
    if isinstance(dest, tuple) or (isinstance(dest, Pid) and not is_local(dest)):
        raise ValueError(f"{dest} is of another node")
    wait = seconds - CLOCK.monotonic() if absolute else seconds
    if not isinstance(dest, Pid) or dest.target is None:
        return TIMERS.after(wait, _fire, None, dest, message, wrap)
    owner: Process = dest.target
    timer = TIMERS.after(wait, _fire, owner, dest, message, wrap)
    if owner.timers is None:
        owner.timers = {}
    owner.timers[timer.order] = timer
    timer.owner = owner
    return timer


def _fire(owner: Process | None, dest: Dest, message: Any, wrap: dict[str, object]) -> None:
    pid = resolve(dest)
    if pid is not None:
        deliver(pid, ("timeout", message[0], wrap["wrap"]) if wrap else message)
