"""shaper — how long a client must pause after what it sent and the work that caused: a token bucket, pure.

OTP:      cf. ejabberd's shaper.erl (maxrate)
Way:      net.receiver → [shaper] → pause_reading of the transport
Differs:  it has a burst, so that a client which was quiet may send a vCard at full speed; and it counts work: small
          requests can be expensive
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: the part of a worker's time that one client may take in the mean, where it has a rate: beyond it work counts as bytes
SHARE: Final = 0.1


@dataclass(slots=True)
class Shaper:
    """A bucket of `burst` bytes that fills with `rate` bytes a second; rate None never pauses.

    Attributes: `level` (bytes that may be sent now; below 0 is debt), `at` (seconds, monotonic, of `level`).
    """

    rate: float | None
    burst: float
    level: float
    at: float = 0.0

    def take(self, size: float, now: float) -> float:
        """Account for `size` bytes read at `now` (monotonic seconds); returns the pause in seconds, mostly 0."""
        if self.rate is None:
            return 0.0
        level = min(self.burst, self.level + (now - self.at) * self.rate) - size
        self.level, self.at = level, now
        return -level / self.rate if level < 0 else 0.0

    def work(self, size: int, seconds: float) -> float:
        """Bytes to be taken on top of `size`, which took the worker `seconds`: nothing for usual traffic."""
        return max(0.0, seconds * (self.rate or 0.0) / SHARE - size)


#: what all share that may send as fast as they like
UNLIMITED: Final = Shaper(None, 0, 0)


def new(rate: float | None, burst: float, now: float = 0.0) -> Shaper:
    """A full bucket: `rate` in bytes a second (None: no limit), `burst` in bytes."""
    return UNLIMITED if rate is None else Shaper(rate, burst, burst, now)
