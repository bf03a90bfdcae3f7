"""adoption — finds the sessions that workers have left which are no more, and makes them this worker's.

    a journal's lock is free     its worker is dead: who gets the lock has all that it left
      sessions in the journal    those that were attached, as they were last
      rows of the same worker    those that waited for their clients, and what was committed of all queues
    one transaction              they are this worker's, and wait
    the journal goes             only now: if this worker dies before, the next one finds it again

Way:      stream.adopter → OrphanedSessionsHook → mod_stream_management → [adoption] → store, journal_file
OTP:      none
Process:  runs in the adopter
XEP:      0198 §5
Differs:  after the machine was off, a journal may lack its end: what is only in it cannot be resumed any more
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from otp.erts import blocking, process
from otp.erts.clock import CLOCK
from otp.kernel.codec import MalformedFrame, UnknownClass
from xmpp_core import lost_counts
from xmpp_core.jid import JID
from xmpp_core.lost_counts import LostCounts
from xmppd import crash_points
from xmppd.mods.stream_management import journal_file, journal_server, leftovers, lives, on_disk
from xmppd.mods.stream_management.journal import Replay, SessionWritten, WrittenSession
from xmppd.mods.stream_management.journal_file import Claim
from xmppd.mods.stream_management.saved_rows import SM_SESSION, StoredSession, key_of
from xmppd.mods.stream_management.tables import SM_STANZA, StoredStanza
from xmppd.routing.saved_session import Orphan, SavedSession
from xmppd.routing.sm import sm
from xmppd.routing.sm.orphans import tell_adopter
from xmppd.store import store
from xmppd.store.backend import StoreError, Tx

NAME: Final = "mod_stream_management"
#: sessions that are made ours in one transaction
_AT_ONCE: Final = 200
Key = tuple[str, str, str]
Key4 = tuple[str, str, str, int]
log = logging.getLogger("xmppd.sm")


@dataclass(slots=True)
class Found:
    """What is known of a session without a process: as it was written last, when it expires (milliseconds since 1970;
    0: it cannot be resumed), what is on disk of its queue, and whether a row says so already."""

    saved: SavedSession
    until: int
    stanzas: list[StoredStanza] = field(default_factory=list)
    state: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """Of its row, and of the beginning of those of its stanzas."""
        return self.saved.jid.domain, self.saved.jid.local, self.saved.stream_id


async def adopt(host: str, folder: Path, afterwards: list[Callable[[], None]]) -> list[Orphan]:
    """The sessions of dead workers, and of dead processes of this one, which are this worker's now. `afterwards` gets
    what is to be called once they are open. Raises StoreError, OSError."""
    with _claims(folder, await store.select(SM_SESSION, (host,))) as claims:
        crash_points.reach("adopt.claimed")
        rows = await store.select(SM_SESSION, (host,))  # as whoever had these claims before has left them
        owners = {lives.owner(), *[lives.owner_called(claim.owner) for claim in claims]}
        replays = [await blocking.run_blocking(claim.read) for claim in claims]
        own = journal_server.JOURNALS.get(host)
        if own is not None:
            replays.append(own.replay())
        found = _merged(replays, [row for row in rows if row.owner in owners])
        orphans = [one for one in found if not _is_live(one.saved)]
        for at in range(0, len(orphans), _AT_ONCE):
            await _take(orphans[at : at + _AT_ONCE])
            await process.give_way()
        await _forget([one for one in found if one not in orphans])
        ended = {id_: h for replay in replays for id_, h in replay.ended.items()}
        await leftovers.of_dead(host, owners, {one.saved.stream_id for one in orphans}, ended)
        crash_points.reach("adopt.committed")
        on_disk.forget_dead()
        afterwards.append(partial(_done, claims.copy()))
        claims.clear()
    return [_orphan(one) for one in orphans]


def _done(claims: Sequence[Claim]) -> None:
    for claim in claims:
        claim.done()


async def may_come(folder: Path, user: JID, id_: str) -> bool:
    """Whether a session that is in no table here may be soon: what dead workers have left is being adopted, here or
    elsewhere, or is to be; or it waits for its client, and this node has not heard of it."""
    if journal_file.are_left(folder, lives.name()):
        tell_adopter()
        return True
    if journal_file.are_being_taken(folder):
        return True
    try:
        return await store.read(SM_SESSION, key_of(user, id_)) is not None
    except StoreError:
        return False


@contextmanager
def _claims(folder: Path, rows: Sequence[StoredSession]) -> Iterator[list[Claim]]:
    """The dead, all of whom nobody else deals with until this is over."""
    named = {name for row in rows if (name := lives.name_here(row.owner)) is not None}
    claims: list[Claim] = []
    try:
        for name in sorted({*journal_file.owners(folder), *named} - {lives.name()}):
            claim = journal_file.claim(folder, name)
            if claim is not None:
                claims.append(claim)
        yield claims
    finally:
        for claim in claims:
            claim.give_up()


# --- what is known


def _merged(replays: Iterable[Replay], rows: Iterable[StoredSession]) -> list[Found]:
    """Each session once, as the newest of all that is known of it says."""
    found: dict[str, Found] = {}
    for row in rows:
        saved = _decoded(row.saved, row.user)
        if saved is not None:
            found[row.id] = Found(saved, row.until, state=dict(saved.states.get(NAME, {})))
    boot = journal_file.boot_id()
    for replay in replays:
        believed = replay.header is not None and replay.header.boot == boot
        for written in replay.sessions.values():
            one = _written(written, believed)
            before = found.get(one.saved.stream_id) if one is not None else None
            if one is not None and (before is None or (believed and one.saved.sid >= before.saved.sid)):
                one.until = before.until if before is not None else one.until
                found[one.saved.stream_id] = one
    return list(found.values())


def _written(written: WrittenSession, believed: bool) -> Found | None:
    """One that a journal knows. If that may lack its end nobody may resume it: it has to end in order, no more."""
    saved = _decoded(written.saved, "a worker")
    if saved is None or NAME not in saved.states:
        return None
    state = dict(saved.states[NAME])
    if written.h_in is not None:
        state["received"] = written.h_in
    if written.h_out is not None:
        state["acked"] = written.h_out
    if not believed:
        return Found(saved, 0, state=state | {"id": ""})
    return Found(saved, round((CLOCK.time() + state["seconds"]) * 1000), state=state)


def _decoded(data: bytes, whose: str) -> SavedSession | None:
    try:
        return SavedSession.decode(data)
    except (MalformedFrame, UnknownClass) as error:
        log.error("a session of %s cannot be read: %s", whose, error)
        return None


def _is_live(saved: SavedSession) -> bool:
    """Whether the session goes on in a process, or its resource is another session's."""
    rows = sm.sessions(saved.jid.bare)
    there = any(row.stream_id == saved.stream_id or row.jid == saved.jid for row in rows)
    return there or on_disk.is_in_hand(saved.stream_id)


