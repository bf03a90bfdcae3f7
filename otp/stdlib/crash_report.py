"""crash_report — the log record of a process that ends abnormally: its name, reason, last message and neighbours.

OTP:      proc_lib's crash report, and the error reports of gen_server, gen_statem, gen_fsm and gen_event
Differs:  a behaviour writes one record, not two: its error report has the crash report in it
Way:      behaviour, proc_lib → [crash_report] → logger "otp.proc_lib", the values in the record's `report`
"""

from __future__ import annotations

import logging
import sys
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from otp.erts.actor import Process
from otp.erts.exits import Crash, brief
from otp.erts.pid import Pid
from otp.stdlib.callback import BadReturn
from otp.stdlib.gen import Call
from otp.stdlib.report_text import describe
from otp.stdlib.status import Status, formatted

if TYPE_CHECKING:
    from otp.stdlib.sys_handler import SysHandler

log = logging.getLogger("otp.proc_lib")
#: messages of the mailbox, neighbours and ancestors that a report shows
SHOWN: Final = 10
#: characters of a state or message in a log line
WIDTH: Final = 500


def write(process: SysHandler, reason: object, message: object = None, exc: BaseException | None = None) -> None:
    """The error report of a behaviour, with its crash report: at level ERROR to logger "otp.proc_lib"."""
    report = behaviour_report(process, reason, message)
    if isinstance(exc, BadReturn):
        report["words"] = exc.words
    record = {"pid": str(process.pid), "registered": process.name, "reason": brief(reason), "report": report}
    log.error("%s", _Text(report), extra=record)


def behaviour_report(process: SysHandler, reason: object, message: object) -> dict[str, Any]:
    """{label, name, module, last_message, state, reason, client, crash}, as far as format_status lets it be seen."""
    shown = formatted(process.module, Status(process.view_state(), message, reason))
    client = message.from_.pid if isinstance(message, Call) else None
    return {
        "label": (process.kind, "terminate"),
        "name": process.name or process.pid,
        "module": type(process.module).__qualname__,
        "last_message": shown.message,
        "state": shown.state,
        "reason": shown.reason,
        "client": client,
        "crash": crash_report(process, shown.reason),
    }


def crash_report(process: Process, reason: object) -> dict[str, Any]:
    """What proc_lib tells of a process that ends: where it began, its ancestors, mailbox, links and neighbours."""
    queue = process._queue or ()
    return {
        "label": ("proc_lib", "crash"),
        "initial_call": initial_call(process),
        "pid": process.pid,
        "registered_name": process.name,
        "reason": reason,
        "ancestors": ancestors(process),
        "message_queue_len": len(queue),
        "messages": [queue[i] for i in range(min(len(queue), SHOWN))],
        "links": sorted(process.links or ()),
        "dictionary": dict(process.dictionary or {}),
        "trap_exit": process.trapping,
        "status": "running",
        "reductions": process.reductions,
        "neighbours": neighbours(process),
    }


def write_plain(process: Process, reason: object) -> None:
    """The crash report of a process that proc_lib started and that is no behaviour."""
    report = crash_report(process, reason)
    record = {"pid": str(process.pid), "registered": process.name, "reason": brief(reason), "report": report}
    log.error("%s", _Text(report), extra=record)


class _Text:
    """A report that is put into words only if a handler wants it."""

    def __init__(self, report: dict[str, Any]) -> None:
        self.report = report

    def __str__(self) -> str:
        return describe(_cut(self.report))


def _cut(report: dict[str, Any]) -> dict[str, Any]:
    short = dict(report)
    for key in ("state", "last_message", "messages"):
        if short.get(key) is not None:
            short[key] = _Cut(short[key])
    if not isinstance(short["reason"], str | Crash):
        short["reason"] = _Cut(short["reason"])
    return short


class _Cut:
    def __init__(self, value: object) -> None:
        self.value = value

    def __repr__(self) -> str:
        return repr(self.value)[:WIDTH]


def initial_call(process: Process) -> str:
    """The function or callback class a process began with, as module.name."""
    label = process.label or type(process)
    return f"{getattr(label, '__module__', '?')}.{getattr(label, '__qualname__', None) or label}"


def ancestors(process: Process) -> list[Pid]:
    """Its parent, the parent's parent and so on, nearest first, as far as they live."""
    line: list[Pid] = []
    parent = process.parent
    while parent is not None and len(line) < SHOWN:
        line.append(parent)
        parent = parent.target.parent if parent.target is not None else None
    return line


def neighbours(process: Process) -> list[dict[str, Any]]:
    """Those it is linked with that do not trap exits: they will die of it."""
    near: list[dict[str, Any]] = []
    for pid in sorted(process.links or ())[: SHOWN * 10]:
        other: Process | None = pid.target
        if other is not None and not other.trapping and len(near) < SHOWN:
            near.append({"pid": pid, "registered_name": other.name, "initial_call": initial_call(other)})
    return near


def last_message(process: Process, exc: BaseException | None) -> Any:
    """The message a behaviour was at when it failed, or None: kept nowhere, it is read off the frames of its code.

    The innermost frame counts: what a callback continues with is a message of its own, within that of the callback.
    """
    found = None
    if exc is not None:
        trace = exc.__traceback__
        while trace is not None:
            here = _message_in(trace.tb_frame, process)
            found = found if here is None else here
            trace = trace.tb_next
        return found
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and found is None:
        found = _message_in(frame, process)
        frame = frame.f_back
    return found


def _message_in(frame: FrameType, process: Process) -> Any:
    names = frame.f_code.co_varnames
    if "message" not in names or "self" not in names:
        return None
    values = frame.f_locals
    return values.get("message") if values.get("self") is process else None
