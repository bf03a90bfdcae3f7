"""mailbox — selective receive: the first message that matches, in order of arrival; the others stay, in order.

OTP:      the receive expression of erts, with its save pointer
Differs:  receive() is awaited; a walk over a very long mailbox gives way to other processes between two slices of it
Process:  none; it is done in the process that receives, which alone takes messages out of its mailbox
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Any, Final

from otp.erts import exits
from otp.erts.future import LoopFuture

NOTHING: Final[Any] = object()
#: messages that are looked at before other processes have their turn
SLICE: Final = 10_000


class Receive:
    """What a receive() waits for. `seen` messages of the mailbox were looked at already and are not looked at again;
    `ahead` holds, the oldest last, those of a long mailbox that come next. `expired`: the seconds it had are over, and
    only the first `end` messages of the mailbox came in time.
    """

    __slots__ = ("ahead", "end", "expired", "future", "match", "seen")

    def __init__(self, match: Callable[[object], bool] | None) -> None:
        self.match, self.seen, self.end = match, 0, 0
        self.expired: float | None = None
        self.ahead: list[Any] | None = None
        self.future: LoopFuture[object] = LoopFuture()

    def take(self, queue: deque[Any]) -> object:
        """Remove and return the first message that matches, or NOTHING; at most SLICE messages are looked at."""
        match = self.match
        end = len(queue) if self.expired is None else self.end
        if match is None:
            return queue.popleft() if end else NOTHING
        ahead, self.ahead = self.ahead, None
        if not ahead:
            ahead = list(islice(reversed(queue), len(queue) - end, len(queue) - self.seen))
        upto, seen = max(len(ahead) - SLICE, 0), self.seen
        for message in reversed(ahead[upto:] if upto else ahead):
            if match(message):
                del queue[seen]
                return message
            seen += 1
        self.seen = seen
        if upto:
            del ahead[upto:]
            self.ahead = ahead
        return NOTHING

    def expire(self, seconds: float, queue: deque[Any] | None) -> None:
        """The time is up: what comes from now on comes too late."""
        self.expired, self.end = seconds, len(queue or ())

    def look(self, queue: deque[Any] | None) -> bool:
        """Settle the future by what is in the mailbox now, or by the time that is up; False while it has to wait."""
        self.future._waiter = None
        try:
            message = self.take(queue) if queue else NOTHING
        except BaseException as exc:  # it is the receiver's own code that failed
            self.future.reject(exc)
            return True
        if message is not NOTHING:
            self.future.resolve(message)
            return True
        if self.expired is None or self.seen < self.end:
            return False
        self.future.reject(exits.ReceiveTimeout(self.expired))
        return True
