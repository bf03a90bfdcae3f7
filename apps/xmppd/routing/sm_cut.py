"""sm_cut — nodes that are out of reach and still run: their sessions are waited for before they are given up.

Way:      sm_server (NodeDown) → [sm_cut] → sm_server (the node is back, or its sessions are lost); users waits here
OTP:      cf. net_ticktime: a node that is silent is not gone yet
Process:  CUT is written by sm_server and read by all who route
Differs:  the nodes are processes of one machine, so whether one has ended can be seen
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from otp.erts import process
from otp.erts.pid import Pid
from otp.kernel import node

#: seconds that a node which runs has to come back in, and seconds between two looks whether it runs
GRACE = 1.0
LOOK: Final = 0.02


@dataclass(frozen=True, slots=True)
class Cut:
    """`creation` and `os_pid` of the node as it was; `until` (monotonic) it is waited for."""

    creation: int
    os_pid: int
    until: float


@dataclass(frozen=True, slots=True)
class Look:
    """To sm_server: time to see whether this node is still to be waited for."""

    name: str


#: the nodes that are waited for
CUT: Final[dict[str, Cut]] = {}
#: accounts (bare JIDs) of whom stanzas are being routed anew, each with the process that does it: others wait for it,
#: so that what they send now does not overtake what they sent before
ANEW: Final[dict[str, Pid]] = {}


def is_running(os_pid: int) -> bool:
    """Whether the process is there and has not ended (as one that nobody has waited for has)."""
    try:
        return Path(f"/proc/{os_pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def begin(name: str, creation: int, os_pid: int) -> None:
    """The node is out of reach. One that gave no sign of life is not waited for: it has been for long enough."""
    CUT[name] = Cut(creation, os_pid, time.monotonic() + (0 if node.is_silent(name) else GRACE))


def is_awaited(name: str) -> bool:
    """Whether it may still come back; if so the running process is told to look again."""
    cut = CUT.get(name)
    if cut is None or time.monotonic() >= cut.until or not is_running(cut.os_pid):
        return False
    process.send_after(LOOK, process.self_(), Look(name))
    return True


async def in_turn(bare: str) -> None:
    """Returns once what was on its way to an account before has been routed anew. Costs nothing if there is nothing."""
    while ANEW.get(bare, process.self_()) is not process.self_():
        await process.sleep(0.005)


async def over(name: str) -> None:
    """Returns once it is known what has become of the node. Costs nothing if it is not cut off."""
    while name in CUT:
        await process.sleep(0.005)
