"""on_disk — what is written down of one session: in the journal while it is attached, as a row while it waits.

Way:      mod_stream_management → [on_disk] → journal_server, store
Process:  runs in the c2s
XEP:      0198 §5: `<resumed h=''/>` is never less than an `<a h=''/>` that was sent
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from otp.erts import process
from otp.erts.clock import CLOCK
from otp.erts.pid import Pid
from xmppd import crash_points
from xmppd.mods.stream_management import journal_server, lives
from xmppd.mods.stream_management.journal import HandledIn, HandledOut, SessionEnded, SessionWritten
from xmppd.mods.stream_management.saved_rows import SM_SESSION, StoredSession, key_of
from xmppd.mods.stream_management.tables import SM_STANZA, StoredStanza
from xmppd.routing import faults
from xmppd.routing.session import C2sSession
from xmppd.routing.session_moves import save, save_now
from xmppd.store import store
from xmppd.store.backend import StoreError, Tx

#: seconds within which a change is written
SOON: Final = 0.05
_NAME: Final = "mod_stream_management/on_disk"


#: by stream id: the processes of sessions that begin, go on or end here; one whose process is dead is nobody's
IN_HAND: Final[dict[str, Pid]] = {}


@dataclass(slots=True)
class OnDisk:
    """`changed`: a WriteDown is under way; `has_row`: a row may be there; `until`: when the session expires, in
    milliseconds since 1970, while it waits for its client."""

    changed: bool = False
    has_row: bool = False
    until: int = 0


@dataclass(frozen=True, slots=True)
class WriteDown:
    """To the own mailbox: the session has changed."""


def _of(session: C2sSession) -> OnDisk | None:
    found: OnDisk | None = session.module_states.get(_NAME)
    return found


def begin(session: C2sSession, *, has_row: bool = False) -> None:
    """From now on each change is written down. What is so now is written at once, before the client is told that it may
    resume the session; with a row it is known already."""
    session.module_states[_NAME] = OnDisk(has_row=has_row)
    IN_HAND[session.entry.stream_id] = session.pid
    session.on_touched = partial(_changed, session)
    if has_row:
        session.touched()
    else:
        write_down(session)


def _changed(session: C2sSession) -> None:
    mine = _of(session)
    if mine is not None and not mine.changed:
        mine.changed = True
        process.send_after(SOON, session.pid, WriteDown())


# --- the journal


def write_down(session: C2sSession) -> None:
    """How the session is now; if that cannot be known without waiting, a little later."""
    mine = _of(session)
    if mine is None:
        return
    mine.changed = False
    saved = save_now(session)
    if saved is None:
        _changed(session)
        return
    crash_points.reach("sm.before_state")
    journal_server.append(session.host, SessionWritten(session.entry.stream_id, saved.encode()))
    crash_points.reach("sm.after_state")


def before_told(session: C2sSession, h: int) -> None:
    """The client is to be told that `h` of its stanzas are handled: that is written first, and what they changed."""
    mine = _of(session)
    if mine is not None:
        if mine.changed:
            write_down(session)
        crash_points.reach("sm.before_count")
        journal_server.append(session.host, HandledIn(session.entry.stream_id, h))
        crash_points.reach("sm.after_count")


def heard(session: C2sSession, h: int) -> None:
    """The client has got `h` stanzas, of which some are on disk."""
    if _of(session) is not None:
        journal_server.append(session.host, HandledOut(session.entry.stream_id, h))


# --- rows


async def wait(session: C2sSession, seconds: float, stanzas: Sequence[StoredStanza] = ()) -> None:
    """The session waits for its client from now on, so long; with it goes what was not on disk of its queue. Raises
    StoreError."""
    mine = _of(session)
    if mine is None:
        return
    saved, id_ = (await save(session, whole=False)).encode(), session.entry.stream_id
    until = mine.until = mine.until or round((CLOCK.time() + seconds) * 1000)
    row = StoredSession(*key_of(session.user, id_), lives.owner(), until, saved)
    mine.has_row = True
    crash_points.reach("detach.before_commit")
    await store.transaction(lambda tx: tx.write_many([row, *stanzas]))
    crash_points.reach("detach.after_commit")
    journal_server.append(session.host, SessionWritten(id_, saved))


async def go_on(session: C2sSession, stanzas: Sequence[StoredStanza] | None = None) -> None:
    """A client has come for the session: what is on disk of it is not true any more. `stanzas`: those of its queue,
    if they are to be there with other numbers, or another owner, than they were. Raises StoreError."""
    mine = _of(session)
    if mine is not None:
        mine.until = 0
    if mine is None or not (mine.has_row or stanzas is not None):
        return
    key = key_of(session.user, session.entry.stream_id)

    def transaction(tx: Tx) -> None:
        tx.delete(SM_SESSION, key)
        if stanzas is not None:
            tx.clear(SM_STANZA, key)
            tx.write_many(stanzas)

    crash_points.reach("resume.before_commit")
    await store.transaction(transaction)
    crash_points.reach("resume.after_commit")
    mine.has_row = False


def put_by(session: C2sSession) -> None:
    """All of it is on disk, and its process ends: another is to find it."""
    _let_go(session)


def _let_go(session: C2sSession) -> None:
    """Another process may have it in hand already."""
    if IN_HAND.get(session.entry.stream_id) is session.pid:
        del IN_HAND[session.entry.stream_id]


def is_in_hand(id_: str) -> bool:
    """Whether a process of this node deals with the session."""
    pid = IN_HAND.get(id_)
    return pid is not None and process.is_alive(pid)


def forget_dead() -> None:
    """Those whose process is dead are in nobody's hand."""
    for id_ in [id_ for id_, pid in IN_HAND.items() if not process.is_alive(pid)]:
        del IN_HAND[id_]


async def end(session: C2sSession, *, elsewhere: bool = False) -> None:
    """The session is over here; `elsewhere`: another process has it, and what lies in tables is that one's. It is said
    as soon as that is so: if that one is killed, the session is found among what it has left, also by this node."""
    mine = _of(session)
    if mine is None:
        return
    session.on_touched = None
    del session.module_states[_NAME]
    _let_go(session)
    if not elsewhere and mine.has_row:
        key = key_of(session.user, session.entry.stream_id)
        try:
            await store.transaction(lambda tx: tx.delete(SM_SESSION, key))
        except StoreError as error:
            faults.log(error, f"forgetting the session of {session.jid}")
    journal_server.append(session.host, SessionEnded(session.entry.stream_id))
