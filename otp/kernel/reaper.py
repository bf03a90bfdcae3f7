"""reaper — takes note of the end of OS processes that nobody else waits for, so that none stays behind as a zombie.

OTP:      what the system's init does, and erl_child_setup for a node
Process:  `reaper`, permanent, in a node that orphans are given to: as process 1 of a container, or with a forker
Differs:  it looks every few seconds; nobody waits for what it finds

    OURS.add(child.pid)                     # whoever waits for a child of his own says so
"""

from __future__ import annotations

import logging
import os
from typing import Any, Final

from otp.erts.pid import Pid
from otp.erts.process import self_, send_after
from otp.stdlib import gen_server
from otp.stdlib.gen_server import GenServer, NoReply

log = logging.getLogger("otp.reaper")

NAME: Final = "reaper"
#: seconds between two looks
INTERVAL: Final = 5.0
#: children for whose end somebody waits
OURS: Final[set[int]] = set()


class _Again:
    """Time to do it again."""


async def start_link(interval: float = INTERVAL) -> Pid | None:
    """Start it."""
    return await gen_server.start_link(Reaper, interval, name=NAME)


class Reaper(GenServer[float]):
    """See the head of the file; its state is the interval."""

    def init(self, interval: float) -> float:
        """Look for the first time after an interval."""
        send_after(interval, self_(), _Again())
        return interval

    def handle_info(self, message: Any, interval: float) -> NoReply[float]:
        """Look."""
        if isinstance(message, _Again):
            reap()
            send_after(interval, self_(), message)
        return NoReply(interval)


def reap() -> list[int]:
    """Wait for all children that have ended, and that nobody waits for; returns their pids. One of OURS ends the search
    until he who waits has seen it."""
    found: list[int] = []
    try:
        while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None:
            if ended.si_pid in OURS:
                break
            os.waitpid(ended.si_pid, os.WNOHANG)
            found.append(ended.si_pid)
    except ChildProcessError:
        pass  # there are no children
    if found:
        log.debug("orphans have ended: %s", found)
    return found
