"""timer — messages and functions that are due later: one heap, one timer of the loop.

OTP:      erlang:send_after/3, start_timer/3, cancel_timer/1 and the timer wheel under them
Process:  none; fires on the loop's thread
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from otp.erts.clock import CLOCK
from otp.erts.scheduler import THIS

if TYPE_CHECKING:
    from otp.erts.actor import Process

_COMPACT_ABOVE: Final = 512
log = logging.getLogger("otp.timer")


class TimerRef:
    """One timer. `fn` is None once it fired or was cancelled; `owner` is the process it ends with."""

    __slots__ = ("args", "due", "fn", "order", "owner")

    def __init__(self, due: float, order: int, fn: Callable[..., Any] | None, args: tuple[Any, ...]) -> None:
        self.due, self.order, self.fn, self.args = due, order, fn, args
        self.owner: Process | None = None


class Timers:
    """All timers of this node. A cancelled one stays in the heap, empty, until it is due or too many are."""

    def __init__(self) -> None:
        self.heap: list[tuple[float, int, TimerRef]] = []  # by time, then by order: compared without our code
        self.order = itertools.count()
        self.cancelled = 0
        self.handle: asyncio.TimerHandle | None = None
        self.armed_for = 0.0

    def clear(self) -> None:
        """Forget everything: a new loop begins."""
        self.heap, self.cancelled, self.handle = [], 0, None

    def after(self, seconds: float, fn: Callable[..., Any], *args: Any) -> TimerRef:
        """Call fn(*args) in `seconds` (0 is allowed); timers due at the same time fire in the order they were made."""
        due, order = CLOCK.monotonic() + max(seconds, 0.0), next(self.order)
        timer = TimerRef(due, order, fn, args)
        heapq.heappush(self.heap, (due, order, timer))
        if self.handle is None or due < self.armed_for:
            self._arm()
        return timer

    def cancel(self, timer: TimerRef) -> float | None:
        """Seconds that were left, or None if it fired or was cancelled before."""
        if timer.fn is None:
            return None
        self.drop(timer)
        return max(timer.due - CLOCK.monotonic(), 0.0)

    def drop(self, timer: TimerRef) -> None:
        """cancel() for callers that do not ask what was left; nothing happens if it has fired."""
        if timer.fn is None:
            return
        timer.fn, timer.args = None, ()
        if timer.owner is not None:
            _forget(timer)
        self.cancelled += 1
        if self.cancelled > _COMPACT_ABOVE and self.cancelled * 2 > len(self.heap):
            self.heap = [entry for entry in self.heap if entry[2].fn is not None]
            heapq.heapify(self.heap)
            self.cancelled = 0

    def expire(self, timer: TimerRef) -> None:
        """Fire a timer now that is overdue, as the loop stood still; nothing happens if it has fired."""
        fn, args = timer.fn, timer.args
        if fn is not None:
            self.drop(timer)
            _call(fn, args)

    @property
    def next_due(self) -> float | None:
        """When the next timer fires, by CLOCK.monotonic(); None if there is none."""
        while self.heap and self.heap[0][2].fn is None:
            heapq.heappop(self.heap)
            self.cancelled -= 1
        return self.heap[0][0] if self.heap else None

    def fire(self) -> None:
        """Fire what is due: the clock was moved, of which the loop knows nothing."""
        if self.handle is not None:
            self.handle.cancel()
        self._fire()

    def _arm(self) -> None:
        if self.handle is not None:
            self.handle.cancel()
        # a loop counts milliseconds, from when its turn began, and so may be early; a timer never is
        self.armed_for = self.heap[0][0]
        wait = max(self.armed_for - CLOCK.monotonic(), 0.0005)
        self.handle = THIS.loop.call_later(wait, self._fire)  # real time: a clock that is moved needs fire()

    def _fire(self) -> None:
        self.handle = None
        now = CLOCK.monotonic()
        while self.heap and self.heap[0][0] <= now:
            timer = heapq.heappop(self.heap)[2]
            if timer.fn is None:
                self.cancelled -= 1
                continue
            fn, timer.fn = timer.fn, None
            _forget(timer)
            _call(fn, timer.args)
        # for the next one that somebody still waits for: most are time limits of calls, and cancelled long before
        if self.next_due is not None and self.handle is None:
            self._arm()


def _call(fn: Callable[..., Any], args: tuple[Any, ...]) -> None:
    try:
        fn(*args)
    except BaseException:  # it belongs to no process; the timers after it are due all the same
        log.exception("what a timer should do has failed: %r", fn)


def _forget(timer: TimerRef) -> None:
    """Its process need not cancel it any more; one without timers keeps no table of them."""
    owner, timer.owner = timer.owner, None
    if owner is not None and owner.timers is not None:
        owner.timers.pop(timer.order, None)
        if not owner.timers:
            owner.timers = None


TIMERS: Final = Timers()
