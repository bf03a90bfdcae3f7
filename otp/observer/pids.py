"""pids — how people name processes: finds those of this node that a word means.

OTP:      what etop, dbg:p/2 and i/3 take
Way:      tree, trace, crash, info → [pids]; the program's plugin adds its own words
Process:  none
"""

from __future__ import annotations

import re
from typing import Final

from otp.erts import process
from otp.erts.pid import HERE, Pid, intern, is_local
from otp.observer import plugin
from otp.stdlib.children import FAMILIES

_PID: Final = re.compile(r"<?(\w+)\.(\d+)\.(\d+)>?")


def pid_of(word: str) -> Pid | None:
    """The pid that is written there, of this node or another; None if none is."""
    found = _PID.fullmatch(word)
    if found is None:
        return None
    node, creation, serial = found[1], int(found[2]), int(found[3])
    if (node, creation) != (HERE.node, HERE.creation):
        return intern(node, creation, serial)
    live = (pid for pid in process.processes() if pid.serial == serial)
    return next(live, None) or Pid(node, creation, serial)


def node_of(word: str | None) -> str | None:
    """The node that a written pid lies on; None if no pid is written there."""
    found = _PID.fullmatch(word or "")
    return found[1] if found else None


def find(word: str, again: bool = False) -> list[Pid]:
    """The live processes of this node that are meant: one by pid, name or id in its supervisor, or those that the
    plugin knows by the word; `again` as there.
    """
    pid = pid_of(word) or process.whereis(word) or _child(word)
    if pid is not None:
        return [pid] if is_local(pid) and pid.target is not None else []
    return [pid for pid in plugin.installed().find(word, again) if pid.target is not None]


def _child(id_: str) -> Pid | None:
    for family in FAMILIES.values():
        child = family.children.get(id_)
        if child is not None and child.pid is not None:
            return child.pid
    return None


def name_of(pid: Pid) -> str:
    """What to call a process of this node: what the plugin says, or its registered name, or its label."""
    known = plugin.installed().name(pid)
    if known is not None:
        return known
    info = process.process_info(pid)
    return (info.registered_name or info.label) if info is not None else str(pid)
