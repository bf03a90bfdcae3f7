"""render — results as people read them.

OTP:      none; cf. ejabberd_ctl's formatting of command results
Way:      cli.main → [render]; with --json the result itself is printed instead
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xmppd.node.banner import listening
from xmppd.node.version import build


def render(result: Any) -> str:
    """Give any result as text: a table for a list of dicts, lines for a list, `key: value` for a dict."""
    if isinstance(result, Mapping):
        return str(result["text"]) if "text" in result else fields(result)
    if isinstance(result, list):
        return table(result) if result and isinstance(result[0], Mapping) else "\n".join(str(item) for item in result)
    return "" if result is None else str(result)


def fields(result: Mapping[str, Any]) -> str:
    """Give a dict as aligned lines."""
    width = max((len(name) for name in result), default=0)
    return "\n".join(f"{name:<{width}}  {_cell(value)}" for name, value in result.items())


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Give dicts with the same keys as columns under a head."""
    names = list(rows[0])
    cells = [[name.upper() for name in names], *[[_cell(row.get(name)) for name in names] for row in rows]]
    widths = [max(len(line[i]) for line in cells) for i in range(len(names))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in cells)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_cell(item) for item in value)
    if isinstance(value, float):
        return f"{value:.1f}"
    return str(value)


def status(result: Mapping[str, Any]) -> str:
    """Give the answer of `status`."""
    lines = [
        f"xmppd {result['version']} is running, pid {result['pid']}, up {duration(result['uptime'])}, "
        f"{result['sessions']} session{'' if result['sessions'] == 1 else 's'}",
        *_build(result.get("build", "")),
        f"hosts    {', '.join(result['hosts'])}",
        *listening(result["listen"]),
        *(f"warning  {line}" for line in result.get("warnings", ())),
        *_deeds(result.get("deeds", {})),
        *(f"ALARM    {alarm}" for alarm in result.get("alarms", ())),
        _workers(result["workers"]),
    ]
    return "\n".join(lines)


def _workers(rows: Sequence[Mapping[str, Any]]) -> str:
    """One line for each worker; how they ended only if one of them ever did."""
    left_out = {"name"} if any(row.get("ends") for row in rows) else {"name", "ends", "last_end", "again_in"}
    return table([{"worker": row["name"], **{k: v for k, v in row.items() if k not in left_out}} for row in rows])


def _deeds(counts: Mapping[str, int]) -> list[str]:
    """What people did since the workers began; the log has a line for each (apps/xmppd/audit.py)."""
    done = [f"{deed} {count}" for deed, count in counts.items() if count]
    return [f"deeds    {', '.join(done)}"] if done else []


def _build(running: str) -> list[str]:
    """Which build runs, and whether another one lies on disk by now."""
    if not running:
        return []
    ours = build()
    newer = f"; on disk is {ours}: `restart` takes it" if ours and ours != running else ""
    return [f"build    {running}{newer}"]


def duration(seconds: float) -> str:
    """Give a span of time in its two largest units."""
    whole = int(seconds)
    units = (
        (whole // 86400, "d"),
        (whole % 86400 // 3600, "h"),
        (whole % 3600 // 60, "min"),
        (whole % 60, "s"),
    )
    parts = [f"{count} {unit}" for count, unit in units if count]
    return " ".join(parts[:2]) or "0 s"


def tree(result: Mapping[str, Any]) -> str:
    """Give the supervision trees of all nodes."""
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
    """Give a point in the past."""
    return f"{seconds:.1f} s ago" if seconds is not None and seconds < 10 else f"{duration(seconds or 0)} ago"
