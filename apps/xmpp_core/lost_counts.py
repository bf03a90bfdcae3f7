"""lost_counts — a stream whose process was lost: which of its stanzas the client has is known when it comes back.

What the process had written, and to where it had counted, is not known; what lies on disk of it is. So the queue that
goes on counts from another place, and this says with which counts of the old one the client would acknowledge what is
in it. What comes after the loss the client cannot have: it has no such count.

    lost      acked          written to the client, how far is not known
                |  [ 4 ] 5  [ 6 ] 7  8  …        4 and 6 are on disk
    goes on                              [ B+1 ][ B+2 ][ B+3 ]      B+1 was 4, B+2 was 6, B+3 has come since
    resumed   h = 5:                     [  6  ][  7  ]             4 has come; the counts go on from 5

Way:      adoption → stream_management.Acknowledgements → [LostCounts]
XEP:      0198 §5 (the h of <resume/>)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

#: counts are of 32 bits
MASK: Final = 0xFFFFFFFF
#: more stanzas than a client ever has that it has not acknowledged
MOST: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class LostCounts:
    """`acked`: what the client has acknowledged, as far as is known; `numbers`: count in the queue that goes on →
    count in the lost one."""

    acked: int
    numbers: Mapping[int, int] = field(default_factory=dict)

    def accepts(self, h: int) -> bool:
        """Whether a client may come back with this count."""
        return (h - self.acked) & MASK <= MOST

    def has(self, number: int, h: int) -> bool:
        """Whether a client that says `h` has what has this number in the queue that goes on."""
        old = self.numbers.get(number)
        return old is not None and (old - self.acked) & MASK <= (h - self.acked) & MASK


def base_of(numbers: Iterable[int], acked: int) -> int:
    """From where the queue that goes on counts: beyond all that a client of the lost one may say."""
    farthest = max([(number - acked) & MASK for number in numbers], default=0)
    return (acked + farthest + 2 * MOST) & MASK


def in_order(numbers: Iterable[int], acked: int) -> list[int]:
    """As they were counted, whatever 2^32 does between them."""
    return sorted(numbers, key=lambda number: (number - acked) & MASK)


def again(lost: LostCounts | None, acked: int, numbers: Iterable[int]) -> tuple[int, LostCounts]:
    """The process of a session is lost that had acknowledged `acked`, with the stanzas of these numbers on disk;
    `lost`: it had been lost before, and nobody has come since. Returns from where to count, and what is known of those
    that are now base + 1, base + 2, …"""
    rows = in_order(numbers, acked)
    base = base_of(rows, acked)
    if lost is None:
        return base, LostCounts(acked, {(base + n) & MASK: number for n, number in enumerate(rows, 1)})
    known = {(base + n) & MASK: lost.numbers[number] for n, number in enumerate(rows, 1) if number in lost.numbers}
    return base, LostCounts(lost.acked, known)
