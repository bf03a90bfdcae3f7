"""sm_marks — what every node knows of an account beside its sessions: one leaves, one hands over what is stored.

Way:      sm.close_session, sm.claim → sm_server → [sm_marks] on every node; users waits here for who is leaving
OTP:      cf. locks of global: set by a process, gone with it
RFC:      6120 §10.1 (order)
Process:  LEAVING and FETCHING are written by sm_server and read by all; sm.left takes its own mark away in place
Differs:  whoever marked first has the lower ticket; tickets are given by the sm of the node, which tells the others
          before it sees theirs, so that of two at least one sees the other, and both decide the same
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from otp.erts import process
from otp.erts.pid import Pid
from otp.kernel import codec

#: seconds that a sender waits at most for a session that is leaving; and between two looks
GRACE: Final = 5.0
LOOK: Final = 0.005
Marks = dict[str, dict[Pid, int]]

#: accounts (bare JIDs) with sessions out of the table whose messages are still on their way elsewhere: pid → ticket
LEAVING: Final[Marks] = {}
#: accounts with a session that has stored messages in hand
FETCHING: Final[Marks] = {}
_OF: Final[dict[Pid, set[tuple[str, str]]]] = {}
_KINDS: Final = {"leaving": LEAVING, "fetching": FETCHING}


@dataclass(frozen=True, slots=True)
class Mark:
    """A call of a c2s to its sm: set the mark (again); the answer is how many nodes will send Noted."""

    kind: str
    bare: str
    pid: Pid


@codec.message
@dataclass(frozen=True, slots=True)
class Unmark:
    """A cast of a c2s to its sm, which tells those of other nodes: the mark is taken away."""

    kind: str
    bare: str
    pid: Pid


@codec.message
@dataclass(frozen=True, slots=True)
class Marked:
    """To the sm of other nodes; with `answer`, `pid` wants to know when it is heard."""

    kind: str
    bare: str
    pid: Pid
    ticket: int
    answer: bool = False


@codec.message
@dataclass(frozen=True, slots=True)
class Noted:
    """To who set a mark: the sender's node knows, and what was sent there before has come."""


def note(kind: str, bare: str, pid: Pid, ticket: int = 0) -> int:
    """Set a mark, if it is not set; `ticket` 0: it gets one. Returns its ticket."""
    _OF.setdefault(pid, set()).add((kind, bare))
    return _KINDS[kind].setdefault(bare, {}).setdefault(pid, ticket or time.monotonic_ns())


def drop(kind: str, bare: str, pid: Pid) -> None:
    """Take a mark away; idempotent."""
    marks, of = _KINDS[kind], _OF.get(pid)
    found = marks.get(bare)
    if found is not None:
        found.pop(pid, None)
        if not found:
            del marks[bare]
    if of is not None:
        of.discard((kind, bare))
        if not of:
            del _OF[pid]


def mark(peers: Iterable[Pid], request: Mark, *, answer: bool = False) -> int:
    """Set a mark of this node's process and tell `peers`, the sm of the other nodes; returns how many were told."""
    ticket = note(request.kind, request.bare, request.pid)
    told = list(peers)
    for peer in told:
        process.send(peer, Marked(request.kind, request.bare, request.pid, ticket, answer))
    return len(told)


def unmark(peers: Iterable[Pid], request: Unmark) -> None:
    """The inverse."""
    drop(request.kind, request.bare, request.pid)
    for peer in peers:
        process.send(peer, request)


def heard(message: Marked | Unmark) -> None:
    """The sm of another node says so."""
    if isinstance(message, Unmark):
        drop(message.kind, message.bare, message.pid)
        return
    note(message.kind, message.bare, message.pid, message.ticket)
    if message.answer:
        process.send(message.pid, Noted())


def of(pid: Pid) -> list[Unmark]:
    """What takes away the marks that a process has set."""
    return [Unmark(kind, bare, pid) for kind, bare in _OF.get(pid, ())]


def drop_node(name: str) -> None:
    """Nothing of that node is waited for any more."""
    for pid in [pid for pid in _OF if pid.node == name]:
        for mine in of(pid):
            drop(mine.kind, mine.bare, pid)


def clear() -> None:
    """A node begins."""
    for table in (LEAVING, FETCHING, _OF):
        table.clear()


def known() -> list[Marked]:
    """What this node's processes have set, for a node that is new."""
    here = process.node()
    return [
        Marked(kind, bare, pid, ticket)
        for kind, marks in _KINDS.items()
        for bare, found in marks.items()
        for pid, ticket in found.items()
        if pid.node == here
    ]


def is_first(bare: str, pid: Pid) -> bool:
    """Whether `pid` alone hands over what is stored for the account: nobody marked FETCHING before it."""
    found = FETCHING.get(bare, {})
    mine = found.get(pid)
    return mine is not None and all((mine, str(pid)) <= (ticket, str(other)) for other, ticket in found.items())


async def over(bare: str) -> None:
    """Returns once nobody of the account is leaving, at most after GRACE. Costs nothing if nobody is."""
    until = time.monotonic() + GRACE
    while bare in LEAVING and time.monotonic() < until:
        await process.sleep(LOOK)
