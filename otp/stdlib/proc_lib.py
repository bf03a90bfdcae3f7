"""proc_lib — processes that start in step with their parent, know their ancestors and leave a report when they crash.

OTP:      proc_lib.erl
Differs:  behaviours start through behaviour.start; this is for functions that follow the same protocol by hand.
          A start that fails raises StartError
Way:      supervisor or any parent → [proc_lib] → your function, which says init_ack when it is ready

    your function                       proc_lib                        its parent
    …get ready…                <------  start(fn, *args)  <-----------  await proc_lib.start_link(fn, …)
    init_ack("here I am")      ------>                    ----------->  "here I am"
    ends before it said so     ------>  its reason        ----------->  StartError(reason)
    raises, later              ------>  a crash report (ancestors, links, mailbox, traceback)

>>> from otp.stdlib.proc_lib import init_ack, start_link
>>> from otp.erts import process, runtime
>>> async def worker(speed):
...     init_ack(("ready", speed))
...     await process.receive()
>>> async def main():
...     return await start_link(worker, 3)
>>> runtime.run(main)
('ready', 3)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from otp.erts import exits
from otp.erts.exits import DiedAtStart, StartError
from otp.erts.function_process import FunctionProcess, hibernate
from otp.erts.future import LoopFuture, TimedFuture
from otp.erts.links import take_exit, untie
from otp.erts.pid import Pid, Ref
from otp.erts.process import launch, monitor, running
from otp.erts.registry import NAMES
from otp.erts.timer import TIMERS
from otp.stdlib import crash_report
from otp.stdlib.gen import stop
from otp.stdlib.report_text import describe as format

__all__ = [
    "format",
    "hibernate",
    "init_ack",
    "initial_call",
    "spawn",
    "spawn_link",
    "spawn_monitor",
    "start",
    "start_link",
    "start_monitor",
    "stop",
]


class ProcLibProcess(FunctionProcess):
    """A function's process that may be waited for, and that leaves a crash report."""

    by_proc_lib = True
    started: LoopFuture[Any] | None = None

    def report_crash(self, reason: object) -> None:
        """The crash report."""
        crash_report.write_plain(self, reason)

    def terminate_now(self, reason: object) -> None:
        """Die; a caller that waits for init_ack is told why it will not come."""
        super().terminate_now(reason)
        started, self.started = self.started, None
        if started is not None:
            started.reject(DiedAtStart(reason))


def spawn(fn: Callable[..., Any], *args: Any, name: str | None = None, link: bool = False, trap: bool = False) -> Pid:
    """process.spawn, with a crash report at an abnormal end. Raises: AlreadyStarted."""
    return launch(_made(fn, args, name), name, link, trap)


def spawn_link(fn: Callable[..., Any], *args: Any, name: str | None = None, trap: bool = False) -> Pid:
    """spawn and link in one step."""
    return spawn(fn, *args, name=name, link=True, trap=trap)


def spawn_monitor(fn: Callable[..., Any], *args: Any) -> tuple[Pid, Ref]:
    """spawn and monitor in one step."""
    pid = spawn(fn, *args)
    return pid, monitor(pid)


async def start(fn: Callable[..., Any], *args: Any, timeout: float | None = None, name: str | None = None) -> Any:
    """Start fn(*args) and wait for its init_ack(value); returns the value.

    Raises: StartError with the reason it ended for before that, or "timeout" (seconds) after which it is killed.
    """
    return await _started(_made(fn, args, name), name, False, timeout)


async def start_link(fn: Callable[..., Any], *args: Any, timeout: float | None = None, name: str | None = None) -> Any:
    """start, linked: the exit signal of a start that fails is not left in the mailbox, it is the StartError."""
    return await _started(_made(fn, args, name), name, True, timeout)


async def start_monitor(
    fn: Callable[..., Any], *args: Any, timeout: float | None = None, name: str | None = None, link: bool = False
) -> tuple[Any, Ref]:
    """start, monitored from the first moment: (value or the StartError itself, reference of the monitor)."""
    process = _made(fn, args, name)
    ref = monitor(process.pid)
    try:
        return await _started(process, name, link, timeout), ref
    except StartError as failure:
        return failure, ref


def init_ack(value: object) -> None:
    """Within a process that start() waits for: it is ready, and `value` is what start() returns. Later ones do nothing.

    Raises: NotAProcess outside of one.
    """
    process: Any = running()
    started = getattr(process, "started", None)
    if started is not None:
        started.resolve(value)
        process.started = None


def initial_call(pid: Pid) -> str | None:
    """The function or callback class a process began with, as module.name; None if it is dead."""
    return crash_report.initial_call(pid.target) if pid.target is not None else None


def _made(fn: Callable[..., Any], args: tuple[Any, ...], name: str | None) -> ProcLibProcess:
    holder = NAMES.get(name) if name is not None else None
    if holder is not None:
        raise exits.AlreadyStarted(holder)
    return ProcLibProcess(fn, args)


async def _started(process: ProcLibProcess, name: str | None, link: bool, timeout: float | None) -> Any:
    started: LoopFuture[Any] = LoopFuture() if timeout is None else TimedFuture()
    process.started = started
    launch(process, name, link)
    timer = None
    if timeout is not None:
        timer = started.timer = TIMERS.after(timeout, _too_late, process)  # type: ignore[attr-defined]  # a TimedFuture
    try:
        return await started
    except DiedAtStart:
        if link:
            take_exit(running(), process.pid)
        raise
    finally:
        if timer is not None:
            TIMERS.cancel(timer)


def _too_late(process: ProcLibProcess) -> None:
    for other in process.links or ():
        if other.target is not None:
            untie(other.target, process.pid)
    process.links = None
    started, process.started = process.started, None
    if started is not None:
        started.reject(StartError(exits.TIMEOUT))
    process.doom(exits.KILLED)
