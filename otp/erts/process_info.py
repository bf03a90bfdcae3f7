"""process_info — snapshots of processes, taken without asking them.

OTP:      erlang:process_info/1,2
Differs:  a dataclass with the cheap items, and single items by name for the others
Process:  none: reads what erts keeps
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, overload

from otp.erts.actor import PROCESSES, Process
from otp.erts.pid import NameAt, Pid, is_local
from otp.erts.suggest import meant


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """What process_info/1 tells. `status`: running, runnable, waiting, hibernating, suspended; `reductions`: turns."""

    pid: Pid
    registered_name: str | None
    label: str
    status: str
    message_queue_len: int
    links: tuple[Pid, ...]
    monitors: tuple[Pid | NameAt, ...]
    monitored_by: int
    trap_exit: bool
    parent: Pid | None
    reductions: int


@overload
def process_info(pid: Pid) -> ProcessInfo | None: ...
@overload
def process_info(pid: Pid, items: str | Sequence[str]) -> Any: ...
def process_info(pid: Pid, items: str | Sequence[str] | None = None) -> Any:
    """A picture of a local process; None if it is dead. With a name of ITEMS that item, with several a dict.

    Raises: ValueError (badarg) for an unknown item or a process of another node.
    """
    process: Process | None = pid.target
    if items is None:
        return None if process is None else _picture(process)
    names = (items,) if isinstance(items, str) else tuple(items)
    unknown = [name for name in names if name not in ITEMS]
    if unknown or not is_local(pid):
        hints = "; ".join(meant(name, ITEMS) for name in unknown)
        raise ValueError(f"no process_info {unknown} of {pid}{'; ' * bool(hints)}{hints}")
    if process is None:
        return None
    values = {name: ITEMS[name](process) for name in names}
    return values[items] if isinstance(items, str) else values


def is_idle(pid: Pid) -> bool:
    """Whether a local process has done all that it was sent, and waits for its next message."""
    process: Process | None = pid.target
    return process is not None and not process._queue and process._coro is None and not process._executing


def has_taken_all(pid: Pid) -> bool:
    """Whether a local process has begun with all that it was sent, and is not in the middle of it unless it runs."""
    process: Process | None = pid.target
    return process is not None and not process._queue and process._coro is None


def queue_lengths() -> list[tuple[str, int]]:
    """The name ("" without one) of each process of this node that has messages, and how many."""
    return [(p.name or "", len(p._queue)) for p in PROCESSES.values() if p._queue]


def _picture(process: Process) -> ProcessInfo:
    return ProcessInfo(
        pid=process.pid,
        registered_name=process.name,
        label=_label(process),
        status=_status(process),
        message_queue_len=len(process._queue or ()),
        links=tuple(sorted(process.links or ())),
        monitors=tuple((process.monitors or {}).values()),
        monitored_by=len(process.watchers or ()),
        trap_exit=process.trapping,
        parent=process.parent,
        reductions=process.reductions,
    )


def _label(process: Process) -> str:
    label = process.label
    return getattr(label, "__qualname__", None) or str(label or type(process).__name__)


def _status(process: Process) -> str:
    if process.suspended_by:
        return "suspended"
    if process._executing:
        return "running"
    if process._queued:
        return "runnable"
    return "hibernating" if getattr(process, "hibernated", -1) == process.reductions else "waiting"


Place = tuple[str, str, int]


def _stacktrace(process: Process) -> list[Place]:
    """(module, function, line) of each function its code is suspended in, innermost first."""
    code: Any = process._coro
    places: list[Place] = []
    while code is not None and getattr(code, "cr_frame", None) is not None:
        frame = code.cr_frame
        places.insert(0, (frame.f_globals.get("__name__", "?"), frame.f_code.co_qualname, frame.f_lineno))
        code = code.cr_await
    return places


def _current_function(process: Process) -> Place | None:
    """The innermost of them; None if it waits for its next message."""
    return next(iter(_stacktrace(process)), None)


def _memory(process: Process) -> int:
    """Bytes of what is the process's own: its object, mailbox and tables; not what its messages and state refer to."""
    own = (process, process.__dict__, process._queue, process.links, process.monitors, process.watchers)
    return sum(sys.getsizeof(part) for part in (*own, process.dictionary, process.timers) if part is not None)


#: what process_info(pid, item) can tell
ITEMS: Final[dict[str, Callable[[Process], Any]]] = {
    "registered_name": lambda p: p.name,
    "label": _label,
    "initial_call": _label,
    "current_function": _current_function,
    "current_location": _current_function,
    "current_stacktrace": _stacktrace,
    "group_leader": lambda p: p.group_leader,
    "trace": lambda p: sorted(getattr(p.tracing, "flags", ())),
    "status": _status,
    "messages": lambda p: list(p._queue or ()),
    "message_queue_len": lambda p: len(p._queue or ()),
    "links": lambda p: sorted(p.links or ()),
    "monitors": lambda p: list((p.monitors or {}).values()),
    "monitored_by": lambda p: [w for w in (p.watchers or {}).values() if isinstance(w, Pid)],
    "trap_exit": lambda p: p.trapping,
    "parent": lambda p: p.parent,
    "reductions": lambda p: p.reductions,
    "dictionary": lambda p: dict(p.dictionary or {}),
    "max_queue": lambda p: p.max_queue,
    "memory": _memory,
    "suspending": lambda p: [q.pid for q in _all() if p.pid in (q.suspended_by or ())],
}


def _all() -> list[Process]:
    return [pid.target for pid in PROCESSES if pid.target is not None]
