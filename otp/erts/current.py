"""current — which process is running, and which one a pid or name means: self, node, names.

OTP:      self/0, node/0, and what the first argument of `!` may be
Process:  none
"""

from __future__ import annotations

from otp.erts import exits
from otp.erts.actor import Process
from otp.erts.links import Net
from otp.erts.pid import HERE, NameAt, Pid
from otp.erts.registry import NAMES, Name, find
from otp.erts.scheduler import THIS

#: what a message, a call or a monitor may be addressed to; a tuple is (name, node)
Dest = Pid | Name | tuple[str, str]


def running() -> Process:
    """The process whose code is running. Raises: NotAProcess outside of one."""
    process = THIS.running
    if process is None:
        raise exits.NotAProcess("no process is running here")
    return process


def self_() -> Pid:
    """The pid of the running process (self/0). Raises: NotAProcess."""
    return running().pid


def node() -> str:
    """The name of this node (node/0)."""
    return HERE.node


def nodes() -> list[str]:
    """The names of the connected nodes (nodes/0), sorted; this one is not among them."""
    return sorted(Net.carrier.nodes())


def resolve(dest: Dest) -> Pid | NameAt | None:
    """The pid behind a pid or a name, or the name on another node; None if nobody has the name here.

    Raises: TypeError for what is no destination.
    """
    if type(dest) is Pid:
        return dest
    return find(dest) if not isinstance(dest, tuple) else _at(dest)


def _at(dest: tuple[str, str]) -> Pid | NameAt | None:
    if len(dest) != 2 or not isinstance(dest[0], str) or not isinstance(dest[1], str):
        raise TypeError(f"{dest!r} is no destination: a tuple is (name, node)")
    name, node = dest
    return NAMES.get(name) if node == HERE.node else NameAt(name, node)
