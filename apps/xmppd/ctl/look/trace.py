"""trace — the parent's half of `trace`: begins one on every node that may have to do with it, collects, ends it.

OTP:      dbg:n, ttb
Way:      ctl.look_verbs → ctl.server → [trace] → look.tracing on each node
"""

from __future__ import annotations

import secrets
from typing import Any, Final

from xmppd.ctl.commands import EXIT_USAGE, CommandError
from xmppd.ctl.look import nodes, pids

#: most events and longest time of one trace
MOST: Final = 100_000
LONGEST: Final = 3600.0
_HERE: Final = "xmppd.ctl.look.tracing"


async def begin(
    target: str, kinds: list[str] | None, direction: str, count: int, seconds: float, node: str | None
) -> dict[str, Any]:
    """Begin to follow a process (name or pid) or the sessions of a JID; gives the key to read it with.

    Raises CommandError if nobody is meant; a JID may yet come.
    """
    if direction not in ("in", "out", "both"):
        raise CommandError(f"no direction {direction!r}: in, out or both", EXIT_USAGE)
    asked = nodes.names(node or pids.node_of(target))
    if pids.is_jid(target) and node is None:
        asked.remove(nodes.MAIN)
    key = secrets.token_hex(8)
    limits = (direction, min(int(count), MOST), min(float(seconds), LONGEST))
    found = await nodes.each(f"{_HERE}:begin", key, target, kinds or [], *limits, only=asked)
    processes = sum(count or 0 for count in found.values())
    if not processes and not pids.is_jid(target):
        await end(key, asked)
        raise CommandError(f"there is no process {target}")
    return {"key": key, "nodes": [name for name, count in found.items() if count is not None], "processes": processes}


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
