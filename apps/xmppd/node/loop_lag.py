"""loop_lag — how late the loop of this node comes to what is due: the delay that everybody on it has.

OTP:      cf. erlang:statistics(run_queue) and the long_schedule of erlang:system_monitor
Way:      node.worker, node.parent → [loop_lag] → metrics.snapshot
Process:  none: a timer of the loop
Differs:  it measures; what stands still for seconds is the business of otp.kernel.stall
"""

from __future__ import annotations

from typing import Final

from otp.erts.scheduler import THIS
from xmppd import metrics

#: seconds between two looks
INTERVAL: Final = 0.25
_LAG: Final = metrics.histogram(
    "xmppd_loop_lag_seconds",
    "how late the loop was, looked at four times a second",
    (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)
_WORST: Final = metrics.gauge("xmppd_loop_lag_worst_seconds", "the latest that the loop was in the last minute").cell()
_KEPT: Final = 4


class LoopLag:
    """Looks at the loop of this node, on it, until `stop`."""

    def __init__(self) -> None:
        self._loop = THIS.loop
        self._series = _LAG.cell()
        self._worst = [0.0] * _KEPT  # of each quarter of a minute
        self._looks = 0
        self._going = True
        self._due = self._loop.time() + INTERVAL  # real time: it is the loop's own that is measured
        self._loop.call_at(self._due, self._look)  # real time: as above

    def _look(self) -> None:
        now = self._loop.time()  # real time: as above
        lag = max(0.0, now - self._due)
        self._series.observe(lag)
        self._looks += 1
        if self._looks % 60 == 0:
            self._worst = [0.0, *self._worst[:-1]]
        self._worst[0] = max(self._worst[0], lag)
        _WORST.n = max(self._worst)
        if self._going:
            self._due = now + INTERVAL
            self._loop.call_at(self._due, self._look)  # real time: as above

    def stop(self) -> None:
        """Look no more."""
        self._going = False


def start() -> LoopLag:
    """Measure the loop of this node from now on."""
    return LoopLag()
