"""top — who has most to do on all nodes: by mailbox, messages per second, or memory.

OTP:      etop
Way:      `top`, the observer → [top] → otp.stdlib.top on each node
"""

from __future__ import annotations

import os
from typing import Any, Final, get_args

from otp.erts import process
from otp.erts.scheduler import THIS
from otp.kernel import rpc
from otp.stdlib import top as busiest
from otp.stdlib.top import ORDERS, By
from xmppd.commands import EXIT_USAGE, CommandError
from xmppd.config.kinds import suggest
from xmppd.ctl.look import nodes, pids

#: longest time that is measured, in seconds
LONGEST = 60.0
#: who comes first of those that are alike in the order asked for: who does something, then who has done more
_BUSY: Final[tuple[By, ...]] = ("rate", "mailbox", "reductions")


@rpc.exported
async def here(by: By, limit: int, seconds: float) -> dict[str, Any]:
    """The busiest of this node, measured over so many seconds."""
    before, runs, cpu = busiest.counts(), THIS.runs, _cpu()
    await process.sleep(seconds)
    rows = busiest.rows(before, seconds, by, limit)
    return {
        "rows": [row.as_dict() | {"who": _who(row.pid)} for row in rows],
        "processes": len(process.processes()),
        "runs": round((THIS.runs - runs) / seconds, 1),
        "cpu": round((_cpu() - cpu) / seconds * 100, 1),
    }


async def top(by: str, limit: int, seconds: float, node: str | None) -> dict[str, Any]:
    """The busiest of all nodes, or of one. Raises CommandError for an order that is none."""
    if by not in get_args(By):
        raise CommandError(f"no order {by!r}{suggest(by, ORDERS)}; there are {', '.join(ORDERS)}", EXIT_USAGE)
    span = min(max(float(seconds), 0.05), LONGEST)
    found = await nodes.each(f"{__name__}:here", by, int(limit), span, only=nodes.names(node), timeout=span + 5.0)
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


def _who(pid: str) -> str:
    found = pids.pid_of(pid)
    return pids.spoken(found) if found is not None else pid


def _cpu() -> float:
    spent = os.times()
    return spent.user + spent.system
