"""suspension — suspends and resumes a process, whatever it runs.

OTP:      erlang:suspend_process/1,2, resume_process/1
Differs:  a process on the stack of its suspender cannot be stopped: suspending itself or the process that runs it is
          badarg
Process:  none; the end of a suspender resumes what it suspended
"""

from __future__ import annotations

from otp.erts.actor import Process
from otp.erts.current import running
from otp.erts.links import add_watcher
from otp.erts.pid import Pid, make_ref


def suspend_process(pid: Pid) -> None:
    """Stop a local process from running until resume_process(); it counts, per suspender. For debugging only.

    Its mailbox goes on taking messages; an exit signal ends it as ever. Raises: ValueError (badarg).
    """
    me, process = running(), _other(pid)
    if process.suspended_by is None:
        process.suspended_by = {}
    by = process.suspended_by
    if me.pid not in by:
        add_watcher(make_ref(), lambda _reason: _forget(process, me.pid), me)
    by[me.pid] = by.get(me.pid, 0) + 1
    process.run = lambda budget: setattr(process, "_queued", False)  # type: ignore[method-assign]


def resume_process(pid: Pid) -> None:
    """Take back one suspend_process() of the running process. Raises: ValueError (badarg) if there is none."""
    me, process = running(), _other(pid)
    count = (process.suspended_by or {}).get(me.pid, 0)
    if not count:
        raise ValueError(f"{pid} is not suspended by {me.pid}")
    assert process.suspended_by is not None
    process.suspended_by[me.pid] = count - 1
    if count == 1:
        _forget(process, me.pid)


def _other(pid: Pid) -> Process:
    process: Process | None = pid.target
    if process is None or process._executing:
        raise ValueError(f"{pid} cannot be suspended or resumed from here")
    return process


def _forget(process: Process, suspender: Pid) -> None:
    if process.suspended_by is None or process.suspended_by.pop(suspender, None) is None:
        return
    if not process.suspended_by:
        process.suspended_by = None
        process.__dict__.pop("run", None)
        if process.pid.target is not None and not process._queued:
            process.settle()
