"""safe_rounds — calls back when what a process has handed over is safe; the process goes on meanwhile.

Way:      driver (an IQ, the end of a stream, room for more), mod_stream_management (<r/>) → [safe_rounds].when_safe →
          the counters of receivers on this node, and its writers; else durability.flush_of, in a process of its own
Process:  written on the loop's thread; one round at a time for each sender, who asks while it runs is told by the next
Differs:  a receiver of this node is asked by a call, if it has nothing else to do, which costs a tenth of a message and
          its answer; else by a message, behind what it has not taken yet. So is a writer, which calls back after the
          commit that it makes anyway, or at once if somebody stands still. A process asks only those of other nodes
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Container
from functools import partial
from typing import Final

from otp.erts import process
from otp.erts.exits import CallError
from otp.erts.pid import Pid
from otp.erts.process_info import has_taken_all, is_idle
from otp.erts.scheduler import THIS
from otp.erts.timer import TIMERS, TimerRef
from xmppd import crash_points
from xmppd.routing import durability, unconfirmed
from xmppd.routing.deliver import Confirm
from xmppd.routing.durability import ANY_PENDING, CONFIRMING, PENDING, flush_of, is_safe
from xmppd.routing.session import StanzaCounter
from xmppd.routing.sm.session_table import OWN
from xmppd.routing.unconfirmed import COPIES, LOST, Copies

#: seconds after which a receiver that has not taken the question may have ended
_SILENCE: Final = 1.0
#: seconds before a round that has failed at once is tried again
_PAUSE: Final = 0.5
#: seconds between two looks
_LOOK: Final = 0.005
log = logging.getLogger("xmppd.durability")


class Waiter:
    """Who is called back; with `failed`, at the latest after durability.PATIENCE."""

    __slots__ = ("done", "failed", "timer")

    def __init__(self, done: Callable[[], None], failed: Callable[[], None] | None) -> None:
        self.done: Callable[[], None] | None = done
        self.failed = failed
        self.timer: TimerRef | None = None
        if failed is not None:
            self.timer = TIMERS.after(durability.PATIENCE, self.expire)

    def tell(self) -> None:
        """It is safe."""
        done, self.done = self.done, None
        if self.timer is not None:
            TIMERS.drop(self.timer)
        _call(done)

    def expire(self) -> None:
        """It is not safe in time."""
        if self.done is not None:
            self.done = None
            _call(self.failed)


def _call(fn: Callable[[], None] | None) -> None:
    if fn is not None:
        try:
            fn()
        except Exception:  # it is not the fault of the process that happens to run
            log.exception("telling a sender what is safe")


class Round:
    """One round of one sender: `waiting` are told when it is over, `next` by the next one; `left` receivers and writers
    have not answered. `slow`: a process of its own asks; it does so if one that got the question as a message does not
    answer, and so may have ended, when `timer` is due. `urgent`: somebody stands still. `writers` are those asked."""

    __slots__ = ("left", "next", "sender", "slow", "timer", "urgent", "waiting", "writers")

    def __init__(self, sender: Pid, waiting: list[Waiter]) -> None:
        self.sender, self.waiting = sender, waiting
        self.next: list[Waiter] = []
        self.left, self.slow = 0, False
        self.urgent = any(waiter.failed is not None for waiter in waiting)
        self.timer: TimerRef | None = None
        self.writers: tuple[Pid, ...] = ()
        THIS.loop.call_soon(self.ask)  # by then receivers have taken what is in their mailboxes

    def ask(self) -> None:
        """Ask those who have copies."""
        copies, pending = COPIES.get(self.sender), PENDING.get(self.sender) if ANY_PENDING else None
        writers = tuple(pending.writers) if pending is not None else ()
        counters = _counters(copies, writers) if copies is not None else ()
        if LOST or counters is None or not all(map(_confirms, writers)):
            self.ask_slowly()
            return
        self.left = len(counters) + len(writers)
        if not self.left:
            self.over()
            return
        self.writers = writers
        for writer in writers:
            mark = copies.mark_of(writer) if copies is not None else None
            self.send(writer, partial(self.safe, writer, mark))
        for holder, mark, counter in counters:
            safe = partial(self.safe, holder, mark)
            if is_idle(holder):
                counter.confirm(safe, self.ask_slowly)
                if self.urgent:
                    counter.hurry()
            else:
                self.send(holder, safe)

    def send(self, holder: Pid, safe: Callable[[], None]) -> None:
        """The question, as a message."""
        process.send(holder, Confirm(safe, self.ask_slowly, self.urgent))
        if self.timer is None:
            self.timer = TIMERS.after(_SILENCE, self.ask_slowly)

    def hurry(self) -> None:
        """Somebody who stands still waits for the next round, and so for this one."""
        if not self.urgent:
            self.urgent = True
            copies = COPIES.get(self.sender)
            for _, _, counter in (_counters(copies, self.writers) if copies is not None else None) or ():
                counter.hurry()
            for writer in self.writers:
                process.send(writer, Confirm(_nobody, _nobody, urgent=True))

    def ask_slowly(self) -> None:
        """In a process: there is more to it, or a receiver has ended."""
        if not self.slow and ROUNDS.get(self.sender) is self:
            self.slow = True
            process.spawn(_ask_slowly, self)

    def safe(self, holder: Pid, mark: int | None) -> None:
        """A receiver has answered, or a writer, which may have no copies."""
        copies = COPIES.get(self.sender) if mark is not None else None
        if copies is not None and mark is not None:
            kept = copies.by_holder.get(holder)
            if kept is not None and kept.number < mark and _has_nothing(holder):
                mark = kept.mark()
            copies.confirm(holder, mark)
            if not copies.count:
                del COPIES[self.sender]
        self.left -= 1
        if not self.left and not self.slow:
            self.over()

    def over(self) -> None:
        """All that was there at its begin is safe."""
        if ROUNDS.get(self.sender) is not self:
            return
        if LOST and not self.slow and LOST.get(self.sender):
            self.ask_slowly()  # somebody has died meanwhile, and what he had is being routed anew
            return
        del ROUNDS[self.sender]
        if self.timer is not None:
            TIMERS.drop(self.timer)
        copies = COPIES.get(self.sender)
        if copies is not None:
            copies.asked = False
        if self.next:
            ROUNDS[self.sender] = Round(self.sender, self.next)
        crash_points.reach("durability.flushed")
        for waiter in self.waiting:
            waiter.tell()


def _nobody() -> None:
    """Has asked before."""


def _confirms(writer: Pid) -> bool:
    """Whether a writer can be asked by a message."""
    return writer in CONFIRMING and process.is_alive(writer)


def _counters(copies: Copies, writers: Container[Pid]) -> list[tuple[Pid, int, StanzaCounter]] | None:
    """Of all who have copies but `writers`; None if one is not of this node, or holds something back."""
    found = []
    for holder, kept in copies.by_holder.items():
        if holder in writers:
            continue
        session = OWN.get(holder)
        stream = session.stream if session is not None else None
        counter = stream.counter if stream is not None else None
        if session is None or counter is None or session.hold is not None:
            return None
        found.append((holder, kept.mark(), counter))
    return found


def _has_nothing(holder: Pid) -> bool:
    """Whether all that a session of this node was ever sent is safe."""
    session = OWN.get(holder)
    stream = session.stream if session is not None else None
    counter = stream.counter if stream is not None else None
    if session is None or counter is None or session.hold is not None:
        return False  # what is held back for it is not safe, though its queue is
    return has_taken_all(holder) and counter.is_safe()


async def _ask_slowly(round_: Round) -> None:
    while process.is_alive(round_.sender) or not is_safe(round_.sender):
        try:
            await flush_of(round_.sender)
        except CallError:  # those who cannot wait have been told
            await process.sleep(_PAUSE)
        else:
            break
    round_.over()


#: by sender, while a round runs
ROUNDS: Final[dict[Pid, Round]] = {}


def when_safe(done: Callable[[], None], failed: Callable[[], None] | None = None, sender: Pid | None = None) -> None:
    """Call done() when all that the calling process, or `sender`, has handed over until now is safe; at once if it is.

    It is called in whatever process runs then. What does not become safe in durability.PATIENCE is waited for on; with
    `failed` that is called instead.
    """
    me = process.self_() if sender is None else sender
    running = ROUNDS.get(me)
    if running is not None:
        running.next.append(Waiter(done, failed))
        if failed is not None:
            running.hurry()
    elif is_safe(me):
        done()
    else:
        ROUNDS[me] = Round(me, [Waiter(done, failed)])


async def becomes_safe(sender: Pid, seconds: float) -> bool:
    """Whether all that `sender` has handed over until now is safe within so many seconds. It returns in time, so that
    two who wait for each other go on."""
    safe: list[bool] = []
    when_safe(lambda: safe.append(True), sender=sender)
    for _ in range(round(seconds / _LOOK)):
        if safe:
            break
        await process.sleep(_LOOK)
    return bool(safe)


def ask_in_time(sender: Pid, copies: Copies) -> None:
    """A sender has much that is not safe: those who have it are asked already, before anybody waits."""
    copies.asked = True
    if sender not in ROUNDS:
        ROUNDS[sender] = Round(sender, [])


def begin() -> None:
    """A node begins: nobody waits."""
    unconfirmed.clear()
    ROUNDS.clear()


def sweep() -> None:
    """Ask for what has lain for long, so that nobody keeps copies for nothing: between two sweeps, or longer."""
    for sender, copies in list(COPIES.items()):
        if copies.is_old and not copies.asked:
            ask_in_time(sender, copies)
        copies.is_old = True


unconfirmed.on_many(ask_in_time)
