"""held — messages that are not to be lost between two nodes: kept until the other has taken them, given back if not.

OTP:      none: there what a broken link held is gone without a word
Way:      carrier.send → [held] … the peer's count of what it has taken → dropped; or, when a node is gone → whoever
          asked for them (on_given_back)
Process:  none: written by the carrier on the loop's thread; outlives the carrier, as the other nodes do
Differs:  only for classes named to keep(). A node that comes back in the same life is sent what it has not taken, in
          order and once. Of one that does not, each message is given back with whether it may have arrived

docs/decisions/0009 says why not "at least once".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from otp.erts.pid import Pid, Ref

#: where a message ends in the octets of its link, whom it is for, what it is
Entry = tuple[int, Pid | Ref, object]
#: ends behind every octet that was ever sent
NEVER_SENT: Final = 1 << 63


@dataclass(frozen=True, slots=True)
class GivenBack:
    """A message that its node has not said to have taken. `sent`: it was written to the link, so it may have come."""

    to: Pid | Ref
    message: object
    sent: bool


@dataclass(slots=True)
class Limbo:
    """What was left when the link to one life of a node broke, of which `sent` octets had been written."""

    creation: int
    sent: int
    entries: deque[Entry] = field(default_factory=deque)


OnGivenBack = Callable[[str, list[GivenBack]], None]

#: the classes whose messages are kept
KEPT: Final[set[type]] = set()
#: by name of the node: what waits until it is known whether it comes back
LIMBO: Final[dict[str, Limbo]] = {}
#: by name of the node: its creation, and how many octets of the last link with it were taken here
TOOK: Final[dict[str, tuple[int, int]]] = {}
_takers: Final[list[OnGivenBack]] = []
_nodes: Final[list[object]] = []


def keep(*classes: type) -> None:
    """Keep messages of exactly these classes that are for a process of another node, until they are taken or given
    back."""
    KEPT.update(classes)


def on_given_back(fn: OnGivenBack) -> None:
    """Call fn(node, messages) on the loop's thread with those that a node will not take; replaces who was told."""
    _takers[:] = [fn]


def taken(entries: deque[Entry], octets: int) -> None:
    """The peer has taken so many octets of the link."""
    while entries and entries[0][0] <= octets:
        entries.popleft()


def strand(to: Pid | Ref, message: object) -> None:
    """A message for a node that is not connected: it waits with the others, or is given back at once."""
    limbo = LIMBO.get(to.node)
    if limbo is not None and limbo.creation == to.creation:
        limbo.entries.append((NEVER_SENT, to, message))
    else:
        _give(to.node, [GivenBack(to, message, False)])


def give_back(node: str) -> None:
    """The node is not waited for: whoever keeps its messages gets them back. Nothing happens if there are none."""
    limbo = LIMBO.pop(node, None)
    if limbo is not None and limbo.entries:
        _give(node, [GivenBack(to, message, end <= limbo.sent) for end, to, message in limbo.entries])


def _give(node: str, messages: list[GivenBack]) -> None:
    for fn in _takers:
        fn(node, messages)


def begin(node: object) -> None:
    """The carrier begins, or begins again, on this node (its loop); what an earlier node of this process left goes."""
    if _nodes != [node]:
        _nodes[:] = [node]
        LIMBO.clear()
        TOOK.clear()
