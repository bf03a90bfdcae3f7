"""bursts — when a client that is away is woken: at the first message of a burst, and at most once in a while after it.

Way:      pusher → [bursts]
XEP:      0357 §7

    a message      → NOW, and a pause begins
    within it      → LATER, once: one notification when it is over, with the count of all
    a call         → NOW, unless something woke the client within CALL_PAUSE
    the client is back: its burst is forgotten, and the next message is the first of another one
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from xmppd.mods.push.matters import Weight

#: seconds within which not even a call wakes a client again
CALL_PAUSE: Final = 5.0
#: seconds between the time at which a message came to the stages and that at which a session counted it
_SLACK: Final = 1.0
_NEVER: Final = float("-inf")


class Then(Enum):
    """What is to be done: notify now; when the pause is over; nothing, or nothing more."""

    NOW = "now"
    LATER = "later"
    NOTHING = "nothing"


@dataclass(slots=True)
class Burst:
    """What came for one client since it was last there. `count` of messages; times in seconds since 1970: `heard` of
    the last one, `told` of the last notification; `due`: one is to follow when the pause is over."""

    count: int = 0
    heard: float = _NEVER
    told: float = _NEVER
    due: bool = False


def stirred(burst: Burst, now: float, weight: Weight, pause: float, first_sent: float = 0.0) -> Then:
    """A message matters. `first_sent`: when it came first, if it is not just now; one that was heard of is no news."""
    if first_sent and first_sent <= burst.heard + _SLACK:
        return Then.NOTHING
    burst.heard = now
    burst.count += 1
    quiet = min(pause, CALL_PAUSE) if weight is Weight.CALL else pause
    if not burst.told <= now < burst.told + quiet:  # a clock that was set back ends the pause
        _tell(burst, now)
        return Then.NOW
    then = Then.NOTHING if burst.due else Then.LATER
    burst.due = True
    return then


def over(burst: Burst, now: float, began: float) -> bool:
    """The pause that began at that time is over: whether to notify now."""
    if not burst.due or burst.told != began:
        return False
    _tell(burst, now)
    return True


def _tell(burst: Burst, now: float) -> None:
    burst.told, burst.due = now, False
