"""mod_presence — tells those who may know that a user is online, and answers probes.

The order of an initial presence: the session table, UserAvailableHook, stored messages, stored requests, probes to all
in pres_t (from the bare JID), the presence to all in pres_f.

Way:      client's presence → UserSendPresenceHook → [mod_presence] → router → contacts; presence for a client →
          UserReceivePresenceHook → [mod_presence]; probes for an account → AccountPresenceHook → [mod_presence]
OTP:      cf. presence_update, presence_track and presence_broadcast_first of ejabberd_c2s
RFC:      6121 §4
Process:  runs in the c2s of the user; AccountPresenceHook in the prober's process, SessionLostHook in one of its own
"""

from __future__ import annotations

from collections.abc import Awaitable, Collection
from datetime import UTC, datetime
from typing import Any

from otp.erts import process
from otp.erts.clock import CLOCK
from xmpp_core import stamp
from xmpp_core.blocklist import touched
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.stanza import Presence, make_presence
from xmppd.gen_mod import Mod, on
from xmppd.mods.presence.session_state import PresenceState
from xmppd.routing import faults, hooks, router
from xmppd.routing.account import accounts
from xmppd.routing.deliver import Announce, Deliver, RosterItemChanged, VisibilityChanged
from xmppd.routing.fairly import fairly
from xmppd.routing.hook_points import (
    AccountPresenceHook,
    LastSeenHook,
    ResendSubscriptionsHook,
    SessionClosedHook,
    SessionInfoHook,
    SessionLostHook,
    SubscriptionListsHook,
    UserAvailableHook,
    UserReachableHook,
    UserReceivePresenceHook,
    UserSendPresenceHook,
    UserUnavailableHook,
)
from xmppd.routing.hooks import Stop
from xmppd.routing.moving_hook_points import SessionRestoredHook, SessionSavedHook
from xmppd.routing.presence_hook_points import PresenceSaidHook
from xmppd.routing.session import C2sSession
from xmppd.routing.sm import sm

XEP: dict[int, str] = {}
_OWN_BUSINESS = frozenset({"", "unavailable"})


def state_of(session: C2sSession) -> PresenceState:
    """The sets of this session."""
    return session.module_state("mod_presence", PresenceState)


# --- what our client says


@on(UserSendPresenceHook, seq=50)
def sent(
    presence: Presence | None, point: UserSendPresenceHook, mod: Mod
) -> Presence | Stop[None] | Awaitable[Stop[None] | Presence] | None:
    """To the own bare JID or to nobody: the user's presence. To anybody else: directed presence."""
    if presence is None:
        return None
    session = point.session
    if presence.to is None or presence.to == session.user:
        if presence.type == "":
            return _available(session, presence)
        if presence.type == "unavailable":
            return _unavailable(session, presence)
        return Stop(None)
    _track(state_of(session), presence, presence.to)
    session.touched()
    return _said(session, presence) if presence.type == "" else presence


def _said(session: C2sSession, presence: Presence) -> Presence | Awaitable[Presence]:
    """Available presence as others are told it: with what the server adds."""
    if not hooks.wanted(session.host, PresenceSaidHook):
        return presence
    return hooks.begin_fold(session.host, PresenceSaidHook(session), presence)


async def _as_said(session: C2sSession, presence: Presence) -> Presence:
    said = _said(session, presence)
    return said if isinstance(said, Presence) else await said


async def _available(session: C2sSession, presence: Presence) -> Stop[None]:
    priority, before, state = presence.priority, session.entry.priority, state_of(session)
    first = state.last is None
    if first:
        await _load(session, state)  # before anybody hears of it: a user who cannot be looked up now may try again
    if unsettled := await sm.set_presence(session, priority):
        await accounts.until_arrived(session.user, unsettled)  # stored messages are fetched next, before later ones
    state.last, state.since = presence, datetime.fromtimestamp(CLOCK.time(), UTC)
    session.touched()
    if first:
        await hooks.run(session.host, UserAvailableHook(session, presence))
    if priority >= 0 and (before is None or before < 0):
        await hooks.run(session.host, UserReachableHook(session))
    if not first:
        await _say(await _as_said(session, presence), state.pres_f & state.pres_a)
        return Stop(None)
    await hooks.run(session.host, ResendSubscriptionsHook(session))
    await _probe(session, state.pres_t)
    said = await _as_said(session, presence)
    state.tell_all()
    await _say(said, state.pres_f)
    return Stop(None)


