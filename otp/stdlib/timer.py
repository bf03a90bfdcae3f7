"""timer — sends messages and calls functions later, once or repeatedly.

OTP:      timer.erl
Differs:  seconds, not milliseconds; there is no timer_server to go through: the timers of erts do it, and each function
          that is applied runs in a process of its own. The functions return a TRef or raise, no {ok, _} or {error, _}
Process:  none of its own; applied functions run in processes spawned when they are due

    tref = timer.apply_after(1.5, print, "later")
    tick = timer.send_interval(60.0, process.self_(), "minute")
    timer.cancel(tick)                              # also ended when the process ends that it is sent to
    seconds, value = await timer.tc(work, 1, 2)
"""

from __future__ import annotations

import contextlib
import inspect
import math
import time  # real time: how long a call took
from collections.abc import Callable
from typing import Any, Final

from otp.erts import exits, process
from otp.erts.actor import Process
from otp.erts.links import add_watcher, remove_watcher
from otp.erts.pid import NameAt, Pid, Ref, make_ref
from otp.erts.process import Dest, resolve, self_
from otp.erts.registry import Via
from otp.erts.timer import TIMERS, TimerRef

__all__ = [
    "TRef",
    "apply_after",
    "apply_interval",
    "cancel",
    "exit_after",
    "hms",
    "hours",
    "kill_after",
    "minutes",
    "now_diff",
    "send_after",
    "send_interval",
    "sleep",
    "tc",
]

minutes: Final = 60.0
hours: Final = 3600.0


class TRef:
    """One timer of this module."""

    __slots__ = ("_bound", "_due", "_every", "_fn", "_timer")

    def __init__(self, fn: Callable[[], object], seconds: float, every: bool) -> None:
        self._fn, self._every, self._due = fn, seconds if every else None, process.monotonic_time() + seconds
        self._bound: tuple[Ref, Pid | NameAt] | None = None
        self._timer: TimerRef | None = None
        if seconds == 0 and not every:
            fn()  # as in OTP, what is due at once is done at once
        else:
            self._timer = TIMERS.after(seconds, self._fire)

    def bind(self, target: Pid | NameAt) -> None:
        """End it when a local process ends."""
        living: Process | None = target.target
        if living is not None:
            self._bound = (make_ref(), target)
            add_watcher(self._bound[0], lambda _reason: self.end(), living)

    def end(self) -> None:
        """It does not fire any more."""
        if self._timer is not None:
            TIMERS.cancel(self._timer)
        self._timer = None
        if self._bound is not None:
            remove_watcher(*self._bound)
            self._bound = None

    @property
    def active(self) -> bool:
        """True until it fired for the last time or was cancelled."""
        return self._timer is not None

    def _fire(self) -> None:
        if self._every is None:
            self.end()
        else:  # by the clock, so that a late one does not put off those after it
            self._due += self._every
            self._timer = TIMERS.after(self._due - process.monotonic_time(), self._fire)
        self._fn()


def apply_after(seconds: float, fn: Callable[..., Any], *args: Any) -> TRef:
    """Run fn(*args), plain or async, in a process of its own in `seconds`. Raises: ValueError, TypeError (badarg)."""
    return TRef(_applied(fn, args), _time(seconds), False)


def apply_interval(seconds: float, fn: Callable[..., Any], *args: Any) -> TRef:
    """apply_after(), again and again; it ends with the process that asked for it. Raises as it."""
    tref = TRef(_applied(fn, args), _time(seconds), True)
    tref.bind(self_())
    return tref


def send_after(seconds: float, dest: Dest, message: object) -> TRef:
    """Send a message in `seconds`; lost if there is nobody by then. Raises: ValueError, TypeError (badarg)."""
    _dest(dest)
    return TRef(lambda: _send(dest, message), _time(seconds), False)


def send_interval(seconds: float, dest: Dest, message: object) -> TRef:
    """Send a message every so many seconds, until cancel() or until the process ends that it is for.

    Raises: ValueError, TypeError (badarg); LookupError (noproc) for a name that is not registered.
    """
    _dest(dest)
    target = resolve(dest)
    if target is None:
        raise exits.NotRegistered(dest)
    tref = TRef(lambda: _send(target, message), _time(seconds), True)
    tref.bind(target)
    if isinstance(target, Pid) and not process.is_alive(target):
        tref.end()
    return tref


def exit_after(seconds: float, dest: Dest, reason: object) -> TRef:
    """Send an exit signal in `seconds`, to a pid or a name of this node. Raises: ValueError, TypeError (badarg)."""
    _dest(dest)
    if isinstance(dest, tuple):
        raise TypeError(f"{dest!r}: an exit signal goes to a pid or to a name of this node")
    return TRef(lambda: _exit(dest, reason), _time(seconds), False)


def kill_after(seconds: float, dest: Dest | None = None) -> TRef:
    """exit_after() with `kill`; without `dest`, the running process. Raises as it."""
    return exit_after(seconds, self_() if dest is None else dest, exits.KILL)


def cancel(tref: TRef) -> bool:
    """Cancel a timer; False if it has fired or was cancelled before. Raises: TypeError (badarg)."""
    if not isinstance(tref, TRef):
        raise TypeError(f"{tref!r} is no timer")
    was = tref.active
    tref.end()
    return was


async def sleep(seconds: float | None) -> None:
    """Suspend the running process; None: for ever. Raises: ValueError (badarg)."""
    if seconds is None:
        await process.receive(lambda _message: False)
    else:
        await process.sleep(_time(seconds))


async def tc(fn: Callable[..., Any], *args: Any) -> tuple[float, Any]:
    """Run fn(*args), plain or async: (seconds it took, its value). What it raises goes through."""
    begin = time.perf_counter()
    value = fn(*args)
    if inspect.isawaitable(value):
        value = await value
    return time.perf_counter() - begin, value


def hms(h: float, m: float, s: float) -> float:
    """Hours, minutes and seconds, in seconds."""
    return h * hours + m * minutes + s


def now_diff(later: float, earlier: float) -> float:
    """Seconds from one time.time() to another."""
    return later - earlier


# -- internals


def _applied(fn: Callable[..., Any], args: tuple[Any, ...]) -> Callable[[], object]:
    if not callable(fn):
        raise TypeError(f"{fn!r} cannot be called")
    with contextlib.suppress(ValueError):  # a built-in that has no signature
        inspect.signature(fn).bind(*args)
    return lambda: process.spawn(fn, *args)


def _send(dest: Dest, message: object) -> None:
    if resolve(dest) is not None:
        process.send(dest, message)


def _exit(dest: Dest, reason: object) -> None:
    pid = resolve(dest)
    if isinstance(pid, Pid):
        process.exit_(pid, reason)


def _time(seconds: float) -> float:
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds < math.inf:
        raise ValueError(f"no time: {seconds!r}")
    return seconds


def _dest(dest: Dest) -> None:
    if not isinstance(dest, (Pid, str, Via, tuple)) or dest == "":
        raise TypeError(f"{dest!r} is no process and no name")