async def _forget(live: Sequence[Found]) -> None:
    """Those that go on, or whose resource is another's: what was written of them is not so any more."""
    gone = [one for one in live if not on_disk.is_in_hand(one.saved.stream_id)]
    if gone:
        await store.transaction(lambda tx: tx.delete_many(SM_SESSION, [one.key for one in gone]))


# --- ours


async def _take(part: Sequence[Found]) -> None:
    """They are ours: on disk, and in our journal, before anybody can resume them."""
    before: list[Key4] = []
    for one in part:
        one.stanzas = [row for row in await store.select(SM_STANZA, one.key) if not leftovers.is_claimed(row)]
        before += [(*one.key, row.number) for row in one.stanzas]
        _renumber(one)
    owner = lives.owner()

    def transaction(tx: Tx) -> None:
        tx.delete_many(SM_STANZA, before)
        rows: list[Any] = [StoredSession(*one.key, owner, one.until, one.saved.encode()) for one in part]
        tx.write_many([*rows, *[stanza for one in part for stanza in one.stanzas]])

    await store.transaction(transaction)
    for one in part:
        journal_server.append(one.saved.jid.domain, SessionWritten(one.saved.stream_id, one.saved.encode()))


def _renumber(one: Found) -> None:
    """How far the client has got is known when it comes back; until then the queue counts from elsewhere."""
    state = one.state
    acked, before = state["acked"], state["lost"]
    lost = LostCounts(before[0], before[1]) if before is not None else None
    by_number = {stanza.number: stanza for stanza in one.stanzas}
    base, lost = lost_counts.again(lost, acked, by_number)
    order = lost_counts.in_order(by_number, acked)
    owner, mask = lives.owner(), lost_counts.MASK
    one.stanzas = [
        replace(by_number[number], number=(base + place) & mask, owner=owner) for place, number in enumerate(order, 1)
    ]
    state |= {"acked": base, "lost": (lost.acked, dict(lost.numbers))}
    one.saved = replace(one.saved, states={**one.saved.states, NAME: state})


def _orphan(one: Found) -> Orphan:
    kept = [(s.number, s.xml, s.kind, s.first_sent, (), True) for s in one.stanzas]
    saved = replace(one.saved, states={**one.saved.states, NAME: {**one.state, "kept": kept}})
    return Orphan(saved, max(one.until / 1000 - CLOCK.time(), 0.0))