async def _load(session: C2sSession, state: PresenceState) -> None:
    if not state.loaded:
        lists: tuple[set[str], set[str]] = (set(), set())
        lists = await hooks.run_fold(session.host, SubscriptionListsHook(session.user), lists)
        state.load(lists, session.user.bare)


async def _probe(session: C2sSession, contacts: frozenset[str]) -> None:
    """From the bare JID (RFC 6121 §4.3.1); but the user's other resources tell this one alone."""
    await _ask(session, sorted(contacts - {session.user.bare}))
    for other in sm.available(session.user.bare):
        if other.pid is not session.pid:
            probe = make_presence(session.user, type_="probe", from_=session.jid)
            process.send(other.pid, Deliver(probe))


async def _ask(session: C2sSession, contacts: Collection[str]) -> None:
    async for contact in fairly(contacts):
        await router.route_of_account(make_presence(JID.parse(contact), type_="probe", from_=session.user))


async def _say(presence: Presence, to: Collection[str]) -> None:
    own = presence.from_
    async for contact in fairly(to):
        jid = own.bare_jid() if own is not None and own.bare == contact else JID.parse(contact)
        news = presence.addressed(to=jid)
        if not router.deliver_presence_now(news):  # as `_tell`, without a coroutine for each of many
            await router.route_of_account(news)


async def _tell(news: Presence) -> None:
    """Presence that says how it is now, to an account of ours in one step if it need not wait."""
    if not router.deliver_presence_now(news):
        await router.route_of_account(news)


async def _unavailable(session: C2sSession, presence: Presence | None) -> Stop[None]:
    """Everyone who has seen this resource sees it go (RFC 6121 §4.5.2), the own other resources among them."""
    state = state_of(session)
    was_there = state.last is not None
    told = state.forget()
    session.touched()
    if presence is None:
        presence = make_presence(None, type_="unavailable", from_=session.jid)
    else:
        await sm.set_presence(session, None)
        if was_there:  # no longer found by its bare JID, but it hears of its own going too
            process.send(session.pid, Deliver(presence.addressed(to=session.user)))
    await _say(presence, told)
    if was_there:
        await hooks.run(session.host, UserUnavailableHook(session, presence))
    return Stop(None)


def _track(state: PresenceState, presence: Presence, to: JID) -> None:
    if presence.type == "" and not state.direct(to):
        raise StanzaError("resource-constraint", "too much directed presence")
    if presence.type == "unavailable":
        state.take_back(to)


# --- what comes for our client


@on(UserReceivePresenceHook, seq=50)
def received(
    presence: Presence | None, point: UserReceivePresenceHook, mod: Mod
) -> Presence | Awaitable[Stop[None]] | None:
    """A probe is answered here and not shown to the client; those who cannot be reached are not told again until they
    show up."""
    if presence is None or presence.from_ is None:
        return presence
    state, from_ = state_of(point.session), presence.from_
    if presence.type == "probe":
        return _answer_probe(point.session, state, from_)
    if presence.type == "error":
        state.take_back(from_)
    elif presence.type == "" and from_.bare in state.pres_f and state.last is not None:
        state.tell(from_.bare)
    return presence


async def _answer_probe(session: C2sSession, state: PresenceState, to: JID) -> Stop[None]:
    """The last presence, and since when it is so. Whether `to` may know was found out before (answer_probe)."""
    if state.last is None or state.since is None:
        return Stop(None)
    delay = stamp.delay(session.jid.full, state.since)
    answer = (await _as_said(session, state.last)).addressed(from_=session.jid, to=to)
    await _tell(answer.with_el(answer.el.with_children(*answer.el.children, delay)))
    if to.bare in state.pres_f:
        state.tell(to.bare)
    return Stop(None)


@on(AccountPresenceHook, seq=50)
async def answer_probe(presence: Presence | None, point: AccountPresenceHook, mod: Mod) -> Presence | Stop[None] | None:
    """A probe that mod_roster let pass: to each available resource; the server answers if there is none."""
    if presence is None or presence.type != "probe" or presence.from_ is None:
        return presence
    found = sm.available(point.owner.bare)
    for session in found:
        if presence.from_.bare != point.owner.bare or session.pid is not process.self_():
            process.send(session.pid, Deliver(presence))
    if not found:
        await router.route(await _gone(point.owner, presence.from_))
    return Stop(None)


