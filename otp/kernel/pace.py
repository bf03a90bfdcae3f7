"""pace — a process that sends much to a node that does not keep up waits; one that sends little does not.

OTP:      busy_dist_port: a sender to a busy distribution channel is suspended
Way:      who is about to send → [pace.turn] → process.send → carrier → link
Process:  runs in the sender; the books are kept by the links
Differs:  the sender asks, at a point of its own choice, with `if BEHIND:` in front, which costs nothing while all keep
          up. Each process has a share of SHARE octets before it waits, so that single messages pass where one process
          has sent thousands; behind MOST octets everybody waits

    if pace.BEHIND:
        await pace.turn(pid.node)
    process.send(pid, large)

What was looked up before the wait is to be looked up again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from otp.erts.future import LoopFuture
from otp.erts.pid import Pid
from otp.erts.scheduler import THIS

#: octets that one process may send to a node which does not keep up, before it waits
SHARE: Final = 64 * 1024
#: octets for such a node beyond which nobody sends any more
MOST: Final = 8 * 1024 * 1024
#: senders woken in one turn of the loop: together they must not fill what has just been emptied
_AT_ONCE: Final = 16


class Pace:
    """The books of one link while its peer does not keep up. `unsent()`: octets that wait for it."""

    def __init__(self, unsent: Callable[[], int]) -> None:
        self._unsent = unsent
        self._owed: dict[Pid | None, int] = {}
        self._waiting: deque[LoopFuture[None]] = deque()
        self.behind = False

    def owe(self, octets: int) -> None:
        """The running process (or nobody) has sent so many."""
        who = THIS.running.pid if THIS.running is not None else None
        self._owed[who] = self._owed.get(who, 0) + octets

    def must_wait(self, who: Pid | None) -> bool:
        """Whether it has had its share, or there is too much of all."""
        return self.behind and (self._owed.get(who, 0) >= SHARE or self._unsent() >= MOST)

    async def turn(self) -> None:
        """Return when the running process may send."""
        who = THIS.running.pid if THIS.running is not None else None
        while self.must_wait(who):
            future: LoopFuture[None] = LoopFuture()
            self._waiting.append(future)
            await future

    async def caught_up(self) -> None:
        """Return when the peer keeps up."""
        while self.behind:
            future: LoopFuture[None] = LoopFuture()
            self._waiting.append(future)
            await future

    def ease(self) -> None:
        """The peer has caught up, or is gone: everybody has a new share, and some have their turn."""
        self.behind = False
        self._owed.clear()
        self._wake()

    def _wake(self) -> None:
        waiting = self._waiting
        for _ in range(min(_AT_ONCE, len(waiting))):
            waiting.popleft().resolve(None)
        if waiting and not self.behind:
            THIS.loop.call_soon(self._wake)


#: the links whose peers do not keep up, by name of the node
BEHIND: Final[dict[str, Pace]] = {}


async def turn(node: str) -> None:
    """Wait until the running process may send to a node; at once if that keeps up, or is not there."""
    pace = BEHIND.get(node)
    if pace is not None:
        await pace.turn()
