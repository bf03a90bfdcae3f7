"""perform — does what a change of rosters asks for, after it is stored.

Way:      mod_roster → transitions → [perform] → Deliver to sessions (any node), router (contacts elsewhere)
Process:  runs in the process that changed the roster; messages to one session keep their order
RFC:      6121 §2.1.6 (push), §3.1.3–3.3.3 (who gets the stanza)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from otp.erts import process
from otp.kernel.pace import BEHIND
from xmpp_core import ns
from xmpp_core.element import Element
from xmpp_core.jid import JID
from xmpp_core.stanza import Presence, Stanza, make_iq, make_presence
from xmpp_core.subscription import AutoReply, Probe, Push, Route, SendUnavailable, ShowToOwner
from xmppd.mods.roster import requests, view
from xmppd.mods.roster.records import item_of
from xmppd.mods.roster.tables import RosterItem
from xmppd.mods.roster.transitions import Changed, Step
from xmppd.routing import deliver, hooks, router
from xmppd.routing.deliver import RosterItemChanged
from xmppd.routing.fairly import fairly
from xmppd.routing.hook_points import SessionInfoHook
from xmppd.routing.session import C2sSession
from xmppd.routing.sm import sm

#: steps that are done without a look at the clock; more come only where an account is removed
_FEW: Final = 16


async def perform(steps: Sequence[Step], original: Presence | None = None) -> None:
    """Does the steps in their order. `original` is the stanza that caused them, for what it carries."""
    if len(steps) <= _FEW:
        for step in steps:
            await _perform(step, original)
        return
    async for step in fairly(steps):
        await _perform(step, original)


async def _perform(step: Step, original: Presence | None) -> None:
    owner, contact = step.owner, step.contact
    if BEHIND:
        await sm.reachable_sessions(owner.bare)
    match step.effect:
        case Route(kind):
            await router.route(_stanza(kind, owner, contact, original))
        case AutoReply(kind):
            await router.route(make_presence(contact, type_=kind, from_=owner))
        case Probe():
            await router.route(make_presence(contact, type_="probe", from_=owner))
        case ShowToOwner(kind):
            show(_stanza(kind, contact, owner, original), owner, step.record.version)
        case Push(removed):
            push(owner, step.record, removed)
        case SendUnavailable():
            for session in sm.available(owner.bare):
                gone = make_presence(contact, type_="unavailable", from_=session.jid)
                await router.route_if_newer(gone, step.record.version)
        case Changed():
            record = step.record
            await _tell_sessions(owner, RosterItemChanged(contact.bare, item_of(record).subscription, record.version))


def _stanza(kind: str, from_: JID, to: JID, original: Presence | None) -> Presence:
    """The client's own stanza between bare JIDs, or a fresh one where the server speaks in the user's name."""
    if original is None or original.type != kind or original.from_ is None or original.from_.bare != from_.bare:
        return make_presence(to, type_=kind, from_=from_)
    return original.addressed(from_=from_, to=to)


def show(stanza: Presence, owner: JID, version: int) -> None:
    """To the owner's sessions: a request to all that are available, an answer to all that have the roster.

    `version`: of the stored request. A session that became available since has found it there, and drops it.
    """
    if stanza.type != "subscribe":
        for session in sm.interested(owner.bare):
            process.send(session.pid, deliver.Deliver(stanza))
        return
    subject = requests.subject(stanza.from_)
    for session in sm.available(owner.bare):
        process.send(session.pid, deliver.DeliverIfNewer(stanza, subject, version))


def show_again(session: C2sSession, record: RosterItem) -> None:
    """A stored request to this session, which runs us and has become available. What `show` may have on the way to it
    is the same request."""
    stanza = requests.from_record(record, session.user)
    session.latest_version(requests.subject(stanza.from_), record.version + 1)
    process.send(session.pid, deliver.Deliver(stanza))


def push(owner: JID, record: RosterItem, removed: bool = False) -> None:
    """The roster push of one contact to each interested resource (RFC 6121 §2.1.6)."""
    attrs = {"jid": record.contact, "subscription": "remove"} if removed else None
    item = view.element(record) if attrs is None else Element(ns.ROSTER, "item", attrs)
    query = Element(ns.ROSTER, "query", {"ver": str(record.version)}, [item])
    for session in sm.interested(owner.bare):
        iq: Stanza = make_iq("set", f"push{record.version}", query, to=session.jid, from_=owner)
        process.send(session.pid, deliver.DeliverIfNewer(iq, f"push {record.contact}", record.version))


async def _tell_sessions(owner: JID, message: RosterItemChanged) -> None:
    """Our own session hears at once: its client's next stanza may be in the mailbox already."""
    for session in sm.sessions(owner.bare):
        own = sm.own_session() if session.pid is process.self_() else None
        if own is None:
            process.send(session.pid, message)
        else:
            await hooks.run(own.host, SessionInfoHook(own, message))
