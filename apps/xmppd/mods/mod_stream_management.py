"""mod_stream_management — both sides say what they have got, and a session outlives its connection.

Way:      c2s → @nonza → [mod_stream_management]; Stream.send → managed_stream; c2s → ConnectionLostHook, MayResumeHook,
          SessionResumedHook, SessionRedeliverHook → [mod_stream_management] → unacknowledged → users.again
Process:  none: what it keeps of a session is in the session, and runs in its c2s
XEP:      0198
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, Final

from otp.erts import process
from otp.stdlib.child_spec import ChildSpec
from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.errors import StreamError
from xmpp_core.jid import JID
from xmpp_core.stream_management import read_boolean, read_count, too_high
from xmppd import audit
from xmppd.config.sm_section import SmSection
from xmppd.gen_mod import Mod, every, nonza, on
from xmppd.mods.stream_management import (
    adoption,
    journal_server,
    leftovers,
    moves,
    on_disk,
    queue_writer,
    saved_rows,
    tables,
    tombstones,
    unacknowledged,
)
from xmppd.mods.stream_management.managed_stream import ManagedStream, QueueLimits, WriteRest
from xmppd.mods.stream_management.sm_metrics import FAILED
from xmppd.routing import durability, faults, hooks, safe_rounds
from xmppd.routing.deliver import Kick
from xmppd.routing.device_hook_points import UnacknowledgedHook, Unheard
from xmppd.routing.hook_points import (
    ConnectionLostHook,
    HibernationHook,
    MayResumeHook,
    SessionClosedHook,
    SessionInfoHook,
    SessionLostHook,
    SessionRedeliverHook,
    SessionResumedHook,
)
from xmppd.routing.login_hook_points import BindInlineHook
from xmppd.routing.moving_hook_points import (
    OrphanedSessionsHook,
    SessionMovedHook,
    SessionPutByHook,
    SessionRestoredHook,
    SessionSavedHook,
)
from xmppd.routing.nonzas import Answer, HandOver, Nonza, Resume
from xmppd.routing.saved_session import Orphan
from xmppd.routing.session import C2sSession, Session
from xmppd.routing.sm import orphans, sm
from xmppd.store.backend import StoreError

XEP = {198: "1.6.3"}
MIGRATIONS = (*tombstones.MIGRATIONS, *tables.MIGRATIONS, *saved_rows.MIGRATIONS)
STREAM_FEATURES = LOGIN_FEATURES = (el("sm", ns.SM),)
BIND_FEATURES = (ns.SM,)
NAME: Final = "mod_stream_management"
#: bytes of an id; the XEP has no longer ones
_LONGEST_ID: Final = 4000
#: seconds in which what a client has said before its connection broke becomes safe: it is told of that when it resumes
_SAFE_WITHIN: Final = 1.0
#: looks for a session that is between two processes, and seconds between two
_TRIES: Final = 40
_PAUSE: Final = 0.05


def managed(session: C2sSession) -> ManagedStream | None:
    """What is counted and kept of a session; None if its client has not asked for it."""
    found: ManagedStream | None = session.module_states.get(NAME)
    return found


def _options(mod: Mod) -> SmSection:
    return mod.config.sm if mod.config is not None else SmSection()


def _failed(condition: str, h: int | None = None) -> Element:
    FAILED.cell(condition).n += 1
    attrs = {"h": None if h is None else str(h)}
    return el("failed", ns.SM, attrs, el(condition, ns.STANZAS))


# --- of a client that has bound a resource


@nonza(ns.SM, "enable")
async def enable(asked: Nonza, mod: Mod) -> Answer:
    """Count from now on, and keep what leaves. A client does so once. XEP: 0198 §3"""
    session = asked.session
    assert session is not None
    if managed(session) is not None:
        raise StreamError("policy-violation", "stream management is enabled already")
    return await _enable(asked.element, session, mod)


async def _enable(asked: Element, session: C2sSession, mod: Mod) -> Element:
    options, wish = _options(mod), read_count(asked.get("max"))
    limits, id_ = QueueLimits(options.queue_stanzas, options.queue_bytes), secrets.token_urlsafe(18)
    await sm.set_stream_id(session, id_)
    attrs: dict[str, str | None] = {}
    seconds = min(options.hibernation, wish) if wish else options.hibernation
    if read_boolean(asked.get("resume")) and seconds:
        attrs = {"id": id_, "resume": "true", "max": str(seconds), "location": options.location or None}
    else:
        seconds = 0
    stream = session.stream
    assert stream is not None
    state = ManagedStream(session, limits, id_ if seconds else "", seconds)
    session.module_states[NAME] = stream.counter = state
    if state.id:
        on_disk.begin(session)
        on_disk.write_down(session)  # before the client hears that it may resume
    return el("enabled", ns.SM, attrs)


@on(BindInlineHook)
async def enable_at_bind(said: tuple[Element, ...], point: BindInlineHook, mod: Mod) -> tuple[Element, ...]:
    """The same, asked for with the login: the answer stands in <bound/>. XEP: 0386 §4"""
    asked = point.request.child("enable", ns.SM)
    return said if asked is None else (*said, await _enable(asked, point.session, mod))


@nonza(ns.SM, "r")
def requested(asked: Nonza, mod: Mod) -> Answer:
    """What was taken up so far is acknowledged, once it is stored. XEP: 0198 §4"""
    assert asked.session is not None
    state = managed(asked.session)
    if state is None:
        return _failed("unexpected-request")
    state.answer_when_safe()
    return None


@nonza(ns.SM, "a")
def acknowledged(asked: Nonza, mod: Mod) -> Answer:
    """The client has got so many."""
    assert asked.session is not None
    state = managed(asked.session)
    if state is None:
        return _failed("unexpected-request")
    h = read_count(asked.element.get("h"))
    if h is None:
        raise StreamError("bad-format", "h is a number from 0 to 4294967295")
    state.acknowledge(h)
    return None


@nonza(ns.SM, "resume")
def resume_too_late(asked: Nonza, mod: Mod) -> Answer:
    """A client that has bound a resource has a session."""
    return _failed("unexpected-request")


@on(SessionInfoHook)
def told(point: SessionInfoHook, mod: Mod) -> None:
    """The client has read what was written; something of the session has changed."""
    state = managed(point.session)
    if isinstance(point.message, WriteRest) and state is not None:
        state.write_rest()
    elif isinstance(point.message, on_disk.WriteDown):
        on_disk.write_down(point.session)


@every(tombstones.SWEEP)
async def sweep(mod: Mod) -> None:
    """What nobody asks for any more goes."""
    await tombstones.sweep(mod.host)


# --- a session that outlives its connection


@on(ConnectionLostHook)
async def lost(seconds: float, point: ConnectionLostHook, mod: Mod) -> float:
    """The session waits for its client, if that has asked for it; but few of an account do."""
    state = managed(point.session)
    if state is None or not state.id:
        return seconds
    state.detach()
    wait = await hooks.run_fold(mod.host, HibernationHook(point.session), float(state.seconds))
    try:
        await on_disk.wait(point.session, wait)
    except StoreError as error:
        faults.log(error, f"writing down that {point.session.jid} waits")
    waiting = [row for row in sm.sessions(point.session.user.bare) if not row.attached and row.stream_id]
    for row in waiting[: max(len(waiting) + 1 - _options(mod).detached, 0)]:  # the oldest
        process.send(row.pid, Kick("policy-violation", "too many sessions of this account wait for their clients"))
    audit.tell(audit.HIBERNATED, f"session waits {wait:.0f} s for its client", audit.quoted(point.session.jid.full))
    return max(seconds, wait)


@on(UnacknowledgedHook)
def unacknowledged_messages(found: tuple[Unheard, ...], point: UnacknowledgedHook, mod: Mod) -> tuple[Unheard, ...]:
    """Those that are kept."""
    state = managed(point.session)
    kept = [entry for entry in state.kept if entry.xml.startswith("<message")] if state is not None else []
    return (*found, *[(entry.xml, entry.first_sent) for entry in kept[-point.most :]])


@nonza(ns.SM, "resume", after_bind=False)
async def resume(asked: Nonza, mod: Mod) -> Answer:
    """The session of this id goes on over the connection of who asks; if there is none, a resource may be bound all
    the same. XEP: 0198 §5"""
    id_, h = asked.element.get("previd") or "", read_count(asked.element.get("h"))
    if h is None or not id_ or len(id_) > _LONGEST_ID:
        return _failed("bad-request")
    if not _options(mod).hibernation:
        return _failed("feature-not-implemented")
    for _ in range(_TRIES):
        await orphans.wait_for(asked.user.bare)
        row = _row(asked.user, id_)
        if row is None:
            folder = _folder(mod)
            if folder is None or not await adoption.may_come(folder, asked.user, id_):
                break
            await process.sleep(_PAUSE)
            continue
        if row.pid.node == process.node():
            session = sm.session_of(row.pid)
            state = managed(session) if session is not None else None
            if state is not None and state.id and process.is_alive(row.pid):
                return HandOver(row.pid)
        elif (saved := await moves.surrendered(row, id_)) is not None:
            return Resume(saved.jid, saved)
        await process.sleep(_PAUSE)  # it moves, or is lost just now
    return _failed("item-not-found", await tombstones.count_of(asked.user, id_))


def _row(user: JID, id_: str) -> Session | None:
    """The session of an account whose stream has this id."""
    wanted = id_.encode()
    for row in sm.sessions(user.bare):
        if row.stream_id and hmac.compare_digest(row.stream_id.encode(), wanted):
            return row
    return None


@on(MayResumeHook)
def may_resume(point: MayResumeHook, mod: Mod) -> None:
    """Not with a count that cannot be: the session then stays as it is. Raises StreamError."""
    state, h = managed(point.session), read_count(point.nonza.get("h"))
    if state is None or h is None:
        return
    if not state.may_resume(h):
        raise too_high(h, (state.sent - state.fresh) & 0xFFFFFFFF)


@on(SessionResumedHook, seq=10)
async def resumed(point: SessionResumedHook, mod: Mod) -> None:
    """What has not come is sent again, before anything that is new."""
    session, state, h = point.session, managed(point.session), read_count(point.nonza.get("h"))
    if state is None or h is None or session.stream is None:
        return
    await moves.go_on(session, state, h)
    if not await safe_rounds.becomes_safe(session.pid, _SAFE_WITHIN):
        state.received = state.told  # the client sends the rest again
    state.told = state.received
    on_disk.before_told(session, state.told)
    session.stream.answer(el("resumed", ns.SM, {"previd": state.id, "h": str(state.received)}))
    audit.tell(audit.RESUMED, f"session resumed, {len(state.kept)} stanzas again", audit.quoted(session.jid.full))
    state.write_rest()


@on(SessionRedeliverHook)
async def redeliver(moved: bool, point: SessionRedeliverHook, mod: Mod) -> bool:
    """What the client has not acknowledged goes elsewhere."""
    state = managed(point.session)
    if state is None:
        return moved
    state.forget()
    await on_disk.end(point.session)
    entries, state.kept = state.kept, []
    if state.detached and not point.clean:
        text = f"session ends that waited for its client, {len(entries)} stanzas unacknowledged"
        audit.tell(audit.EXPIRED, text, audit.quoted(point.session.jid.full))
    moved = await unacknowledged.send_on(entries, point.session.jid) or moved
    if state.id and not point.clean:
        await tombstones.put(point.session.user, state.id, state.received)
    return moved


@on(SessionClosedHook)
def closed(point: SessionClosedHook, mod: Mod) -> None:
    """What was on disk of it goes, once what was sent on is safe where it is."""
    state = managed(point.session)
    if state is None or not state.has_rows:
        return
    if durability.is_safe(process.self_()):
        queue_writer.drop(state.key)
    else:
        durability.hand_over(process.spawn(leftovers.drop_when_safe, state.key))


@on(SessionLostHook)
async def session_lost(point: SessionLostHook, mod: Mod) -> None:
    """Its process was killed: what is on disk of it goes elsewhere."""
    if point.session.stream_id:
        await leftovers.of_lost(point.session)


# --- a session that goes on in another process


@on(SessionSavedHook)
def saved(states: dict[str, Any], point: SessionSavedHook, mod: Mod) -> dict[str, Any] | Awaitable[dict[str, Any]]:
    """The counts, and the queue."""
    state = managed(point.session)
    if state is None:
        return states
    return _saved(states, state) if point.whole else states | {NAME: moves.state_of(state, whole=False)}


async def _saved(states: dict[str, Any], state: ManagedStream) -> dict[str, Any]:
    await moves.until_safe(state)
    return states | {NAME: moves.state_of(state, whole=True)}


@on(SessionRestoredHook, seq=10)
def restored(point: SessionRestoredHook, mod: Mod) -> None:
    """As they were."""
    found, session = point.states.get(NAME), point.session
    if found is None or session.stream is None:
        return
    options = _options(mod)
    state = moves.restore(session, QueueLimits(options.queue_stanzas, options.queue_bytes), found)
    session.module_states[NAME] = session.stream.counter = state
    on_disk.begin(session, has_row=True)


@on(SessionMovedHook)
async def moved(point: SessionMovedHook, mod: Mod) -> None:
    """Another process has it, and what is on disk."""
    state = managed(point.session)
    if state is not None:
        state.forget()
        await on_disk.end(point.session, elsewhere=True)


@on(SessionPutByHook)
async def put_by(done: bool, point: SessionPutByHook, mod: Mod) -> bool:
    """A session that may be resumed is to be found after a restart."""
    state = managed(point.session)
    if state is None or not state.id:
        return done
    await moves.put_by(point.session, state)
    return True


@on(OrphanedSessionsHook)
async def orphaned(found: tuple[Orphan, ...], point: OrphanedSessionsHook, mod: Mod) -> tuple[Orphan, ...]:
    """Those of workers that are dead, and of this one."""
    folder = _folder(mod)
    return found if folder is None else (*found, *await adoption.adopt(mod.host, folder, point.afterwards))


def _folder(mod: Mod) -> Path | None:
    """Where the journals of the host are; None where nothing outlives a worker."""
    config = mod.config
    if config is None or config.store.backend == "memory" or not config.paths.home.is_dir():
        return None
    return config.paths.data / "sm" / mod.host


def children(mod: Mod) -> list[ChildSpec]:
    """What writes queues and journals."""
    return [queue_writer.spec(mod.host), journal_server.spec(mod.host, _folder(mod))]
