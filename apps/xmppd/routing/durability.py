"""durability — counts what a process has handed over to be stored, and acknowledges nothing more until it is.

Way:      mod_offline, mod_mam, stages → [durability].add_pending; c2s, before it takes up more → must_wait; who stands
          in the line of an account → wait_for_writer, until_written (what must not be overtaken); packets (before an
          IQ is handled), stream end → flush; who does not stand still for it: safe_rounds
Process:  pending work is kept per calling process; `flush` waits for those it gave work to
Differs:  a sender does not wait for each commit of a flood, but once, before it acknowledges anything more. Beside
          writers it waits for receivers who acknowledge (routing.unconfirmed): they have a message when they say so
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from weakref import WeakKeyDictionary, WeakSet

from otp.erts import process
from otp.erts.clock import CLOCK
from otp.erts.exits import TIMEOUT, CallError
from otp.erts.pid import Pid
from otp.kernel import codec, pg
from otp.stdlib import gen_server, requests
from xmppd import crash_points
from xmppd.routing import unconfirmed
from xmppd.routing.sm import session_table
from xmppd.routing.sm.suspected_nodes import SUSPECTED
from xmppd.routing.unconfirmed import COPIES, FULL, LOST, Copies

# bytes handed over without waiting: then the sender pays; and what a thing counts at least, however small
_MOST = 1 << 20
_LEAST = _MOST // 512
#: seconds that a sender waits at most for a store that is slow
PATIENCE = 6.0
#: the pg group of those at which accounts have their homes (routing.account.home)
HOMES: Final = "accounts"
#: seconds between two looks at what has become of a process that does not answer, and how often one that ends tries
_POLL: Final = 0.005
_TRIES: Final = 10


@dataclass(slots=True, eq=False, weakref_slot=True)
class Pending:
    """What one process has handed over: bytes by writer, for whom (bare JIDs), and in how many pieces; `passed_on`: to
    accounts that had their homes at other nodes. It is in CROWDED
    while a writer has as much as one may have. `heir`: the process that waits for it now, and all that this one has
    handed over."""

    writers: dict[Pid, int] = field(default_factory=dict)
    owners: set[str] = field(default_factory=set)
    passed_on: set[str] = field(default_factory=set)
    number: int = 0
    heir: tuple[Pid, Pending] | None = None

    def less(self, writer: Pid, size: int) -> None:
        """So many bytes are stored."""
        left = self.writers.get(writer, 0) - size
        if left > 0:
            self.writers[writer] = left
        else:
            self.writers.pop(writer, None)
        if _CROWDED and self in CROWDED and max(self.writers.values(), default=0) < _MOST:
            CROWDED.discard(self)


#: a piece that a writer has got: of whom, among what that one has handed over, and how much of that it is
Debt: TypeAlias = tuple[Pid, Pending, int]


#: by process; empty most of the time: a caller in a hurry looks at this first
PENDING: Final[WeakKeyDictionary[Pid, Pending]] = WeakKeyDictionary()
#: the same for callers in a hurry: whether there is anything, asked without a call
ANY_PENDING: Final[dict[object, Pending]] = PENDING.data  # type: ignore[attr-defined]  # typeshed leaves it out
#: those that have to wait before more is sent; nearly always empty
CROWDED: Final[WeakSet[Pending]] = WeakSet()
_CROWDED: Final[set[object]] = CROWDED.data  # type: ignore[attr-defined]  # typeshed leaves it out
#: those that hand over what others have handed to them, who wait for that: they do not
PASSING_ON: Final[WeakSet[Pid]] = WeakSet()
#: writers of this node that say what they have `written`, and take a deliver.Confirm: who asks with it needs no process
#: that waits for the answer
CONFIRMING: Final[WeakSet[Pid]] = WeakSet()


@codec.message
@dataclass(frozen=True, slots=True)
class Sync:
    """To a writer, a receiver or an account's home, as a call: answer when all that came before is committed,
    acknowledged or given back. `asked`: those who wait for the answer themselves: a home does not ask those, since they
    would wait for it."""

    asked: tuple[Pid, ...] = ()


def add_pending(writer: Pid, size: int = 0, owner: str = "", copy: Any = None) -> Debt:
    """The calling process has sent something of `size` bytes to `writer`, for `owner`. With `copy`, a Deliver,
    ForAccount or FromAccount, that is routed anew if the writer dies. The result is what a writer among CONFIRMING
    gives to `written`."""
    me = process.self_()
    mine = PENDING.get(me)
    if mine is None:
        mine = PENDING[me] = Pending()
    counts = size if size > _LEAST else _LEAST
    has = mine.writers.get(writer, 0) + counts
    mine.writers[writer] = has
    if has >= _MOST and me not in PASSING_ON:
        CROWDED.add(mine)
    if owner:
        mine.owners.add(owner)
    mine.number += 1
    if copy is not None:
        unconfirmed.keep(writer, copy, may_leave=False)
    return me, mine, counts


def written(writer: Pid, debts: Iterable[Debt]) -> None:
    """A writer of this node has stored these, or has said that it cannot: nobody has to ask it."""
    for of, pending, size in debts:
        sender, mine = of, pending
        while mine.heir is not None:
            sender, mine = mine.heir
        mine.less(writer, size)
        if writer not in mine.writers:
            if COPIES:
                unconfirmed.confirm_all(sender, writer)
            if not mine.writers and PENDING.get(sender) is mine:
                del PENDING[sender]


def has_room() -> bool:
    """Whether more may be handed over without waiting."""
    if not (_CROWDED or FULL):
        return True
    mine = PENDING.get(process.self_())
    return (mine is None or mine not in CROWDED) and not unconfirmed.is_full()


async def wait_for_room() -> None:
    """Await it before more is sent to a writer: a process that has sent much waits until it is stored.

    Raises CallError as `flush` does.
    """
    if not has_room():
        await flush()


def has_pending(owner: str) -> bool:
    """Whether something for `owner` that the calling process handed over may not be stored yet."""
    mine = PENDING.get(process.self_())
    return mine is not None and owner in mine.owners


def is_safe(sender: Pid) -> bool:
    """Whether nothing that `sender` has handed over has to be waited for."""
    copies = COPIES.get(sender)
    if copies is not None and copies.count:
        return False
    return not (ANY_PENDING and sender in PENDING) and not (LOST and LOST.get(sender))


def must_wait(for_all: bool) -> bool:
    """Whether the calling process is to wait before it sends more; with `for_all` before it acknowledges anything."""
    if for_all and not is_safe(process.self_()):
        return True
    return not has_room()


async def flush() -> None:
    """Returns once all that the calling process handed over is safe. Costs nothing if there is nothing.

    Raises CallError if a writer died meanwhile that had what nobody else has, or if it takes longer than PATIENCE: then
    nothing may be acknowledged. What is not safe by then is waited for again the next time.
    """
    if ANY_PENDING or COPIES or LOST:
        me = process.self_()
        await flush_of(me, (me,))
        crash_points.reach("durability.flushed")


async def flush_of(sender: Pid, asked: tuple[Pid, ...] = ()) -> None:
    """As flush, for what `sender` has handed over until now, but for what those have got who are `asked` (see Sync)."""
    until = CLOCK.monotonic() + PATIENCE
    while True:
        await _wait_for_rerouting(sender, until)
        mine, copies = PENDING.get(sender), COPIES.get(sender)
        number = mine.number if mine is not None else 0
        marks = {pid: kept.mark() for pid, kept in copies.by_holder.items() if pid not in asked} if copies else {}
        holders = dict.fromkeys([*(pid for pid in (mine.writers if mine else ()) if pid not in asked), *marks])
        failed = await _hear(sender, await _ask_all(list(holders), Sync(asked), until), marks)
        if mine is not None and mine.number == number and PENDING.get(sender) is mine and failed != TIMEOUT:
            del PENDING[sender]
        if failed is not None:
            raise CallError(failed, None, Sync())
        if copies is not None and not copies.count and COPIES.get(sender) is copies:
            del COPIES[sender]
        if not LOST.get(sender) and not (copies is not None and copies.has_before(marks)):
            return
        if CLOCK.monotonic() >= until:
            raise CallError(TIMEOUT, None, Sync())
        await process.sleep(_POLL)


def has_passed_on(bare: str) -> bool:
    """Whether something that the calling process has sent to the account may still be at a home that it had, at another
    node."""
    mine = PENDING.get(process.self_())
    return mine is not None and bare in mine.passed_on


async def until_passed_on(bare: str, arrive: object) -> None:
    """Returns when what is there has come here, or is written: the homes are asked `arrive`. After PATIENCE at most."""
    mine, homes = PENDING.get(process.self_()), pg.get_members(HOMES)
    if mine is not None:
        mine.passed_on.discard(bare)
        await _ask_all([w for w in mine.writers if w in homes], arrive, CLOCK.monotonic() + PATIENCE)


async def until_written(sender: Pid, owner: str = "") -> None:
    """Returns when what `sender` has handed over is written, if some of it may be for `owner` (a bare JID, "": for
    anybody). It asks those who write, but no account's home: who stands in line there may wait for who calls this.
    Costs nothing if there is nothing.

    One that is gone is not waited for: it writes nothing any more, and `flush` says what became of what it had. Raises
    CallError if it takes longer than PATIENCE.
    """
    mine = PENDING.get(sender) if ANY_PENDING else None
    if mine is None or (owner and owner not in mine.owners):
        return
    number, homes = mine.number, pg.get_members(HOMES)
    answers = await _ask_all([w for w in mine.writers if w not in homes], Sync(), CLOCK.monotonic() + PATIENCE)
    for pid, why in answers.items():
        if why == TIMEOUT:
            raise CallError(why, pid, Sync())
    if mine.number == number:
        mine.owners.discard(owner)


async def wait_for_writer(writer: Pid) -> None:
    """As wait_for_room, for who stands in the line of an account, where others may wait for it: only `writer` is asked,
    if it has been given much. Raises CallError as `flush` does."""
    mine = PENDING.get(process.self_()) if ANY_PENDING else None
    if mine is not None and mine.writers.get(writer, 0) >= _MOST:
        why = await _ask(writer, Sync(), CLOCK.monotonic() + PATIENCE)
        if why is not None:
            raise CallError(why, writer, Sync())


async def _ask_all(pids: list[Pid], sync: object, until: float) -> dict[Pid, object]:
    """All at once: why one has not answered, None where it has."""
    if len(pids) == 1:
        return {pids[0]: await _ask(pids[0], sync, until)}
    asked = {pid: requests.send_request(pid, sync) for pid in pids}
    found: dict[Pid, object] = {}
    try:
        for pid, request in asked.items():
            outcome = await requests.receive_response(request, max(until - CLOCK.monotonic(), 0.0))
            match outcome:
                case requests.Replied():
                    found[pid] = None
                case requests.RequestError(reason):
                    found[pid] = reason
                case _:
                    found[pid] = TIMEOUT
    finally:
        for request in asked.values():
            requests.abandon(request)
    return found


async def _ask(pid: Pid, sync: object, until: float) -> object:
    try:
        await gen_server.call(pid, sync, max(until - CLOCK.monotonic(), 0.0))
    except CallError as error:
        return error.why
    return None


async def _hear(sender: Pid, answers: dict[Pid, object], marks: dict[Pid, int]) -> object:
    """Confirm what is safe; why what is not is not, or None."""
    failed: object = None
    for pid, why in answers.items():
        copies = COPIES.get(sender)
        if why is None:
            if copies is not None and pid in marks:
                copies.confirm(pid, marks[pid])
        elif why == TIMEOUT or pid not in marks:
            failed = TIMEOUT if TIMEOUT in (why, failed) else why
        elif copies is not None:
            _ended(pid, copies, marks[pid])
    return failed


def _ended(pid: Pid, copies: Copies, mark: int) -> None:
    """A process that has copies does not answer any more. A session that is out of the table has left in order, since
    it was not said to be lost; a node that is out of reach may come back. What one was given that had been lost before
    has come nowhere."""
    kept = copies.by_holder.get(pid)
    if kept is None or pid.node in SUSPECTED:
        return
    if not kept.may_leave or unconfirmed.was_lost(pid):
        unconfirmed.lost(pid)
        return
    to = kept.messages[0].stanza.to
    if to is None or session_table.has_left(to.bare, pid):
        copies.confirm(pid, mark)


async def _wait_for_rerouting(sender: Pid, until: float) -> None:
    """For what others have lost of it: until it has been routed anew, and is safe."""
    for pid in LOST.pop(sender, ()):
        while process.is_alive(pid):
            if CLOCK.monotonic() >= until:
                LOST.setdefault(sender, set()).add(pid)
                raise CallError(TIMEOUT, pid, Sync())
            await process.sleep(_POLL)


# -- from one process to another


def hand_over(to: Pid) -> None:
    """What the calling process would wait for, `to` will."""
    me = process.self_()
    mine = PENDING.pop(me, None)
    if mine is not None:
        theirs = PENDING.get(to)
        if theirs is None:
            theirs = PENDING[to] = Pending()
        mine.heir = (to, theirs)
        for writer, size in mine.writers.items():
            theirs.writers[writer] = theirs.writers.get(writer, 0) + size
        theirs.owners |= mine.owners
        theirs.passed_on |= mine.passed_on
        theirs.number += mine.number
        if max(theirs.writers.values(), default=0) >= _MOST and to not in PASSING_ON:
            CROWDED.add(theirs)
    unconfirmed.hand_over(me, to)


def leave_all() -> Pid | None:
    """Another process waits until what the calling process has handed over is safe, and ends; None if it is safe."""
    if is_safe(process.self_()):
        return None
    pid = process.spawn(_see_to_it)
    hand_over(pid)
    return pid


def leave_copies() -> None:
    """The calling process ends: another one waits until what it has sent is safe."""
    me = process.self_()
    if COPIES and me in COPIES:
        unconfirmed.hand_over(me, process.spawn(_see_to_it))


async def _see_to_it() -> None:
    for _ in range(_TRIES):
        try:
            await flush()
        except CallError:
            continue
        return


def forget() -> None:
    """The calling process ends."""
    me = process.self_()
    PENDING.pop(me, None)
    leave_copies()
