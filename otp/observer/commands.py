"""trace — the parent's half of `trace`: begins one on every node that may have to do with it, collects, ends it.

OTP:      dbg:n, ttb
Way:      ctl.look_verbs → node.control → [trace] → look.tracing on each node
"""

from __future__ import annotations

import secrets
from typing import Any, Final

from xmppd.commands import EXIT_USAGE, CommandError
from xmppd.ctl.look import nodes, pids

#: most events and longest time of one trace
MOST: Final = 100_000
LONGEST: Final = 3600.0
_HERE: Final = "xmppd.ctl.look.tracing"


async def begin(
    target: str, kinds: list[str] | None, direction: str, count: int, seconds: float, node: str | None
) -> dict[str, Any]:
    """Begin to follow a process (name or pid), the sessions of a JID, or the streams from an address ("192.0.2.1") or
    at a port (":5222"); gives the key to read it with.

    Raises CommandError if nobody is meant: who is not connected may yet come, if there is such an account.
    """
    if direction not in ("in", "out", "both"):
        raise CommandError(f"no direction {direction!r}: in, out or both", EXIT_USAGE)
    asked = nodes.names(node or pids.node_of(target))
    if pids.may_come(target) and node is None:
        asked.remove(nodes.MAIN)
    key = secrets.token_hex(8)
    limits = (direction, min(int(count), MOST), min(float(seconds), LONGEST))
    found = await nodes.each(f"{_HERE}:begin", key, target, kinds or [], *limits, only=asked)
    processes = sum(count or 0 for count in found.values())
    wrong = "" if processes else await _missing(target, asked)
    if wrong:
        await end(key, asked)
        raise CommandError(wrong)
    note = "" if processes else f"{target} is not connected; waiting"
    on = [name for name, count in found.items() if count is not None]
    return {"key": key, "nodes": on, "processes": processes, "note": note}


async def _missing(target: str, asked: list[str]) -> str:
    """Why nobody can be meant; "" if somebody may yet come."""
    if not pids.may_come(target):
        return f"there is no process {target}"
    if not pids.is_jid(target):
        return ""
    told = await nodes.each("xmppd.ctl.look.jids:is_account", target, only=asked)
    return f"there is no account {target}" if False in told.values() else ""


async def read(key: str, on: list[str]) -> dict[str, Any]:
    """What was seen since the last reading on these nodes, in the order of time, and whether all of it is over."""
    found = await nodes.each(f"{_HERE}:read", key, only=_known(on))
    answers = [answer for answer in found.values() if answer is not None]
    events = sorted((event for answer in answers for event in answer["events"]), key=lambda event: event["at"])
    over = any(answer["over"] for answer in answers) or not answers
    return {"events": events, "over": over, "dropped": sum(answer["dropped"] for answer in answers)}


async def end(key: str, on: list[str]) -> dict[str, Any]:
    """End it."""
    await nodes.each(f"{_HERE}:end", key, only=_known(on))
    return {"ended": True}


def _known(asked: list[str]) -> list[str]:
    known = nodes.names()
    return [name for name in asked if name in known]
