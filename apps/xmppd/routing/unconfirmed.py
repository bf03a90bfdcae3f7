"""unconfirmed — what a sender has given to another process, kept until that one says that it is safe.

OTP:      none; cf. otp.kernel.held, which keeps what a link has not delivered: here it is what a receiver may lose
Way:      users, stages, mod_offline → [unconfirmed].keep; durability → confirm; session_table (a session's
          process was killed, a node is gone) → lost, lost_node → undelivered, which routes the copies anew
Process:  copies are kept per sender, written on the loop's thread; they go with the sender

A message is safe when its client has acknowledged it, or when it is on disk. Only senders that wait for that before
they acknowledge anything (durability.flush, when_safe) keep copies: sessions of this node, and who says `begin`.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field
from itertools import count
from operator import attrgetter
from typing import Any, Final
from weakref import WeakKeyDictionary, WeakSet

from otp.erts import process
from otp.erts.pid import Pid
from otp.erts.scheduler import THIS

#: copies of one sender from which on receivers are asked though nobody waits, and with which a sender waits
SOME: Final = 64
MOST: Final = 256
#: bytes with which it waits, and how many copies are not weighed, since so few are no burden
_MOST_BYTES: Final = 1 << 20
_UNWEIGHED: Final = 32


#: where each begins to count
_NUMBERS: Final = count(1)
_ORDER: Final = count(1)


@dataclass(frozen=True, slots=True)
class LostCopy:
    """What one had that is gone: `message`, whose attribute `stanza` is what was sent, at which place among all that
    were kept, and the id of the stream of the session that it was given to ("": it was no session that may go on)."""

    order: int
    message: Any
    stream_id: str = ""


@dataclass(slots=True)
class HeldCopies:
    """Copies of what one process has, the oldest first; `number` counts those confirmed before them, from a beginning
    of its own, so that a mark of earlier ones is lower. `order` has the place of each among all that were kept.
    `may_leave`: it is a session's, which ends in order, too, and has then given them to others; `stream_id`: that of
    the session."""

    messages: list[Any] = field(default_factory=list)
    order: list[int] = field(default_factory=list)
    number: int = field(default_factory=lambda: next(_NUMBERS) << 32)
    may_leave: bool = True
    stream_id: str = ""

    def mark(self) -> int:
        """What `confirm` takes when all that is there now is safe."""
        return self.number + len(self.messages)


@dataclass(slots=True, eq=False)
class Copies:
    """What one sender keeps, by who has it; `count` and `size` (bytes, from the 33rd on) of all. `asked`: somebody asks
    the holders; `is_old`: a sweep has seen it before; `bounded`: the sender waits when it is full."""

    by_holder: dict[Pid, HeldCopies] = field(default_factory=dict)
    count: int = 0
    size: int = 0
    asked: bool = False
    is_old: bool = False
    bounded: bool = True

    @property
    def full(self) -> bool:
        """Whether the sender is to wait before it sends more."""
        return self.bounded and (self.count >= MOST or self.size >= _MOST_BYTES)

    def add(self, holder: Pid, message: Any, may_leave: bool = True, stream_id: str = "") -> None:
        """`holder` has a message whose attribute `stanza` is what is sent."""
        kept = self.by_holder.get(holder)
        if kept is None:
            kept = self.by_holder[holder] = HeldCopies(may_leave=may_leave, stream_id=stream_id)
        kept.messages.append(message)
        kept.order.append(next(_ORDER))
        self.count += 1
        if self.count > _UNWEIGHED:
            self.size += message.stanza.weight()
            if self.full:
                FULL.add(self)

    def confirm(self, holder: Pid, mark: int) -> None:
        """What `holder` had at that mark is safe."""
        kept = self.by_holder.get(holder)
        if kept is None:
            return
        done = mark - kept.number
        if done >= len(kept.messages):
            del self.by_holder[holder]
            self.count -= len(kept.messages)
        elif done > 0:
            del kept.messages[:done]
            del kept.order[:done]
            kept.number = mark
            self.count -= done
        self._less()

    def mark_of(self, holder: Pid) -> int | None:
        """What `confirm` takes when all that it has now is safe; None if it has nothing."""
        kept = self.by_holder.get(holder)
        return kept.mark() if kept is not None else None

    def has_before(self, marks: dict[Pid, int]) -> bool:
        """Whether any of what was there at these marks is not safe yet."""
        found = self.by_holder
        return any(pid in found and found[pid].number < mark for pid, mark in marks.items())

    def take(self, holder: Pid) -> list[LostCopy]:
        """What `holder` has, which is its no more."""
        kept = self.by_holder.pop(holder, None)
        if kept is None:
            return []
        self.count -= len(kept.messages)
        self._less()
        return [LostCopy(*one, kept.stream_id) for one in zip(kept.order, kept.messages, strict=True)]

    def _less(self) -> None:
        if not self.count:
            self.size = 0
        if FULL and not self.full:
            FULL.discard(self)

    def merge(self, other: Copies) -> None:
        """What another sender kept is kept here."""
        for holder, kept in other.by_holder.items():
            mine = self.by_holder.setdefault(holder, HeldCopies(may_leave=kept.may_leave, stream_id=kept.stream_id))
            mine.messages += kept.messages
            mine.order += kept.order
        self.count += other.count
        self.size += other.size
        if self.full:
            FULL.add(self)


#: by sender; empty where no receiver acknowledges
COPIES: Final[dict[Pid, Copies]] = {}
#: those of senders that have to wait; nearly always empty
FULL: Final[set[Copies]] = set()
#: where senders are known: what is in none of them acknowledges nothing, and keeps no copies
_SENDERS: Final[list[Container[Pid]]] = []
_BEGUN: Final[WeakKeyDictionary[Pid, bool]] = WeakKeyDictionary()
#: by sender: the processes that route anew what was lost; it waits for their end
LOST: Final[WeakKeyDictionary[Pid, set[Pid]]] = WeakKeyDictionary()
#: processes that were killed, and by name of a node its last life that is over
_KILLED: Final[WeakSet[Pid]] = WeakSet()
_OVER: Final[dict[str, int]] = {}
OnLost = Callable[[list[LostCopy]], Pid]
OnMany = Callable[[Pid, Copies], None]
OnFirst = Callable[[], object]
_takers: Final[list[OnLost]] = []
_askers: Final[list[OnMany]] = []
_wakers: Final[list[OnFirst]] = []


def clear() -> None:
    """A node begins: what an earlier one of this OS process kept is not its own."""
    COPIES.clear()
    FULL.clear()
    LOST.clear()
    _KILLED.clear()
    _OVER.clear()


def senders(pids: Container[Pid]) -> None:
    """Processes in this container keep copies; for a file to say when it is imported."""
    _SENDERS.append(pids)


def begin(*, bounded: bool = True) -> None:
    """The calling process keeps copies, and will wait for them before it acknowledges anything. `bounded`: before it
    sends more than MOST, too."""
    _BEGUN[process.self_()] = bounded


def on_lost(fn: OnLost) -> None:
    """Call fn(copies) with copies of what a process has lost: it starts the process that routes them anew, and
    returns it. Replaces who was told."""
    _takers[:] = [fn]


def on_many(fn: OnMany) -> None:
    """Call fn(sender, copies) when a sender has SOME copies for which nobody asks. Replaces who was told."""
    _askers[:] = [fn]


def on_first(fn: OnFirst) -> None:
    """Call fn() when somebody keeps a copy and nobody did before. Replaces who was told."""
    _wakers[:] = [fn]


def keep(holder: Pid, message: Any, may_leave: bool = True, stream_id: str = "") -> bool:
    """The calling process is about to send `message` to `holder`, who may lose it; whether a copy is kept. `stream_id`:
    that of the session, if it is one: another process may go on with it."""
    me = THIS.running.pid if THIS.running is not None else process.self_()  # which raises
    mine = COPIES.get(me)
    if mine is not None and (kept := mine.by_holder.get(holder)) is not None and mine.count < _UNWEIGHED:
        mine.count += 1
        kept.messages.append(message)
        kept.order.append(next(_ORDER))
        return True
    if mine is None:
        if me not in _BEGUN and not any(me in known for known in _SENDERS):
            return False
        for wake in () if COPIES else _wakers:
            wake()
        mine = COPIES[me] = Copies(bounded=_BEGUN.get(me, True))
    mine.add(holder, message, may_leave, stream_id)
    if mine.count >= SOME and not mine.asked:
        for fn in _askers:
            fn(me, mine)
    return True


def is_full() -> bool:
    """Whether the calling process is to wait before it sends more."""
    return bool(FULL) and COPIES.get(process.self_()) in FULL


def confirm_all(sender: Pid, holder: Pid) -> None:
    """All that `holder` has of `sender` is safe."""
    copies = COPIES.get(sender)
    mark = copies.mark_of(holder) if copies is not None else None
    if copies is not None and mark is not None:
        copies.confirm(holder, mark)
        if not copies.count:
            del COPIES[sender]


def hand_over(sender: Pid, to: Pid) -> None:
    """What one process keeps is another's to wait for."""
    copies, lost = COPIES.pop(sender, None), LOST.pop(sender, None)
    if copies is not None and copies.count:
        mine = COPIES.get(to)
        if mine is None:
            mine = COPIES[to] = Copies()
        mine.merge(copies)
    if lost:
        LOST.setdefault(to, set()).update(lost)


