"""clock — moves the time of the server that runs in this process, timer after timer.

OTP:      cf. the time warp of erlang:monotonic_time/0's clocks; otp.erts.clock is what is moved
Way:      a test → [clock] → otp.erts.clock, otp.erts.timer
Process:  none; on the loop of the server
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

from otp.erts import blocking
from otp.erts.clock import CLOCK
from otp.erts.scheduler import THIS
from otp.erts.timer import TIMERS
from xmppd.store import store

#: turns of the loop in which no process runs, after which nothing more is under way here: what one writes to a socket
#: leaves in the next turn and is read by the other side in the one after it
_QUIET: Final = 6


class MovableClock:
    """The server's time. It runs as the machine's does, and is ahead of it by what it was moved."""

    def now(self) -> datetime:
        """What time it is for the server, in UTC."""
        return datetime.fromtimestamp(CLOCK.time(), UTC)

    async def advance(self, by: float | timedelta) -> None:
        """Let the server live through `by` seconds at once.

        Each timer that is due on the way fires at its own time, in order, and what it causes is done before the next
        one: a probe after a minute and an end half a minute later are two steps of one advance(90). Nothing that waits
        for the outside comes in between, though: a client whose answer is to count is given a chance to answer by two
        advances. Raises ValueError if `by` is negative.
        """
        seconds = by.total_seconds() if isinstance(by, timedelta) else by
        if not seconds >= 0:
            raise ValueError(f"time does not go back: {by!r}")
        await settle()
        end = CLOCK.monotonic() + seconds
        while (due := TIMERS.next_due) is not None and due <= end:
            CLOCK.move(max(due - CLOCK.monotonic(), 0.0))
            TIMERS.fire()
            await settle()
        CLOCK.move(max(end - CLOCK.monotonic(), 0.0))
        TIMERS.fire()  # the loop waits for the next one by the clock as it was


async def settle() -> None:
    """Return when the server is at rest: no process has anything to do, and what was sent to it or by it has arrived.

    What other threads do is waited for as well: passwords being checked, the store.
    """
    quiet = 0
    while quiet < _QUIET:
        await asyncio.sleep(0.0005 if _threads_work() else 0)
        quiet = 0 if THIS.queue or _threads_work() else quiet + 1


def _threads_work() -> bool:
    return blocking.is_busy() or store.is_busy()
