"""spool — stored messages on their way to a session: handed over, written, heard of, and only then deleted.

Way:      mod_offline → [spool] → Older … to the c2s, HandedOver after them → the next portion; the client says
          something → Confirmed → what was written before is deleted
XEP:      0160 §3, 0203 (delay)
RFC:      6120 §10.1: what comes meanwhile is held (routing.hold)
Process:  runs in the c2s; its state is in session.module_states
Differs:  the store owns a message until the client has said something after it was written: a connection that breaks
          before gets it again. One session of an account has the claim to what is stored (sm.claim) until that is
          deleted: one that ends before leaves the rest to another, behind what that has got already. A row that cannot
          be read is set aside and stops no other
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import accumulate

from otp.erts import process
from otp.erts.clock import CLOCK
from otp.kernel import codec
from xmpp_core import ns, parser, stamp
from xmpp_core.element import Element
from xmpp_core.errors import Unreadable
from xmpp_core.jid import JID
from xmpp_core.stanza import Message, from_element
from xmppd import crash_points
from xmppd.mods.offline import archived
from xmppd.mods.offline.tables import OFFLINE, OfflineMessage, SetAside
from xmppd.routing import faults, hold
from xmppd.routing.deliver import Older
from xmppd.routing.session import C2sSession, StanzaCounter
from xmppd.routing.sm import sm
from xmppd.store import store
from xmppd.store.backend import StoreError, Tx

#: messages that a client which acknowledges has not, so that the next portion waits
WINDOW = 200
#: seconds after which a session that could not claim what is stored tries again
AGAIN = 2.0
#: messages handed to a session at once, and characters: what is large in the store is not to be large in a mailbox
PORTION = 50
PORTION_CHARS = 1 << 20
_MASK = 0xFFFFFFFF  # of the counts of stream management
_log = logging.getLogger("xmppd.offline")


@dataclass(slots=True)
class OfflineState:
    """Numbers of rows: `written` to the client, which has said nothing since; `confirmed`: it has. `unreadable`: rows
    that cannot be read and could not be set aside. `fetching`: a portion is under way; `claimed`: what is stored is
    ours; `acknowledges`: the client says what has come, and nothing else is a sign of that."""

    written: list[int] = field(default_factory=list)
    confirmed: list[int] = field(default_factory=list)
    unreadable: list[int] = field(default_factory=list)
    fetching: bool = False
    claimed: bool = False
    acknowledges: bool = False
    #: (count with which the client acknowledges them, their numbers) of what was written, as another process goes by
    portions: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    #: the same, of the process that had the session before, and whether they are in the queue of the stream
    before: list[tuple[int, tuple[int, ...], bool]] = field(default_factory=list)
    #: it has come from another process, and its client not yet
    moved: bool = False
    #: ids of the archive that the client has fetched there; `catches_up`: it reads the archive for what it missed
    fetched: set[str] = field(default_factory=set)
    catches_up: bool = False

    def last(self) -> int:
        """The number behind which is what was not handed over yet: those in hand are all still in the store."""
        return max((*self.written, *self.confirmed, *self.unreadable), default=0)


@codec.message
@dataclass(frozen=True, slots=True)
class Stored:
    """To a c2s, from a writer or another c2s of the account: there is something in the store for you."""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """To the own mailbox, behind the messages themselves: when it is read they have all been written."""

    seqs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Confirmed:
    """To the own mailbox: the client has said something, or acknowledged what it got; `more`: the next portion has
    waited for that."""

    more: bool = False


def state_of(session: C2sSession) -> OfflineState:
    """What is in hand of this session."""
    return session.module_state("mod_offline", OfflineState)


async def fetch(session: C2sSession) -> None:
    """Begin to hand over what is stored, if there is any and nobody else does. Raises StoreError, CallError."""
    state = state_of(session)
    if state.fetching or not await _select(session, 1):
        return
    hold.begin(session)
    try:
        if not state.claimed:
            state.claimed = await sm.claim(session)
            if not state.claimed and await sm.claimant_has_left(session):
                state.claimed = await sm.claim(session)
        if not state.claimed:  # who has it may have died, and nobody would tell us
            process.send_after(AGAIN, session.pid, Stored())
        state.fetching = state.claimed and await _portion(session)
    finally:
        if not state.fetching:
            hold.end(session)


async def went_on(session: C2sSession, message: HandedOver) -> None:
    """A portion has been written: the next one, or the end; what was held follows then."""
    state = state_of(session)
    state.written += message.seqs
    counter = session.stream.counter if session.stream is not None else None
    if counter is None:
        session.on_sign = partial(_confirm, session, tuple(state.written))
    else:
        state.acknowledges = True
        _await_acknowledgement(session, counter, message.seqs)
        if len(state.written) >= WINDOW:
            return  # the next portion when some of these have come
    await next_portion(session)


async def next_portion(session: C2sSession) -> None:
    """Hand over more, if there is more."""
    state = state_of(session)
    await process.sleep(0)  # the portion leaves, and shows whether the client reads, before there is more of it
    try:
        state.fetching = await _portion(session)
    except Exception as error:
        state.fetching = False
        faults.log(error, f"handing over what is stored for {session.user}")
    if not state.fetching:
        hold.end(session)


def _await_acknowledgement(session: C2sSession, counter: StanzaCounter, seqs: tuple[int, ...]) -> None:
    count = counter.when_acknowledged(lambda: _heard(session, seqs))
    state = state_of(session)
    if set(seqs) & set(state.written):  # not acknowledged already
        state.portions.append((count, seqs))
        session.touched()


def _heard(session: C2sSession, seqs: tuple[int, ...]) -> None:
    """The client has acknowledged a portion."""
    state = state_of(session)
    full = len(state.written) >= WINDOW
    state.portions = [portion for portion in state.portions if portion[1] != seqs]
    _confirm(session, seqs, more=full and state.fetching)


def unheard(session: C2sSession) -> list[tuple[int, tuple[int, ...], bool]]:
    """What the client has not acknowledged, for the next process of the session, and whether it is in its queue."""
    state = state_of(session)
    return state.before + [(count, seqs, True) for count, seqs in state.portions]


def resumed(session: C2sSession, h: int) -> None:
    """The client is back, and has got `h` stanzas of a stream that another process had before. What it has is deleted;
    what it has not is written again by the queue, if it is in that, or is handed over again."""
    state = state_of(session)
    before, state.before = state.before, []
    counter = session.stream.counter if session.stream is not None else None
    for count, seqs, queued in before:
        if (h - count) & _MASK <= _MASK >> 1:
            state.confirmed += seqs
        elif queued and counter is not None:
            state.acknowledges = True
            state.written += seqs
            _await_acknowledgement(session, counter, seqs)
    process.send(session.pid, Confirmed())
    process.send(session.pid, Stored())


def _confirm(session: C2sSession, seqs: Sequence[int], *, more: bool = False) -> None:
    state = state_of(session)
    state.confirmed += seqs
    state.written = [seq for seq in state.written if seq not in seqs]
    process.send(session.pid, Confirmed(more))


async def confirm(session: C2sSession) -> None:
    """What the client has heard of is deleted; what cannot be is tried again at its next word, and stops nothing."""
    state = state_of(session)
    try:
        await _delete(session.user, state.confirmed)
    except StoreError as error:
        faults.log(error, f"deleting what was handed over to {session.user}")
        session.on_sign = partial(_confirm, session, ())
        return
    state.confirmed.clear()
    if state.claimed and not (state.fetching or state.written or state.unreadable):
        state.claimed = False
        sm.release(session)
        priority = session.entry.priority
        if priority is None or priority < 0:
            tell(session.user, session)  # what was stored meanwhile is another resource's


async def leave(session: C2sSession) -> bool:
    """The session ends: what its client is not known to have stays in the store, for the next; whether one is told."""
    state = state_of(session)
    if not state.claimed:
        return False
    if session.on_sign is None and not state.acknowledges:
        state.confirmed += state.written
    try:
        await _delete(session.user, state.confirmed)
    except StoreError as error:
        faults.log(error, f"deleting what was handed over to {session.user}")
    sm.release(session)
    return tell(session.user, session)


def tell(owner: JID, but: C2sSession | None = None) -> bool:
    """Tell the session that is to have it that something is in the store; whether there is one."""
    pid = sm.receiver_of_stored(owner.bare, but=but.pid if but is not None else None)
    if pid is not None:
        process.send(pid, Stored())
    return pid is not None


async def _select(session: C2sSession, limit: int) -> list[OfflineMessage]:
    user, last = session.user, state_of(session).last()
    return await store.select(OFFLINE, (user.domain, user.local), limit, last or None)


async def _portion(session: C2sSession) -> bool:
    """To the own mailbox, oldest first; False if there is nothing left."""
    while rows := await _select(session, PORTION):
        sizes = accumulate(len(row.xml) for row in rows)
        rows = await _without_archived(session, rows[: max(sum(size <= PORTION_CHARS for size in sizes), 1)])
        good, bad = _read(rows)
        if bad:
            await _set_aside(session, bad)
        for _, message in good:
            process.send(session.pid, Older(message))
        if good:
            process.send(session.pid, HandedOver(tuple([seq for seq, _ in good])))
            return True
    return False


async def _without_archived(session: C2sSession, rows: list[OfflineMessage]) -> list[OfflineMessage]:
    """What the client does not have, and does not get, from the archive; the rest goes."""
    state = state_of(session)
    if not (state.fetched or state.catches_up):
        return rows
    seqs = await archived.found_there(session.user, rows, state.fetched, state.catches_up)
    await _delete(session.user, seqs)
    return [row for row in rows if row.seq not in seqs] if seqs else rows


def _read(rows: Sequence[OfflineMessage]) -> tuple[list[tuple[int, Message]], list[SetAside]]:
    good: list[tuple[int, Message]] = []
    bad: list[SetAside] = []
    for row, el in zip(rows, parser.parse_all_written([row.xml for row in rows]), strict=True):
        try:
            if isinstance(el, Unreadable):
                raise el
            good.append((row.seq, _delayed(row, el)))
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
            _log.error("message %d for %s@%s cannot be read and is set aside: %s", row.seq, row.user, row.host, why)
            number = CLOCK.time_ns()
            bad.append(SetAside(row.host, row.user, "offline", number, row.stamp, row.xml, why, row.seq))
    return good, bad


def _delayed(row: OfflineMessage, el: Element) -> Message:
    el.children[:] = [child for child in el.children if not _is_forged(child, row.host)]
    when = datetime.fromtimestamp(row.stamp / 1000, UTC)
    message = from_element(el.add(stamp.delay(row.host, when, "Offline Storage")))
    if not isinstance(message, Message):
        raise ValueError(f"a {message.kind} and no message")
    return message


def _is_forged(child: Element | str, host: str) -> bool:
    """A stamp in the server's name that the sender wrote."""
    return isinstance(child, Element) and child.ns == ns.DELAY and child.get("from") == host


async def _set_aside(session: C2sSession, bad: Sequence[SetAside]) -> None:
    """Out of the way, into a table of their own; if even that fails they are passed by."""

    def transaction(tx: Tx) -> None:
        tx.delete_many(OFFLINE, [(row.host, row.user, row.seq) for row in bad])
        tx.write_many(bad)

    try:
        await store.transaction(transaction)
    except StoreError as error:
        state_of(session).unreadable += [row.seq for row in bad]
        faults.log(error, f"setting aside what cannot be read for {session.user}")


async def _delete(user: JID, seqs: Sequence[int]) -> None:
    """Raises StoreError."""

    def transaction(tx: Tx) -> None:
        tx.delete_many(OFFLINE, [(user.domain, user.local, seq) for seq in seqs])

    if seqs:
        crash_points.reach("offline.before_deletion")
        await store.transaction(transaction)
