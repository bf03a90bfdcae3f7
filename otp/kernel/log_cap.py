"""log_cap — how much of a flood reaches the log: so many of one message in a while, so many lines in a second.

OTP:      logger_olp.erl (burst_limit_max_count, burst_limit_window_time)
Way:      otp.kernel.logger → [log_cap]
Process:  none; the handler's, on whatever thread logs
Differs:  the limit is of each logger, and of what is severe apart from the rest: a flood of one hides no other. What
          was held back is counted, and told before the next line that is written
"""

from __future__ import annotations

import logging
import time
from typing import Final

#: records of one message (logger, level, template) within one window of seconds
CAP, WINDOW = 50, 10.0
#: lines of one logger, severe ones or others, within a second
BURST: Final = 500
_SECOND: Final = 1.0
_KINDS: Final = 1000
_NOTHING: Final[tuple[str, ...]] = ()


class Cap:
    """Decides, and counts what it holds back."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, int, str], list[float]] = {}  # start, number
        self._bursts: dict[tuple[str, bool], list[float]] = {}  # likewise

    def admit(self, name: str, level: int, text: str) -> tuple[str, ...] | None:
        """Count one more line of a logger, its template being `text`. None: it is held back; else what is to be written
        before it: how many were."""
        now = time.monotonic()
        held = self._of_its_kind((name, level, text), now)
        if held is None:
            return None
        lost = self._of_its_logger((name, level >= logging.WARNING), now, held)
        if lost is None:
            return None
        if not held and not lost:
            return _NOTHING
        alike = (f"{held} more like the next line were held back",) if held else ()
        return (*alike, f"{lost} lines were held back: a flood") if lost else alike

    def _of_its_kind(self, key: tuple[str, int, str], now: float) -> int | None:
        window = self._windows.get(key)
        if window is None or now - window[0] >= WINDOW:
            if len(self._windows) >= _KINDS:
                self._windows.clear()
            self._windows[key] = [now, 1]
            return 0 if window is None else max(0, int(window[1]) - CAP)
        window[1] += 1
        return 0 if window[1] <= CAP else None

    def _of_its_logger(self, key: tuple[str, bool], now: float, untold: int) -> int | None:
        """`untold`: what would have been told before the line, if that is held back."""
        burst = self._bursts.get(key)
        if burst is None or now - burst[0] >= _SECOND:
            self._bursts[key] = [now, 1]
            return 0 if burst is None else max(0, int(burst[1]) - BURST)
        burst[1] += 1
        if burst[1] <= BURST:
            return 0
        burst[1] += untold
        return None
