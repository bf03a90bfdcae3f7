"""mod_resume — a session outlives its connection: the skeleton of stream management, with counts of one direction.

Way:      c2s → @nonza, hooks ConnectionLostHook, SessionResumedHook → [mod_resume]; Stream.send → [Unacknowledged]
Process:  none: what it keeps of a session is in the session, and runs in its c2s
XEP:      0198, of which this is the shape: a feature, nonzas before and after bind, what is kept and sent again

`<enable/>` begins to keep what leaves for the client, `<a h='n'/>` says how much of it has come, and `<resume h='n'/>`
before bind has the session go on over the connection that says so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from xmpp_core.element import Element, el
from xmpp_core.errors import StreamError
from xmpp_core.stanza import Stanza
from xmppd.gen_mod import Mod, nonza, on
from xmppd.routing.context import Context
from xmppd.routing.hook_points import ConnectionLostHook, SessionResumedHook
from xmppd.routing.nonzas import Answer, HandOver, Nonza
from xmppd.routing.session import C2sSession
from xmppd.routing.sm import sm

NS = "urn:example:resume"
STREAM_FEATURES = (el("resume", NS),)


@dataclass(frozen=True)
class Options:
    """`seconds`: how long a session waits for another connection."""

    seconds: int = 60


@dataclass(slots=True)
class Unacknowledged:
    """What the client has not said to have come: a StanzaCounter. `sent` and `read` are counts."""

    sent: int = 0
    read: int = 0
    kept: deque[str] = field(default_factory=deque)
    told: deque[tuple[int, Callable[[], None]]] = field(default_factory=deque)

    def counted_in(self, stanza: Element) -> None:
        """The other direction is left out."""

    def heard(self, nonza: Element) -> bool:
        """The handlers are called."""
        return False

    def counted_out(
        self, stanza: Stanza | Element, xml: str, context: Context | None, others: tuple[str, ...] = ()
    ) -> str:
        """Keep it; it is written at once."""
        self.sent += 1
        self.kept.append(xml)
        return ""

    def confirm(self, done: Callable[[], None], gone: Callable[[], None] | None = None) -> None:
        """Nobody asks: its rows have no stream_id, and what is kept here goes with the process."""
        done()

    def hurry(self) -> None:
        """It never waits."""

    def is_safe(self) -> bool:
        """As far as anybody asks."""
        return True

    def when_acknowledged(self, done: Callable[[], None]) -> None:
        """What was stored is deleted then."""
        self.told.append((self.sent, done))

    def acknowledge(self, h: int) -> None:
        """`h` have come in all. Raises StreamError for a count that cannot be."""
        if not self.read <= h <= self.sent:
            raise StreamError("undefined-condition", f"{h} stanzas are not between {self.read} and {self.sent}")
        for _ in range(h - self.read):
            self.kept.popleft()
        self.read = h
        while self.told and self.told[0][0] <= h:
            self.told.popleft()[1]()


def of(session: C2sSession) -> Unacknowledged:
    """What this module keeps of a session."""
    return session.module_state("mod_resume", Unacknowledged)


@nonza(NS, "enable")
def enable(asked: Nonza, mod: Mod) -> Answer:
    """From now on what leaves is kept."""
    assert asked.session is not None
    assert asked.session.stream is not None
    asked.session.stream.counter = of(asked.session)
    return el("enabled", NS, {"seconds": str(mod.options.seconds)})


@nonza(NS, "a")
def acknowledge(asked: Nonza, mod: Mod) -> Answer:
    """So much has come."""
    assert asked.session is not None
    of(asked.session).acknowledge(int(asked.element.get("h") or 0))
    return None


@nonza(NS, "resume", after_bind=False)
def resume(asked: Nonza, mod: Mod) -> Answer:
    """The session of that resource goes on here, if it waits for a connection; it may bind otherwise."""
    for row in sm.sessions(asked.user.bare):
        if row.jid.resource == asked.element.get("resource") and not row.attached:
            return HandOver(row.pid)
    return el("failed", NS)


@on(ConnectionLostHook)
def lost(seconds: float, point: ConnectionLostHook, mod: Mod) -> float:
    """A session that has asked for it waits."""
    counts = point.session.stream is not None and point.session.stream.counter is of(point.session)
    return max(seconds, mod.options.seconds) if counts else seconds


@on(SessionResumedHook)
def resumed(point: SessionResumedHook, mod: Mod) -> None:
    """What has not come is sent again, before anything that is new."""
    stream, mine = point.session.stream, of(point.session)
    assert stream is not None
    mine.acknowledge(int(point.nonza.get("h") or 0))
    stream.send(el("resumed", NS))
    for xml in mine.kept:
        stream.send(xml)
