"""pids — what an operator calls a process, and which processes of this node a word means.

OTP:      what etop, dbg:p/2 and i/3 take
Way:      tree, top, trace, crash → [pids]; look.jids adds what only workers know
Process:  none
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Any, Final

from otp.erts import process
from otp.erts.pid import HERE, Pid, intern, is_local
from otp.stdlib.children import FAMILIES

_PID: Final = re.compile(r"<?(\w+)\.(\d+)\.(\d+)>?")

#: who knows better names for processes than erts does, and who knows the processes behind a JID
NAMERS: Final[list[Callable[[Pid], str | None]]] = []
FINDERS: Final[list[Callable[[str], list[Pid]]]] = []
#: who knows whether a word means a process that is told this just now
JOINERS: Final[list[Callable[[str, Pid, Any], bool]]] = []


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


def is_jid(word: str) -> bool:
    """Whether a JID is meant."""
    return "@" in word


def is_address(word: str) -> bool:
    """Whether an IP address is meant, or a port that is listened on (":5222")."""
    if is_port(word):
        return True
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return False
    return True


def is_port(word: str) -> bool:
    """Whether a port is written there, as ":5222"."""
    return word.startswith(":") and word[1:].isdigit()


def may_come(word: str) -> bool:
    """Whether who is meant need not be there yet."""
    return is_jid(word) or is_address(word)


def here(word: str) -> list[Pid]:
    """The live processes of this node that are meant: one by pid, name or id in its supervisor, or those of a JID, an
    address or a port."""
    pid = pid_of(word) or process.whereis(word) or _child(word)
    if pid is not None:
        return [pid] if is_local(pid) and pid.target is not None else []
    return [pid for find in FINDERS for pid in find(word) if pid.target is not None] if may_come(word) else []


def _child(id_: str) -> Pid | None:
    for family in FAMILIES.values():
        child = family.children.get(id_)
        if child is not None and child.pid is not None:
            return child.pid
    return None


def spoken(pid: Pid) -> str:
    """What to call a process of this node: what NAMERS say, or its registered name, or its label."""
    for namer in NAMERS:
        known = namer(pid)
        if known is not None:
            return known
    info = process.process_info(pid)
    return (info.registered_name or info.label) if info is not None else str(pid)
