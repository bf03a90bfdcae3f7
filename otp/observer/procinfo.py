"""procinfo — all that can be known of one process, as plain data: what observer's window of a process shows.

OTP:      observer_procinfo
Way:      [procinfo] → process_info for what erts keeps, introspect.get_status for the state
Differs:  a process is asked for its state only if it is a behaviour, which answers between two callbacks; of one that
          is busy for longer than PATIENCE the rest is told without it

    told = await procinfo.of(pid)              # {"pid": "<w1.1.7>", "registered name": "sm", …}
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from otp.erts.exits import CallError
from otp.erts.pid import Pid
from otp.erts.process import process_info
from otp.stdlib import crash_report, introspect, sys_handler
from otp.stdlib.term_format import HIDDEN, Special, format_term, is_secret

#: seconds that a process gets to tell its state
PATIENCE: Final = 0.5
#: pids of one kind that are named; the others are counted
NAMED: Final = 20

_SEEN: Final = (
    "registered_name", "label", "status", "message_queue_len", "messages", "reductions", "memory", "trap_exit",
    "group_leader", "current_stacktrace", "links", "monitors", "monitored_by", "dictionary", "max_queue",
)  # fmt: skip


async def of(pid: Pid, name: Callable[[Pid], str] = str, special: Special | None = None) -> dict[str, Any] | None:
    """What is known of a process of this node, by the words a person reads; None if it has ended.

    `name` says what to call a process of this node; secrets are masked as in term_format, which gets `special`.
    """
    target = pid.target
    info = process_info(pid, _SEEN) if target is not None else None
    if target is None or info is None:
        return None
    told = {
        "pid": str(pid),
        "registered name": info["registered_name"] or "",
        "behaviour": getattr(target, "kind", "") if isinstance(target, sys_handler.SysHandler) else "",
        "initial call": crash_report.initial_call(target),
        "current function": _place(info["current_stacktrace"]),
        "status": info["status"],
        "mailbox": info["message_queue_len"],
        "memory (bytes)": info["memory"],
        "reductions": info["reductions"],
        "trap exit": "yes" if info["trap_exit"] else "no",
        "ancestors": _named(crash_report.ancestors(target), name),
        "group leader": _named([info["group_leader"]] if info["group_leader"] is not None else [], name),
        "links": _named(info["links"], name),
        "monitors": _named((one for one in info["monitors"] if isinstance(one, Pid)), name),
        "monitored by": _named(info["monitored_by"], name),
        "longest mailbox allowed": info["max_queue"] or "any",
        "stack": [f"{module}.{function}:{line}" for module, function, line in info["current_stacktrace"]],
        "messages": [format_term(message, special) for message in info["messages"][:NAMED]],
        "dictionary": _dictionary(info["dictionary"], special),
    }
    return {**told, "state": await _state(pid, special)}


async def _state(pid: Pid, special: Special | None) -> str:
    if not isinstance(pid.target, sys_handler.SysHandler):
        return "(no behaviour: it has none to tell)"
    try:
        return format_term((await introspect.get_status(pid, PATIENCE))["state"], special)
    except CallError as error:
        return f"(it did not tell: {error})"


def _place(stack: list[tuple[str, str, int]]) -> str:
    if not stack:
        return "waits for its next message"
    module, function, line = stack[0]
    return f"{module}.{function}:{line}"


def _named(pids: Iterable[Pid], name: Callable[[Pid], str]) -> list[str]:
    every = list(pids)
    called = [name(pid) if pid.target is not None else str(pid) for pid in every[:NAMED]]
    lines = [word if word == str(pid) else f"{pid} {word}" for pid, word in zip(every, called, strict=False)]
    return [*lines, *([f"… {len(every) - NAMED} more"] if len(every) > NAMED else [])]


def _dictionary(dictionary: dict[Any, Any], special: Special | None) -> list[str]:
    pairs = [*dictionary.items()][:NAMED]
    secret = [isinstance(key, str) and is_secret(key) for key, _ in pairs]
    values = [HIDDEN if is_hidden else format_term(v, special) for (_, v), is_hidden in zip(pairs, secret, strict=True)]
    return [f"{format_term(k)}: {value}" for (k, _), value in zip(pairs, values, strict=True)]
