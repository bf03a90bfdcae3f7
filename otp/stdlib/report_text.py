"""report_text — formats a report as text, with limits of depth and length.

OTP:      the report callbacks: proc_lib:report_cb/2 and format/3, gen_server:format_log/2, supervisor:format_log/2
Differs:  one function for all reports; `depth` and `chars_limit` as there
Way:      crash_report, reports (values) → [report_text] → a log line; tools may limit it further

>>> from otp.stdlib.report_text import describe
>>> describe({"label": ("supervisor", "child_terminated"), "supervisor": "top", "reason": "killed",
...           "offender": {"id": "sm", "pid": None}}, single_line=True)
'supervisor top: child sm child_terminated: killed'
"""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from otp.erts.exits import Crash

Repr = Callable[[object], str]


def describe(
    report: object, *, single_line: bool = False, depth: int | None = None, chars_limit: int | None = None
) -> str:
    """The report as text: `depth` bounds what is shown of each value, `chars_limit` the whole. Takes anything."""
    show: Repr = repr if depth is None else _bounded(depth)
    text = _words(report, show)
    if single_line:
        text = "; ".join(line.strip() for line in text.splitlines() if line.strip())
    if chars_limit is not None and len(text) > chars_limit:
        return text[: max(chars_limit - 1, 0)] + "…"
    return text


def _words(report: object, show: Repr) -> str:
    if not isinstance(report, Mapping):
        return show(report)
    match report.get("label"):
        case (_, "terminate"):
            return _of_a_behaviour(report, show)
        case ("proc_lib", "crash"):
            return _of_a_crash(report, show)
        case ("supervisor", "progress"):
            child = report["started"]
            return f"supervisor {report['supervisor']}: child {child['id']} {child['pid']} started"
        case ("supervisor", str(context)):
            child = report["offender"]
            who = f"{child['id']} {child['pid']}" if child["pid"] else str(child["id"])
            return f"supervisor {report['supervisor']}: child {who} {context}: {reason_text(report['reason'], show)}"
    return show(dict(report))


def _of_a_behaviour(report: Mapping[str, Any], show: Repr) -> str:
    lines = [
        f"{report['label'][0]} {report['name']} {report['module']} terminating: {reason_text(report['reason'], show)}"
    ]
    if report.get("words"):
        lines.append(report["words"])
    if report.get("handler") is not None:
        lines.append(f"handler: {show(report['handler'])}")
    if report["last_message"] is not None:
        lines.append(f"last message: {show(report['last_message'])}")
    lines.append(f"state: {show(report['state'])}")
    if report.get("client") is not None:
        lines.append(f"client: {report['client']}")
    return "\n".join(lines)


_CRASH_LINES: Final = (
    "initial_call",
    "pid",
    "registered_name",
    "ancestors",
    "message_queue_len",
    "messages",
    "links",
    "dictionary",
    "trap_exit",
    "status",
    "reductions",
)


def _of_a_crash(report: Mapping[str, Any], show: Repr) -> str:
    lines = ["crasher:", *(f"  {key}: {_value(report[key], show)}" for key in _CRASH_LINES)]
    lines.append(f"  exception: {reason_text(report['reason'], show)}")
    lines.append("neighbours:")
    lines += [f"  {near['pid']} {near['registered_name'] or near['initial_call']}" for near in report["neighbours"]]
    return "\n".join(lines)


def _value(value: object, show: Repr) -> str:
    return value if isinstance(value, str) else show(value)


def reason_text(reason: object, show: Repr = repr) -> str:
    """An exit reason for people: a crash with its traceback, an atom bare, anything else as it is written."""
    if isinstance(reason, Crash):
        return reason.traceback or str(reason)
    return _value(reason, show)


def _bounded(depth: int) -> Repr:
    short = reprlib.Repr()
    short.maxlevel = max(depth // 4, 1)
    short.maxtuple = short.maxlist = short.maxdict = short.maxset = short.maxfrozenset = short.maxdeque = depth
    short.maxstring = short.maxother = short.maxlong = max(depth * 4, 8)
    return short.repr
