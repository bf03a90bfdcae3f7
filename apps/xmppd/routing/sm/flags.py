"""flags — what every node knows of an account besides its sessions: one is leaving, or fetches stored messages.

    leaving    what was sent to the session is on its way elsewhere: senders with more for the account wait
    settling   it has come there, and is not safe yet: nobody waits, but if the process is killed now, it is lost
    fetching   the session hands over what is stored: no other one does

Way:      sm.close_session, sm.claim → session_table → [flags] on every node; users waits here for sessions that are
          leaving
OTP:      cf. locks of global: set by a process, gone with it
RFC:      6120 §10.1 (order)
Process:  all are written by session_table and read by all; sm.finish_leaving clears its own in place
Differs:  the process that set a flag first has the lower ticket. The sm of its node assigns tickets and tells the
          other nodes before it sees theirs, so that of two at least one sees the other, and both decide the same
"""

from __future__ import annotations

import time  # real time: an order, the same for all workers of the machine
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from otp.erts import process
from otp.erts.clock import CLOCK
from otp.erts.pid import Pid
from otp.kernel import codec

#: seconds that a sender waits at most for a session that is leaving; and between two checks
GRACE: Final = 5.0
POLL: Final = 0.005
Flags = dict[str, dict[Pid, int]]

#: accounts (bare JIDs) with sessions out of the table whose messages are still on their way elsewhere: pid → ticket
LEAVING: Final[Flags] = {}
#: accounts with sessions that have left whose messages are not safe yet where they went
SETTLING: Final[Flags] = {}
#: accounts with a session that has stored messages in hand
FETCHING: Final[Flags] = {}
#: those of them, of this node, who have sent on what they had
REDELIVERED: Final[set[Pid]] = set()
_OF: Final[dict[Pid, set[tuple[str, str]]]] = {}
_KINDS: Final = {"leaving": LEAVING, "settling": SETTLING, "fetching": FETCHING}


@dataclass(frozen=True, slots=True)
class SetFlag:
    """A call of a c2s to its sm: set the flag (again); the answer is how many nodes will send FlagAck."""

    kind: str
    bare: str
    pid: Pid


@codec.message
@dataclass(frozen=True, slots=True)
class ClearFlag:
    """A cast of a c2s to its sm, which tells those of other nodes: the flag is cleared."""

    kind: str
    bare: str
    pid: Pid


@codec.message
@dataclass(frozen=True, slots=True)
class FlagsCleared:
    """To the sm of other nodes: what many ClearFlag say, `bares` and `pids` in pairs."""

    kind: str
    bares: tuple[str, ...]
    pids: tuple[Pid, ...]


@codec.message
@dataclass(frozen=True, slots=True)
class FlagSet:
    """To the sm of other nodes; with `answer`, `pid` wants to know when it is heard."""

    kind: str
    bare: str
    pid: Pid
    ticket: int
    answer: bool = False


@codec.message
@dataclass(frozen=True, slots=True)
class FlagAck:
    """To who set a flag: the sender's node knows, and what was sent there before has come."""


def set_flag(kind: str, bare: str, pid: Pid, ticket: int = 0) -> int:
    """Set a flag, if it is not set; `ticket` 0: it gets one. Returns its ticket."""
    _OF.setdefault(pid, set()).add((kind, bare))
    return _KINDS[kind].setdefault(bare, {}).setdefault(pid, ticket or time.monotonic_ns())


def clear_flag(kind: str, bare: str, pid: Pid) -> None:
    """Clear a flag; idempotent."""
    table, of = _KINDS[kind], _OF.get(pid)
    found = table.get(bare)
    if found is not None:
        found.pop(pid, None)
        if not found:
            del table[bare]
    if of is not None:
        of.discard((kind, bare))
        if not of:
            del _OF[pid]
            REDELIVERED.discard(pid)


def set_and_tell(peers: Iterable[Pid], request: SetFlag, *, answer: bool = False) -> int:
    """Set a flag of this node's process and tell `peers`, the sm of the other nodes; returns how many were told."""
    ticket = set_flag(request.kind, request.bare, request.pid)
    told = list(peers)
    for peer in told:
        process.send(peer, FlagSet(request.kind, request.bare, request.pid, ticket, answer))
    return len(told)


def clear_and_tell(peers: Iterable[Pid], request: ClearFlag) -> None:
    """The inverse."""
    clear_flag(request.kind, request.bare, request.pid)
    for peer in peers:
        process.send(peer, request)


def apply(message: FlagSet | ClearFlag | FlagsCleared) -> None:
    """The sm of another node says so."""
    if isinstance(message, FlagsCleared):
        for bare, pid in zip(message.bares, message.pids, strict=True):
            clear_flag(message.kind, bare, pid)
        return
    if isinstance(message, ClearFlag):
        clear_flag(message.kind, message.bare, message.pid)
        return
    set_flag(message.kind, message.bare, message.pid, message.ticket)
    if message.answer:
        process.send(message.pid, FlagAck())


def flags_of(pid: Pid) -> list[ClearFlag]:
    """What clears the flags that a process has set."""
    return [ClearFlag(kind, bare, pid) for kind, bare in _OF.get(pid, ())]


def clear_node(name: str) -> None:
    """Nothing of that node is waited for any more."""
    for pid in [pid for pid in _OF if pid.node == name]:
        for mine in flags_of(pid):
            clear_flag(mine.kind, mine.bare, pid)


def clear() -> None:
    """A node begins."""
    for table in (LEAVING, SETTLING, FETCHING, _OF, REDELIVERED):
        table.clear()


def own_flags() -> list[FlagSet]:
    """What this node's processes have set, for a node that is new."""
    own_node = process.node()
    return [
        FlagSet(kind, bare, pid, ticket)
        for kind, flags in _KINDS.items()
        for bare, found in flags.items()
        for pid, ticket in found.items()
        if pid.node == own_node
    ]


def is_in_hand(bare: str, pid: Pid) -> bool:
    """Whether what was sent to a session that is out of the table is still its process's to see to."""
    return pid in LEAVING.get(bare, ()) or pid in SETTLING.get(bare, ())


def is_first(bare: str, pid: Pid) -> bool:
    """Whether `pid` alone hands over what is stored for the account: nobody set "fetching" before it."""
    found = FETCHING.get(bare, {})
    mine = found.get(pid)
    return mine is not None and all((mine, str(pid)) <= (ticket, str(other)) for other, ticket in found.items())


def stamp() -> int:
    """When a stanza is in its sender's hand; of two of one sender the later has the higher one."""
    return time.monotonic_ns()


def is_on_its_way(bare: str) -> bool:
    """Whether something that was sent to the account before may be with a session that leaves, or at its node. Those of
    this node that have sent on what they had do not count: they wait for the account's line only, and who stands in it
    would wait for itself."""
    return bare in LEAVING and not REDELIVERED.issuperset(LEAVING[bare])


async def wait_until_none_leaves(bare: str) -> None:
    """Returns once nobody of the account is leaving, at most after GRACE. Costs nothing if nobody is."""
    until = CLOCK.monotonic() + GRACE
    while bare in LEAVING and CLOCK.monotonic() < until:
        await process.sleep(POLL)


async def wait_until_redelivered(bare: str) -> None:
    """Returns once nothing is on its way (is_on_its_way), at most after GRACE."""
    until = CLOCK.monotonic() + GRACE
    while is_on_its_way(bare) and CLOCK.monotonic() < until:
        await process.sleep(POLL)
