"""registry — names of processes on this node, and the shape of every other registry (via).

OTP:      erlang:register/2, whereis/1; the registries behind {via, Module, Name} and {global, Name}
Differs:  {via, Module, Name} is Via(registry, name); {global, Name} is a Via with otp.kernel's global registry
Process:  none: a dict that the runtime writes and all read
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Protocol

from otp.erts.pid import Pid

#: name -> pid, freed at exit before links and monitors are told
NAMES: dict[str, Pid] = {}


class Registry(Protocol):
    """What a registry of names must offer, as OTP asks it of the module in {via, Module, Name}."""

    def register_name(self, name: Hashable, pid: Pid) -> bool:
        """Register a process under a name; False if the name is taken. The registry frees it when the process ends."""

    def unregister_name(self, name: Hashable) -> None:
        """Take a name away; nothing happens if nobody has it."""

    def whereis_name(self, name: Hashable) -> Pid | None:
        """The process of that name, or None."""

    def send(self, name: Hashable, message: object) -> Pid:
        """Send to the process of that name. Raises: NotRegistered."""


@dataclass(frozen=True, slots=True)
class Via:
    """A name in some registry: where a name or pid may stand, this may."""

    registry: Registry
    name: Hashable


#: how a process is called by those who did not start it
Name = str | Via


def find(dest: Name) -> Pid | None:
    """The process of a name, in whatever registry; None if there is none. Raises: TypeError for what is no name."""
    if isinstance(dest, str):
        return NAMES.get(dest)
    if not isinstance(dest, Via):
        raise TypeError(f"{dest!r} is no destination: give a pid, a name, (name, node) or Via(registry, name)")
    return dest.registry.whereis_name(dest.name)


def whereis(name: str) -> Pid | None:
    """The process that has the name, or None."""
    return NAMES.get(name)


def registered() -> list[str]:
    """All names in use on this node, sorted."""
    return sorted(NAMES)
