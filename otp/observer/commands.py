"""commands — the commands of the observer, by name: each asks the nodes and merges their answers.

OTP:      observer's and etop's own side, dbg:n, ttb
Way:      server, or the program's own command line → [commands] → nodes → backend, crash, tracing on each node
Process:  none: run by the caller

Parameters and results are plain data (str, int, bool, None, list, dict). All raise ObserverError: BadRequest for what
means nothing, Refused for what may not be done.
"""

from __future__ import annotations

import inspect
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, get_args

from otp.erts import process
from otp.erts.suggest import meant
from otp.observer import nodes, pids
from otp.observer.crash import WAYS
from otp.observer.errors import BadRequest, ObserverError, Refused
from otp.observer.top import By
from otp.observer.tree import LISTED

#: most events and longest time of one trace; longest time that is measured for top(), in seconds
MOST: Final = 100_000
LONGEST: Final = 3600.0
LONGEST_TOP: Final = 60.0
#: seconds that supervisors get to do their work before the tree is shown
SETTLE: Final = 0.4
#: who comes first of those that are alike in the order asked for: who does something, then who has done more
_BUSY: Final[tuple[By, ...]] = ("rate", "mailbox", "reductions")
_WHAT: Final = ("system", "load", "tables", "rows", "info")
_WHICH: Final = {"rows": "rows of which table?", "info": "which process?"}
_BACKEND, _CRASH, _TRACING = (f"otp.observer.{name}" for name in ("backend", "crash", "tracing"))


async def observe(what: str, name: str | None = None, node: str | None = None) -> dict[str, Any]:
    """One tab's data (system, load, tables, rows, info), by node; None for one that is down."""
    if what not in _WHAT:
        raise BadRequest(f"{what!r} is none of {', '.join(_WHAT)}")
    if what in _WHICH and name is None:
        raise BadRequest(_WHICH[what])
    args = (name,) if what in _WHICH else ()
    asked = nodes.names(node or (pids.node_of(name) if what == "info" else None))
    return await nodes.each(f"{_BACKEND}:{what}", *args, only=asked)


async def tree(under: str | None = None, node: str | None = None, limit: int = 20, first: int = 0) -> dict[str, Any]:
    """The supervision trees of all nodes, by node; one that is down has none.

    `under`: only the tree of that supervisor; `limit` children of each are shown, of `under` those from `first` on.
    """
    asked = nodes.names(node or pids.node_of(under))
    answers = await nodes.each(f"{_BACKEND}:trees", under, int(limit), int(first), only=asked, timeout=3.0)
    found = {name: trees or [] for name, trees in answers.items()}
    if under is None:
        return found
    having = {name: trees for name, trees in found.items() if trees}
    if not having:
        raise ObserverError(f"no supervisor {under}")
    return having


async def top(by: str = "rate", limit: int = 20, seconds: float = 1.0, node: str | None = None) -> dict[str, Any]:
    """The busiest processes of all nodes, or of one, in an order of otp.observer.top."""
    if by not in get_args(By):
        raise BadRequest(f"no order {by!r}; {meant(by, get_args(By))}")
    span = min(max(float(seconds), 0.05), LONGEST_TOP)
    asked = nodes.names(node)
    found = await nodes.each(f"{_BACKEND}:busiest", by, int(limit), span, only=asked, timeout=span + 5.0)
    up = {name: answer for name, answer in found.items() if answer is not None}
    rows = [row for answer in up.values() for row in answer["rows"]]
    rows.sort(key=lambda row: tuple(row[order] for order in (by, *_BUSY)), reverse=True)
    return {
        "by": by,
        "seconds": span,
        "nodes": [{"node": name, **_without_rows(answer)} for name, answer in found.items()],
        "rows": rows[: int(limit)],
    }


def _without_rows(answer: dict[str, Any] | None) -> dict[str, Any]:
    if answer is None:
        return {"up": False, "processes": 0, "runs": 0.0, "cpu": 0.0}
    return {"up": True, **{name: value for name, value in answer.items() if name != "rows"}}