async def _gone(owner: JID, to: JID) -> Presence:
    """`unavailable`, with the time the last resource went, if that is known (RFC 6121 §4.3.2)."""
    seconds = await hooks.run_fold(owner.domain, LastSeenHook(owner), None)
    children = [] if seconds is None else [stamp.delay(owner.bare, datetime.fromtimestamp(seconds, UTC))]
    return make_presence(to, *children, type_="unavailable", from_=owner)


# --- a session that goes on in another process


@on(SessionSavedHook)
def saved(states: dict[str, Any], point: SessionSavedHook, mod: Mod) -> dict[str, Any]:
    """What the client said, and to whom."""
    state = state_of(point.session)
    return states | {"mod_presence": state.saved()} if state.last is not None or state.pres_a else states


@on(SessionRestoredHook)
async def restored(point: SessionRestoredHook, mod: Mod) -> None:
    """As it was: nobody is told anything."""
    found = point.states.get("mod_presence")
    if found is None:
        return
    session, lists = point.session, None
    try:
        empty: tuple[set[str], set[str]] = (set(), set())
        lists = await hooks.run_fold(session.host, SubscriptionListsHook(session.user), empty)
    except Exception as error:
        faults.log(error, f"reading who may see {session.user}")
    state_of(session).restore(found, lists, session.user.bare)


# --- changes of the roster, and the end


@on(SessionInfoHook)
async def roster_changed(point: SessionInfoHook, mod: Mod) -> None:
    """Those who may see the user only now are told at once (RFC 6121 §3.1.5); those who may no more have been told
    `unavailable`.

    Who was told `unavailable` by mistake, while nodes were cut off from each other, is told again that it is not so.
    """
    change, state = point.message, state_of(point.session)
    if isinstance(change, VisibilityChanged):
        await _seen_anew(point.session, change)
    if isinstance(change, Announce) and state.last is not None:
        await _say(await _as_said(point.session, state.last), sorted(state.pres_a))
    if not isinstance(change, RosterItemChanged):
        return
    session, contact = point.session, change.contact
    version = session.latest_version(f"subscription {contact}", change.version)
    if not state.loaded:
        return
    if version == change.version:
        tell = state.change(contact, change.subscription)
    else:
        tell = contact in state.pres_f  # it was overtaken: what it had them told has come after what is so now
    if tell and state.last is not None:
        state.tell(contact)
        said = await _as_said(session, state.last)
        await router.route_if_newer(said.addressed(from_=session.jid, to=JID.parse(contact)), version)


async def _seen_anew(session: C2sSession, change: VisibilityChanged) -> None:
    """Those who may see the user no more see this resource go, those who may again see it come. XEP: 0191 §3.3, §3.4"""
    state = state_of(session)
    goes, comes = _touched(session, state.pres_a, change.hidden), list[str]()
    if state.loaded:
        lists: tuple[set[str], set[str]] = (set(), set())
        lists = await hooks.run_fold(session.host, SubscriptionListsHook(session.user), lists)
        goes, comes = state.reload(lists, session.user.bare, goes)
    else:  # it has said presence to single ones only
        state.hide(goes)
    await _say(make_presence(None, type_="unavailable", from_=session.jid), goes)
    if state.last is not None:
        await _say(await _as_said(session, state.last), comes)
        await _ask(session, _touched(session, state.pres_t, change.changed))


def _touched(session: C2sSession, names: Collection[str], entries: tuple[str, ...]) -> list[str]:
    """Those whom such a change concerns: never the account itself, whatever its entries cover."""
    own = session.user.bare
    return [name for name in touched(sorted(names), entries) if JID.parse(name).bare != own]


@on(SessionClosedHook)
async def closed(point: SessionClosedHook, mod: Mod) -> None:
    """The stream ended: the same goodbye as if the client had said it."""
    state = state_of(point.session)
    if state.pres_a or state.last is not None:
        await _unavailable(point.session, None)  # whose Stop is for a client's presence: others hear of this end too


@on(SessionLostHook)
async def lost(point: SessionLostHook, mod: Mod) -> None:
    """The process is gone, and with it whom it told: all who might see the user are told."""
    session = point.session
    if session.priority is None:
        return
    owner = session.jid.bare_jid()
    lists: tuple[set[str], set[str]] = (set(), set())
    lists = await hooks.run_fold(owner.domain, SubscriptionListsHook(owner), lists)
    goodbye = make_presence(None, type_="unavailable", from_=session.jid)
    await _say(goodbye, sorted(lists[0] | {owner.bare}))
