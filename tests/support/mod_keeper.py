"""mod_keeper — a session that outlives its process, in a test: what is to be found again lies in a dict, DISK.

`<enable xmlns='urn:test:keeper' id='x'/>` begins; `<resume previd='x'/>` before bind has the session given away by its
process, as if that were another worker's, or handed over if `<resume here='1' …/>`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from otp.erts import process
from otp.stdlib import gen_fsm
from xmpp_core.element import Element, el
from xmpp_core.stanza import Stanza
from xmppd.gen_mod import Mod, nonza, on
from xmppd.routing.context import Context
from xmppd.routing.hook_points import ConnectionLostHook, SessionResumedHook
from xmppd.routing.moving_hook_points import (
    OrphanedSessionsHook,
    SessionMovedHook,
    SessionPutByHook,
    SessionRestoredHook,
    SessionSavedHook,
)
from xmppd.routing.nonzas import Answer, HandOver, Nonza, Resume
from xmppd.routing.saved_session import Orphan, SavedSession, Surrender
from xmppd.routing.session import C2sSession
from xmppd.routing.session_moves import save
from xmppd.routing.sm import sm

NS = "urn:test:keeper"
NAME = "tests.support.mod_keeper"
STREAM_FEATURES = (el("keeper", NS),)
#: by stream id
DISK: dict[str, SavedSession] = {}
MOVED: list[str] = []


@dataclass(slots=True)
class Queue:
    """All that ever left, while nobody was connected."""

    xml: list[str] = field(default_factory=list)
    attached: Callable[[], bool] = lambda: True

    def counted_in(self, stanza: Element) -> None:
        """Not of interest."""

    def counted_out(self, stanza: Stanza | Element, xml: str, context: Context | None, *rest: Any) -> str:
        if not self.attached():
            self.xml.append(xml)
        return ""

    def confirm(self, done: Callable[[], None], gone: Callable[[], None] | None = None) -> None:
        """It lives as long as the test."""
        done()

    def hurry(self) -> None:
        """It never waits."""

    def is_safe(self) -> bool:
        """As far as anybody asks."""
        return True

    def when_acknowledged(self, done: Callable[[], None]) -> None:
        """Its clients never say so."""


def _begin(session: C2sSession, xml: list[str]) -> None:
    assert session.stream is not None
    queue = Queue(xml, lambda: session.entry.attached)
    session.module_states[NAME] = session.stream.counter = queue


@nonza(NS, "enable")
async def enable(asked: Nonza, mod: Mod) -> Answer:
    assert asked.session is not None
    await sm.set_stream_id(asked.session, asked.element.get("id") or "")
    _begin(asked.session, [])
    return el("enabled", NS)


@nonza(NS, "resume", after_bind=False)
async def resume(asked: Nonza, mod: Mod) -> Answer:
    id_ = asked.element.get("previd") or ""
    for row in sm.sessions(asked.user.bare):
        if row.stream_id == id_ and asked.element.get("here"):
            return HandOver(row.pid)
        if row.stream_id == id_:
            saved = await gen_fsm.sync_send_all_state_event(row.pid, Surrender(process.self_(), id_))
            if saved is not None and not asked.element.get("never"):
                return Resume(saved.jid, saved)
    return el("failed", NS)


@on(ConnectionLostHook)
def lost(seconds: float, point: ConnectionLostHook, mod: Mod) -> float:
    return 60.0 if NAME in point.session.module_states else seconds


@on(SessionSavedHook)
def saved(states: dict[str, Any], point: SessionSavedHook, mod: Mod) -> dict[str, Any]:
    queue = point.session.module_states.get(NAME)
    return states | {NAME: queue.xml} if queue is not None else states


@on(SessionRestoredHook)
def restored(point: SessionRestoredHook, mod: Mod) -> None:
    if NAME in point.states:
        _begin(point.session, point.states[NAME])


@on(SessionResumedHook, seq=10)
def resumed(point: SessionResumedHook, mod: Mod) -> None:
    stream, queue = point.session.stream, point.session.module_states[NAME]
    assert stream is not None
    stream.send(el("resumed", NS))
    for xml in queue.xml:
        stream.send(xml)
    queue.xml.clear()


@on(SessionPutByHook)
async def put_by(done: bool, point: SessionPutByHook, mod: Mod) -> bool:
    if NAME not in point.session.module_states:
        return done
    DISK[point.session.entry.stream_id] = await save(point.session)
    return True


@on(SessionMovedHook)
def moved(point: SessionMovedHook, mod: Mod) -> None:
    MOVED.append(point.session.entry.stream_id)


@on(OrphanedSessionsHook)
def orphaned(found: tuple[Orphan, ...], point: OrphanedSessionsHook, mod: Mod) -> tuple[Orphan, ...]:
    there = {row.stream_id for row in sm.all_sessions()}
    return (*found, *[Orphan(kept, 60.0) for id_, kept in DISK.items() if id_ not in there])
