"""scheduler — runs ready processes on the loop, a fair share each.

OTP:      erts' scheduler: a run queue, and a budget of reductions per turn
Differs:  one scheduler a node, cooperative: a callback runs to its end or to its next await. What a process has worked
          is counted in seconds of the processor: neither those that the machine gave to other programs meanwhile nor
          the garbage collector's, which cleans up after all
Process:  none; one per OS process
"""

from __future__ import annotations

import asyncio
import gc
import threading
import time  # real time: how long a turn took
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from otp.erts.actor import Process

#: messages a process may handle before the next one in the queue has its turn (BEAM: reductions)
BUDGET: Final = 64
#: processes run before the loop looks at its sockets and timers again
RUNS_PER_TURN: Final = 256
#: seconds after which it does so whatever is left: one busy process can fill the runs of a turn by itself
TURN: Final = 0.004
#: seconds by the clock below which work is not looked at more closely: to ask the kernel costs as much as a short turn
SHORT: Final = 0.001


class Scheduler:
    """The run queue of this OS process and what belongs to it: the loop, its thread, the running process."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop = None  # type: ignore[assignment]  # until attach()
        self.thread = 0
        self.running: Process | None = None
        self.host: Process | None = None  # stands for the program that this node is attached to
        self.queue: deque[Process] = deque()
        self.armed = False
        self.runs = 0
        self.since = 0.0  # time.perf_counter() when the running process's turn began
        self.had = 0.0  # had_until() then
        self.falling = False
        self._had = self._looked = 0.0  # the latest look at the processor's time, and when that was
        self._collecting = self._collected = 0.0  # when the collector began, and what it has had of this thread

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Make `loop`, of the calling thread, the one on which all processes run."""
        self.loop, self.thread = loop, threading.get_ident()
        self.running, self.armed, self.runs, self.falling = None, False, 0, False
        self._looked = self._collected = 0.0
        self.queue.clear()
        if self._collector not in gc.callbacks:
            gc.callbacks.append(self._collector)

    def ready(self, process: Process) -> None:
        """Put a process at the end of the run queue. Loop thread only."""
        self.queue.append(process)
        if not self.armed:
            self.armed = True
            self.loop.call_soon(self.turn)

    def turn_again(self) -> None:
        """Have a turn come even if one is due: an exception may have torn the loop as it was about to begin it."""
        self.armed = True
        self.loop.call_soon(self.turn)

    def turn(self) -> None:
        """Run what is ready, messages that are sent meanwhile included, up to RUNS_PER_TURN or TURN seconds."""
        queue, now = self.queue, time.perf_counter
        before = self.since = now()
        self.had = self.had_until(before)
        left, end = RUNS_PER_TURN, before + TURN
        try:
            while queue and left:
                left -= 1
                process = queue.popleft()
                process.run(BUDGET)
                after = now()
                ran = after - before
                process.busy += ran if ran < SHORT else self.worked(ran, self.had)
                if after > end:
                    break
                before = self.since = after
        finally:  # whatever goes wrong in one of them, the next turn comes
            self.runs += RUNS_PER_TURN - left
            self.armed = bool(queue)
            if queue:
                self.loop.call_soon(self.turn)

    def had_until(self, now: float) -> float:
        """Seconds of the processor that this thread has had until `now`, of time.perf_counter(); up to SHORT seconds
        before that, for they are asked for once in so long. Loop thread only."""
        if now - self._looked > SHORT:
            self._had, self._looked = time.thread_time() - self._collected, now
        return self._had

    def worked(self, seconds: float, had: float) -> float:
        """How many of the latest `seconds` by the clock this thread has worked; `had`: had_until() when they began.

        All of them where they are SHORT, and at least so many of more: it never goes back.
        """
        if seconds < SHORT:
            return seconds
        return max(SHORT, min(seconds, time.thread_time() - self._collected - had))

    def _collector(self, phase: str, _info: dict[str, int]) -> None:
        if threading.get_ident() != self.thread:
            return
        if phase == "start":
            self._collecting = time.thread_time()
        else:
            self._collected += time.thread_time() - self._collecting

    def call_on_loop(self, fn: Callable[..., Any], *args: Any) -> None:
        """Run fn(*args) on the loop's thread: now if this is it, else soon. Dropped when the loop has closed."""
        if threading.get_ident() == self.thread:
            fn(*args)
            return
        try:
            self.loop.call_soon_threadsafe(fn, *args)
        except RuntimeError:
            if not self.loop.is_closed():
                raise


THIS: Final = Scheduler()