def kept_of(holder: Pid) -> set[int]:
    """The messages (their `id`) of which somebody on this node keeps a copy while `holder` has them."""
    return {id(m) for copies in COPIES.values() if (kept := copies.by_holder.get(holder)) for m in kept.messages}


def lost(*holders: Pid) -> None:
    """Processes were killed with what they had; who has copies has them routed anew."""
    _KILLED.update(holders)
    if COPIES:
        _again(holders)


def lost_node(name: str, creation: int) -> None:
    """Likewise for all processes of one life of a node that is gone."""
    _OVER[name] = max(creation, _OVER.get(name, 0))
    holders = {holder for copies in COPIES.values() for holder in copies.by_holder}
    lost(*sorted(h for h in holders if h.node == name and h.creation == creation))


def node_is_back(name: str, creation: int) -> None:
    """One that was given up lives, and its processes with it."""
    if _OVER.get(name) == creation:
        _OVER[name] = creation - 1


def was_lost(holder: Pid) -> bool:
    """Whether a process was killed, or its node is gone: what it has been given since then it never got."""
    return holder in _KILLED or holder.creation <= _OVER.get(holder.node, 0)


def _again(holders: Sequence[Pid]) -> None:
    """All copies of a moment go one way, in the order in which they went, whoever has sent them."""
    taken = {sender: [m for holder in holders for m in copies.take(holder)] for sender, copies in COPIES.items()}
    gone = sorted([one for found in taken.values() for one in found], key=attrgetter("order"))
    for fn in _takers if gone else ():
        pid = fn(gone)
        for sender, found in taken.items():
            if found:
                LOST.setdefault(sender, set()).add(pid)
