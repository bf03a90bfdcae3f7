"""suspected_nodes — nodes out of reach whose OS process still runs: their sessions are kept for a while before they go.

Way:      session_table (NodeDown) → [suspected_nodes] → session_table (the node is back, or its sessions are lost);
          users waits here
OTP:      cf. net_ticktime: a silent node has not ended yet
Process:  SUSPECTED is written by session_table and read by whatever routes
Differs:  whether the process of a node of this machine has ended can be seen
"""

from __future__ import annotations

import os
import select
from dataclasses import dataclass
from typing import Final

from otp.erts import process
from otp.erts.clock import CLOCK
from otp.erts.pid import Pid
from otp.kernel import node

#: seconds that a node which runs has to come back in, and seconds between two checks whether it runs
GRACE = 1.0
RECHECK: Final = 0.02


@dataclass(frozen=True, slots=True)
class SuspectedNode:
    """`creation` and `os_pid` of the node as it was (None: it cannot be seen from here); `until` (monotonic) it is
    waited for."""

    creation: int
    os_pid: int | None
    until: float


@dataclass(frozen=True, slots=True)
class Recheck:
    """To session_table: time to see whether this node is still to be waited for."""

    name: str


#: the nodes that are waited for
SUSPECTED: Final[dict[str, SuspectedNode]] = {}
#: accounts (bare JIDs) of whom stanzas are being rerouted, each with the process that does it: others wait for it,
#: so that what they send now does not overtake what they sent before
REROUTING: Final[dict[str, Pid]] = {}


def is_running(os_pid: int) -> bool:
    """Whether the process is there and has not ended (as one that nobody has waited for has)."""
    try:
        seen = os.pidfd_open(os_pid)
    except OSError:
        return False
    try:
        return not select.select([seen], [], [], 0)[0]  # readable once it has ended
    finally:
        os.close(seen)


def suspect(name: str, creation: int, os_pid: int | None) -> None:
    """The node is out of reach. One that gave no sign of life is not waited for: it has been for long enough."""
    SUSPECTED[name] = SuspectedNode(creation, os_pid, CLOCK.monotonic() + (0 if node.is_silent(name) else GRACE))


def is_awaited(name: str) -> bool:
    """Whether it may still come back; if so the running process is told to look again (Recheck)."""
    found = SUSPECTED.get(name)
    if found is None or CLOCK.monotonic() >= found.until:
        return False
    if found.os_pid is not None and not is_running(found.os_pid):
        return False
    process.send_after(RECHECK, process.self_(), Recheck(name))
    return True


def is_rerouted(bare: str) -> bool:
    """Whether another process reroutes what was on its way to an account."""
    return bool(REROUTING) and REROUTING.get(bare, process.self_()) is not process.self_()


async def wait_for_rerouting(bare: str) -> None:
    """Returns once what was on its way to an account before has been rerouted. Costs nothing if there is nothing."""
    while is_rerouted(bare):
        await process.sleep(0.005)


async def wait_until_decided(name: str) -> None:
    """Returns once it is known what has become of the node. Costs nothing if it is not suspected."""
    while name in SUSPECTED:
        await process.sleep(0.005)
