"""text — formats results for people: trees, the busiest, events of a trace, a crash, one process.

OTP:      none; cf. etop's text output
Way:      cli, or the program's own command line → [text]
Process:  none; pure
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

_ARROWS: Final = {"in": "←", "out": "→", "exit": "✗"}
_COLOURS: Final = {"in": "\033[32m", "out": "\033[34m", "exit": "\033[31m"}
_PLAIN: Final = "\033[0m"


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
    arrow = _ARROWS[seen["dir"]]
    arrow = f"{_COLOURS[seen['dir']]}{arrow}{_PLAIN}" if colours else arrow
    other = f" {seen['other']}" if seen["other"] else ""
    return f"{stamp} {seen['node']} {seen['who']} {seen['pid']} {arrow}{other}: {seen['kind']} {seen['text']}"


def crash(result: Mapping[str, Any]) -> str:
    """What was done, and the tree around it."""
    done = f"{result['how']}: {result['who']} {result['pid']} on {result['node']}"
    return f"{done}\n{tree(result['tree'])}"


def tree(result: Mapping[str, Any]) -> str:
    """The supervision trees of all nodes."""
    parts = []
    for node, roots in result.items():
        parts.append(f"{node}{'' if roots else ' is down'}")
        parts += [line for place, root in enumerate(roots, 1) for line in _branch(root, "", place == len(roots))]
    return "\n".join(parts)


def _branch(item: Mapping[str, Any], indent: str, last: bool) -> list[str]:
    inner = indent + ("   " if last else "│  ")
    lines = [f"{indent}{'└─ ' if last else '├─ '}{_process(item)}"]
    children = item["children"]
    hidden = item["count"] - len(children)
    for place, child in enumerate(children, 1):
        lines += _branch(child, inner, place == len(children) and hidden <= 0)
    return [*lines, f"{inner}└─ … {hidden} more"] if hidden > 0 else lines


def _process(item: Mapping[str, Any]) -> str:
    words = [item["id"] or item["name"] or item["module"], item["pid"] or ""]
    words.append(f"({item['strategy']})" if item["strategy"] else "")
    words.append("" if item["status"] == "running" else item["status"])
    words.append(f"restarts={item['restarts']}" if item["restarts"] else "")
    words.append(f"mailbox={item['mailbox']}" if item["mailbox"] else "")
    if item["recent"]:
        words.append(f"[{item['recent']} of {item['intensity']} restarts in {item['period']:g} s]")
    if item["last_exit"] and (item["restarts"] or item["last_exit"] not in ("normal", "shutdown")):
        words.append(f"last exit {ago(item['last_exit_ago'])}: {item['last_exit']}")
    return " ".join(word for word in words if word)


def ago(seconds: float | None) -> str:
    """A point in the past."""
    return f"{seconds:.1f} s ago" if seconds is not None and seconds < 10 else f"{duration(seconds or 0)} ago"


def duration(seconds: float) -> str:
    """A span of time in its two largest units."""
    whole = int(seconds)
    units = (
        (whole // 86400, "d"),
        (whole % 86400 // 3600, "h"),
        (whole % 3600 // 60, "min"),
        (whole % 60, "s"),
    )
    parts = [f"{count} {unit}" for count, unit in units if count]
    return " ".join(parts[:2]) or "0 s"


def process(told: Mapping[str, Any]) -> str:
    """All that is known of one process, a line for each property; what has no value is left out."""
    return "\n".join(f"{name:<24} {line}" for name, value in told.items() for line in _values(value))


def _values(value: object) -> list[str]:
    if value in (None, "", []):
        return []
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]
