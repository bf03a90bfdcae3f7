"""sequence — the numbers of the messages of an archive: their order, and the time at which each came.

A number is the time in µs since 1970, and 6 bits that tell the workers apart, so that no two of them give the same one.
It is greater than all before it in its archive: where the clock has been set back, or two messages come at once, it is
a little late. So a piece of time is a piece of the key, and what is too old is what is below a number.

Way:      mod_mam, pages, retention → [sequence]
XEP:      0313 §4.1 (chronological order), 0082
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

_LANES: Final = 6
#: greater than every number
END: Final = (1 << 63) - 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_LAST_MOMENT: Final = END >> _LANES


@lru_cache(maxsize=64)
def lane_of(node: str) -> int:
    """The last digits of a node's name, as far as the bits go: workers of one server have other ones."""
    digits = node.partition("@")[0]
    digits = digits[len(digits.rstrip("0123456789")) :]
    return int(digits[-9:] or 0) & ((1 << _LANES) - 1)


def following(now: int, last: int, lane: int) -> int:
    """The number of a message that comes now (ns since 1970), after one with the number `last`."""
    moment, least = now // 1000, (last >> _LANES) + 1
    return (moment if moment > least else least) << _LANES | lane


def seconds(seq: int) -> float:
    """When that was, in seconds since 1970."""
    return (seq >> _LANES) / 1e6


def before(when: datetime) -> int:
    """A number below those of all messages that came at this time or later."""
    return _moment(when) - 1


def behind(when: datetime) -> int:
    """A number above those of all messages that came until then; with all of its millisecond, for that is as exactly
    as stamps say it."""
    return _moment(when.replace(microsecond=when.microsecond // 1000 * 1000)) + (1000 << _LANES)


def _moment(when: datetime) -> int:
    return min(max((when - _EPOCH) // _MICROSECOND, 0), _LAST_MOMENT - 1000) << _LANES
