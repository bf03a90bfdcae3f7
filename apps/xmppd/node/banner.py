"""banner — what a start says: what listens where, where things are, what to do next.

OTP:      none
Way:      node.parent_state.Parent.describe → [banner] → node.readiness (foreground), cli.lifecycle (start), cli.render
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

RED, GREEN, BOLD, DIM, PLAIN = "\033[31m", "\033[32m", "\033[1m", "\033[2m", "\033[0m"


def colour(text: str, code: str, on: bool) -> str:
    """Return the text in colour where colours are wanted."""
    return f"{code}{text}{PLAIN}" if on else text


def listening(listens: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return one line for each listener."""
    words = {
        "required": "STARTTLS demanded",
        "optional": "STARTTLS offered",
        "direct": "TLS",
        "off": "no TLS",
    }
    lines = []
    for listen in listens:
        ip = f"[{listen['ip']}]" if ":" in listen["ip"] else listen["ip"]
        plain = ", PLAIN without TLS" if listen.get("plain_without_tls") else ""
        lines.append(f"listen   {listen['module']} on {ip}:{listen['port']} ({words[listen['tls']]}{plain})")
    return lines


def headline(info: Mapping[str, Any]) -> str:
    """Return the one line that says that a server has started."""
    return f"xmppd {info['version']} runs: pid {info['pid']}, {len(info['workers'])} workers"


def banner(info: Mapping[str, Any], colours: bool) -> str:
    """Return what `start` says: what listens where, where things are, which certificate, what to do next."""
    rows = [
        colour(headline(info), BOLD + GREEN, colours),
        f"  hosts    {', '.join(info['hosts'])}",
        *(f"  {line}" for line in listening(info["listen"])),
        f"  config   {info['config'] or 'none: the defaults are in force'}",
        f"  home     {info['home']}" + (" (new: nobody has an account here yet)" if info.get("new") else ""),
        f"  data     {info['data']}",
        f"  log      {'standard error' if info.get('foreground') else info['log']}",
        *(f"  tls      {line}" for line in info["certificates"]),
        *(colour(f"  note     {line}", DIM, colours) for line in info["warnings"]),
        colour("Next:", BOLD, colours),
        f"  {info['command']} user add alice        make an account (and prints its password)",
        f"  {info['command']} status                what runs and who is connected",
        f"  {info['command']} stop                  drain and stop",
    ]
    return "\n".join(rows)
