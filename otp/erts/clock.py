"""clock — the time of this node, as its timers and its programs read it; a test may move it forward.

OTP:      erlang:monotonic_time/0, system_time/0; cf. time_offset/0 and the time warp of its modes
Differs:  seconds as floats, as in Python's `time`, whose names these are. All times move together, and only forward
Way:      code that measures durations or waits for another program reads `time`, which tests do not move
Process:  none; one per OS process
"""

from __future__ import annotations

import time  # real time: this is where it comes from
from collections.abc import Callable
from typing import Final


class Clock:
    """`monotonic`, `time` and `time_ns` are those of `time` itself until move() is called: reading them costs the same.

    Call them through CLOCK each time; a reference that somebody keeps does not move. `offset`: seconds by which the
    time of day is ahead of the machine's.
    """

    __slots__ = ("_moved", "monotonic", "offset", "time", "time_ns")

    monotonic: Callable[[], float]
    time: Callable[[], float]
    time_ns: Callable[[], int]

    def __init__(self) -> None:
        self.monotonic, self._moved = time.monotonic, 0.0
        self.reset()

    def reset(self) -> None:
        """Tell the machine's time of day again. The monotonic clock never goes back: it goes on from where it is."""
        self.offset, self.time, self.time_ns = 0.0, time.time, time.time_ns

    def move(self, seconds: float) -> None:
        """Be `seconds` later than before; call TIMERS.fire() after it. Raises: ValueError if that is earlier."""
        if not seconds >= 0:
            raise ValueError(f"time does not go back: {seconds!r}")
        moved = self._moved = self._moved + seconds
        offset = self.offset = self.offset + seconds
        nanoseconds = round(offset * 1e9)
        self.monotonic = lambda: time.monotonic() + moved
        self.time = lambda: time.time() + offset
        self.time_ns = lambda: time.time_ns() + nanoseconds


CLOCK: Final = Clock()
