"""render — results as people read them.

OTP:      none; cf. ejabberd_ctl's formatting of command results
Way:      cli.main → [render]; with --json the result itself is printed instead
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from otp.observer.sequence import took
from otp.observer.text import duration
from xmppd.node.banner import listening
from xmppd.node.version import build


def render(result: Any) -> str:
    """Return any result as text: a table for a list of dicts, lines for a list, `key: value` for a dict."""
    if isinstance(result, Mapping):
        return str(result["text"]) if "text" in result else fields(result)
    if isinstance(result, list):
        return table(result) if result and isinstance(result[0], Mapping) else "\n".join(str(item) for item in result)
    return "" if result is None else str(result)


def fields(result: Mapping[str, Any]) -> str:
    """Return a dict as aligned lines."""
    width = max((len(name) for name in result), default=0)
    return "\n".join(f"{name:<{width}}  {_cell(value)}" for name, value in result.items())


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return dicts with the same keys as columns under a head."""
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
    """Return the answer of `status`."""
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
    left_out = {"name", "not_ready"}  # what is not ready stands among the alarms
    if not any(row.get("ends") for row in rows):
        left_out |= {"ends", "last_end", "again_in"}
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


def chart(result: Mapping[str, Any]) -> str:
    """A chart as a list of its arrows."""
    lines = [f"a {result['kind']} of {result['sender']}, {result['us']:.0f} µs in all"]
    widest = max((len(arrow["to"]) for arrow in result["arrows"]), default=0)
    lines += [
        f"{arrow['at_us']:>10.1f} µs {took(arrow['us']):>11}  {arrow['to']:<{widest}}  {arrow['text']}"
        for arrow in result["arrows"]
    ]
    return "\n".join(lines)
