"""lives — which life of which worker has a session: its name, and whether it is over.

    machine/w1.3.5f2c90aa        node, creation, and something that no other life has

Way:      on_disk, queue_writer, adoption → [lives]
OTP:      the creation of a pid, which here begins again when the whole server does
Process:  none
"""

from __future__ import annotations

import secrets
from functools import lru_cache
from typing import Final

from otp.erts import process
from otp.erts.pid import HERE, Pid
from xmppd.routing.session import MACHINE

_SIGN: Final = "/"


@lru_cache(8)
def _name(node: str, creation: int) -> str:
    return f"{node}.{creation}.{secrets.token_hex(4)}"


def name() -> str:
    """This life of this node, as its journal is called."""
    return _name(process.node(), HERE.creation)


def owner() -> str:
    """The same, among those of all machines: it stands in rows."""
    return owner_called(name())


def owner_called(name: str) -> str:
    """A life of this machine, as it stands in rows."""
    return f"{MACHINE}{_SIGN}{name}"


def is_of(owner: str, pid: Pid) -> bool:
    """Whether the process lived, or lives, in that life."""
    return owner.rpartition(_SIGN)[2].startswith(f"{pid.node}.{pid.creation}.")


def name_here(owner: str) -> str | None:
    """The name of a life of this machine; None for one of another, of which nothing can be seen from here."""
    machine, _, found = owner.rpartition(_SIGN)
    return found if machine == MACHINE else None
