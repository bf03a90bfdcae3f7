"""mod_csi — a client that nobody looks at is not woken for what can wait: presence, who is typing, events of nodes.

Way:      c2s → @nonza, BindInlineHook → [mod_csi] → csi.inactive, which Stream.send asks of each stanza from then on
Process:  none: what waits is in the session, and its c2s writes it
XEP:      0352; 0386 §4 (the state that a session begins with); 0198 §5 (a session that is resumed is active)

Nothing of it is shown to anybody else, and presence has nothing to do with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from xmpp_core import ns
from xmpp_core.element import Element, el
from xmppd.gen_mod import Mod, nonza, on
from xmppd.mods.csi import urgency
from xmppd.mods.csi.inactive import HeldLong, HoldLimits, InactiveClient
from xmppd.routing.hook_points import ConnectionLostHook, SessionClosedHook, SessionInfoHook, SessionResumedHook
from xmppd.routing.login_hook_points import BindInlineHook
from xmppd.routing.nonzas import Answer, Nonza
from xmppd.routing.session import C2sSession

XEP = {352: "1.0.0"}
STREAM_FEATURES = (el("csi", ns.CSI),)
BIND_FEATURES = (ns.CSI,)
NAME: Final = "mod_csi"


@dataclass(frozen=True)
class Options:
    """`presence`, `chat_states`, `events`: whether these wait; at most `max_stanzas`, `max_octets` and `max_seconds`,
    then all that waits is written."""

    presence: bool = True
    chat_states: bool = True
    events: bool = True
    max_stanzas: int = 500
    max_octets: int = 524_288
    max_seconds: int = 1800


@nonza(ns.CSI, "inactive")
def inactive(asked: Nonza, mod: Mod) -> Answer:
    """Nobody looks at the client: from now on what can wait does. XEP: 0352 §4.2"""
    assert asked.session is not None
    _begin(asked.session, mod)
    return None


@nonza(ns.CSI, "active")
def active(asked: Nonza, mod: Mod) -> Answer:
    """Somebody looks: what has waited is written before anything that the client asks next. XEP: 0352 §5.1"""
    assert asked.session is not None
    _end(asked.session)
    return None


@on(BindInlineHook)
def at_bind(said: tuple[Element, ...], point: BindInlineHook, mod: Mod) -> tuple[Element, ...]:
    """The state that a session begins with. XEP: 0386 §4"""
    if point.request.child("inactive", ns.CSI) is not None:
        _begin(point.session, mod)
    return said


@on(SessionInfoHook)
def told(point: SessionInfoHook, mod: Mod) -> None:
    """The first that waits has waited long enough."""
    found = _of(point.session)
    if isinstance(point.message, HeldLong) and found is not None:
        found.flush()


@on(ConnectionLostHook, seq=10)
def lost(seconds: float, point: ConnectionLostHook, mod: Mod) -> float:
    """What waits is counted before the connection is let go of, and comes with the rest if the session is resumed."""
    _end(point.session)
    return seconds


@on(SessionResumedHook, seq=90)
def resumed(point: SessionResumedHook, mod: Mod) -> None:
    """Over another connection while the first was still there: behind what is sent again. XEP: 0352 §5.2"""
    _end(point.session)


@on(SessionClosedHook)
def closed(point: SessionClosedHook, mod: Mod) -> None:
    """What waits is not worth being sent on."""
    found = _of(point.session)
    if found is not None:
        found.forget()


def _of(session: C2sSession) -> InactiveClient | None:
    found: InactiveClient | None = session.module_states.get(NAME)
    return found


def _begin(session: C2sSession, mod: Mod) -> None:
    stream = session.stream
    if stream is None or stream.outgoing is not None:
        return
    options: Options = mod.options
    named = {urgency.PRESENCE: options.presence, urgency.STATE: options.chat_states, urgency.EVENT: options.events}
    kinds = frozenset([kind for kind, waits in named.items() if waits])
    limits = HoldLimits(options.max_stanzas, options.max_octets, options.max_seconds, kinds)
    session.module_states[NAME] = stream.outgoing = InactiveClient(session, stream, limits)


def _end(session: C2sSession) -> None:
    found = _of(session)
    if found is not None:
        found.end()
        session.module_states.pop(NAME, None)
