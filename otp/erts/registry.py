"""registry — names of processes on this node.

OTP:      erlang:register/2, whereis/1
Process:  none: a dict that the runtime writes and all read
"""

from __future__ import annotations

from otp.erts.pid import Pid

#: name -> pid, freed at exit before links and monitors are told
NAMES: dict[str, Pid] = {}


def whereis(name: str) -> Pid | None:
    """The process that bears the name, or None."""
    return NAMES.get(name)


def registered() -> list[str]:
    """All names in use on this node, sorted."""
    return sorted(NAMES)
