"""current — who is running here, and who is meant: self, node, names.

OTP:      self/0, node/0, and what the first argument of `!` may be
Process:  none
"""

from __future__ import annotations

from otp.erts import exits
from otp.erts.actor import Process
from otp.erts.pid import HERE, Pid
from otp.erts.registry import Name, find
from otp.erts.scheduler import THIS

#: what a message, a call or a monitor may be addressed to
Dest = Pid | Name


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


def resolve(dest: Dest) -> Pid | None:
    """The pid behind a pid or a name; None if nobody bears the name."""
    return dest if type(dest) is Pid else find(dest)