async def trace_begin(
    target: str, kinds: list[str] | None = None, direction: str = "both", count: int = 1000, seconds: float = 60.0,
    node: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Begin to follow a process (name or pid), or those that a word of the program's own means; gives the key to read
    the trace with. Who is not there may yet come, if the program says so.
    """
    if direction not in ("in", "out", "both"):
        raise BadRequest(f"no direction {direction!r}: in, out or both")
    asked = nodes.names(node or pids.node_of(target))
    key = secrets.token_hex(8)
    limits = (direction, min(int(count), MOST), min(float(seconds), LONGEST))
    found = await nodes.each(f"{_TRACING}:begin", key, target, kinds or [], *limits, only=asked)
    processes = sum(count or 0 for count in found.values())
    wrong = "" if processes else await _missing(target, asked)
    if wrong:
        await trace_end(key, asked)
        raise ObserverError(wrong)
    note = "" if processes else f"{target} is not connected; waiting"
    on = [name for name, count in found.items() if count is not None]
    return {"key": key, "nodes": on, "processes": processes, "note": note}


async def _missing(target: str, asked: list[str]) -> str:
    """Why nobody can be meant; "" if somebody may yet come."""
    said = [why for why in (await nodes.each(f"{_TRACING}:missing", target, only=asked)).values() if why is not None]
    return next(filter(None, said), "") if said else f"there is no process {target}"


async def trace_read(key: str, on: list[str]) -> dict[str, Any]:
    """What was seen since the last reading on these nodes, in the order of time, and whether all of it is over."""
    found = await nodes.each(f"{_TRACING}:read", key, only=_known(on))
    answers = [answer for answer in found.values() if answer is not None]
    events = sorted((event for answer in answers for event in answer["events"]), key=lambda event: event["at"])
    over = any(answer["over"] for answer in answers) or not answers
    return {"events": events, "over": over, "dropped": sum(answer["dropped"] for answer in answers)}


async def trace_end(key: str, on: list[str]) -> dict[str, Any]:
    """End it."""
    await nodes.each(f"{_TRACING}:end", key, only=_known(on))
    return {"ended": True}


def _known(asked: list[str]) -> list[str]:
    known = nodes.names()
    return [name for name in asked if name in known]


async def crash(
    target: str, how: str = "raise", seconds: float = 10.0, count: int = 10_000, node: str | None = None
) -> dict[str, Any]:
    """Break a process in one of the ways of otp.observer.crash; gives the tree around it afterwards."""
    if how not in WAYS:
        raise BadRequest(f"no way {how!r}; {meant(how, WAYS)}")
    answers = await nodes.each(f"{_CRASH}:find", target, only=nodes.names(node or pids.node_of(target)))
    found = {name: answer for name, answer in answers.items() if answer}
    if not found:
        raise ObserverError(f"there is no process {target}")
    if len(found) > 1 and node is None:
        raise BadRequest(f"{target} is on {', '.join(found)}: say on which node")
    where, victim = next(iter(found.items()))
    before = await _around(where, victim["supervisor"]) if how == "block" else None  # afterwards it cannot answer
    answer = await nodes.one(where, f"{_CRASH}:do", victim["pid"], how, float(seconds), int(count))
    if answer is not None and "error" in answer:
        raise (Refused if answer["error"].startswith("refused: ") else ObserverError)(answer["error"])
    if answer is None and how != "block":
        raise ObserverError(f"{where} did not answer")
    await process.sleep(SETTLE)
    after = before if before is not None else await _around(where, victim["supervisor"])
    return {"node": where, "how": how, **victim, "tree": {where: after}}


async def _around(node: str, supervisor: str | None) -> list[dict[str, Any]]:
    """The tree under a supervisor; the whole of the node if that is gone too, or there was none."""
    under = await nodes.one(node, f"{_BACKEND}:trees", supervisor, LISTED) if supervisor else []
    return under or await nodes.one(node, f"{_BACKEND}:trees") or []


COMMANDS: Final[Mapping[str, Callable[..., Awaitable[Any]]]] = {
    "observe": observe,
    "tree": tree,
    "top": top,
    "trace begin": trace_begin,
    "trace read": trace_read,
    "trace end": trace_end,
    "crash": crash,
}


async def execute(name: str, params: Mapping[str, Any]) -> Any:
    """Carry out a command."""
    command = COMMANDS.get(name)
    if command is None:
        raise BadRequest(f"there is no command {name!r}; {meant(name, COMMANDS)}")
    try:
        inspect.signature(command).bind(**params)
    except TypeError as error:
        raise BadRequest(f"{name}: {error}") from None
    return await command(**params)
