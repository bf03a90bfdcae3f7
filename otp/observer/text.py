"""look_text — what the looking verbs found, as people read it: top, trace, chart, crash.

OTP:      none; cf. etop's text output
Way:      ctl.look_verbs → [look_text]
Process:  none; pure
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from otp.stdlib.sequence import took
from xmppd.cli import render
from xmppd.node import banner

_ARROWS: Final = {"in": "←", "out": "→", "exit": "✗"}
_COLOURS: Final = {"in": banner.GREEN, "out": "\033[34m", "exit": banner.RED}


#: what the column MEMORY counts, said over it
MEMORY: Final = "memory: a process's own object, mailbox and tables, not what its state refers to"


def top(result: Mapping[str, Any], columns: int = 0, lines: int = 0) -> str:
    """The nodes in a line each, the processes in a table; on a screen of that size (0: endless) no more than fits.

    Headings stay, rows go; of very many nodes those that are left out are counted.
    """
    heads = [_node(node) for node in result["nodes"]]
    rows = [_row(row) for row in result["rows"]]
    if lines:
        most = max(lines - 5, 1)
        if len(heads) > most:
            heads = [*heads[: most - 1], f"… {len(heads) - most + 1} more nodes"]
        rows = rows[: max(lines - len(heads) - 2, 0)]
    title = f"{'PID':<16} {'MAILBOX':>8} {'MSG/S':>9} {'MEMORY':>9} {'STATUS':<11} WHO"
    text = [*heads, MEMORY, title, *rows]
    return "\n".join(line[:columns] if columns else line for line in text)


def _node(node: Mapping[str, Any]) -> str:
    if not node["up"]:
        return f"{node['node']:<5} is down"
    return f"{node['node']:<5} {node['processes']:>7} processes  {node['runs']:>9.1f} runs/s  {node['cpu']:>5.1f} % cpu"


def _row(row: Mapping[str, Any]) -> str:
    who = row["who"] if row["who"] == row["label"] else f"{row['who']} ({row['label']})"
    numbers = f"{row['mailbox']:>8} {row['rate']:>9.1f} {size(row['memory']):>9}"
    return f"{row['pid']:<16} {numbers} {row['status']:<11} {who}"


def size(count: float) -> str:
    """Bytes in a readable unit."""
    for unit in ("B", "KB", "MB"):
        if abs(count) < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def event(seen: Mapping[str, Any], colours: bool = False) -> str:
    """One event of a trace in a line."""
    stamp = time.strftime("%H:%M:%S", time.localtime(seen["at"])) + f".{int(seen['at'] % 1 * 1e6):06d}"
    arrow = banner.colour(_ARROWS[seen["dir"]], _COLOURS[seen["dir"]], colours)
    other = f" {seen['other']}" if seen["other"] else ""
    return f"{stamp} {seen['node']} {seen['who']} {seen['pid']} {arrow}{other}: {seen['kind']} {seen['text']}"


def chart(result: Mapping[str, Any]) -> str:
    """A chart as a list of its arrows."""
    lines = [f"a {result['kind']} of {result['sender']}, {result['us']:.0f} µs in all"]
    widest = max((len(arrow["to"]) for arrow in result["arrows"]), default=0)
    lines += [
        f"{arrow['at_us']:>10.1f} µs {took(arrow['us']):>11}  {arrow['to']:<{widest}}  {arrow['text']}"
        for arrow in result["arrows"]
    ]
    return "\n".join(lines)


def crash(result: Mapping[str, Any]) -> str:
    """What was done, and the tree around it."""
    done = f"{result['how']}: {result['who']} {result['pid']} on {result['node']}"
    return f"{done}\n{render.tree(result['tree'])}"
