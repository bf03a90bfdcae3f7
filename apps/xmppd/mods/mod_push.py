"""mod_push — wakes a client that is away when somebody writes: a notification to the app server that it has named.

Way:      c2s → iq → [mod_push] → store; a stage of the account, MessageStoredHook, a session that waits → [mod_push] →
          pusher → the app server
Process:  runs where the message is: at the account's home, in the c2s that waits; the pusher is a process of its own
XEP:      0357
Differs:  a notification has counts and no words, unless the operator wants them
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Final

from otp.erts import process
from otp.erts.clock import CLOCK
from otp.stdlib.child_spec import ChildSpec
from xmpp_core import ns, parser, stamp
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID, JidError
from xmpp_core.stanza import Iq, Message
from xmppd.commands import Account, command
from xmppd.gen_mod import Mod, iq_handler, on
from xmppd.mods.push import pusher, registrations
from xmppd.mods.push.matters import Weight, weight
from xmppd.mods.push.pusher import CameBack, Stirred
from xmppd.mods.push.registrations import REGISTERED, PushRegistration
from xmppd.routing import hooks, router
from xmppd.routing.account import accounts
from xmppd.routing.account.account import LiveAccount, account_of
from xmppd.routing.device_hook_points import UnacknowledgedHook
from xmppd.routing.hook_points import (
    AccountDeliversHook,
    HibernationHook,
    MessageStoredHook,
    SessionInfoHook,
    SessionOpenedHook,
    SessionResumedHook,
    Stage,
)
from xmppd.routing.iq import SM
from xmppd.routing.login_hook_points import AccessRevokedHook
from xmppd.routing.session import C2sSession, Session
from xmppd.routing.sm import sm
from xmppd.store import store

XEP = {357: "0.4.1"}
MIGRATIONS = registrations.MIGRATIONS
#: characters of a node's name, and of a form
MOST_NODE: Final = 1024
MOST_FORM: Final = 8192
#: seconds after which a session without a connection is looked at: a client that changes its network is back by then
LOOK: Final = 3.0
#: messages that are looked at then
MOST_LOOKED_AT: Final = 100


@dataclass(frozen=True)
class Options:
    """`most`: clients of an account that may be woken, of which the one that asked for it longest ago gives way;
    `pause`: seconds between two notifications to a client that does not come; `hibernation`: seconds for which a
    session waits whose client can be woken, if `[sm] hibernation` is not longer; `show_sender`, `show_body`: whether a
    notification says who has written the last message, and what; `text`: what stands in place of the words, since some
    app servers show nothing without any."""

    most: int = 10
    pause: float = 60.0
    hibernation: int = 86400
    show_sender: bool = False
    show_body: bool = False
    text: str = ""

    def __post_init__(self) -> None:
        if self.most < 1 or self.pause < 0 or not 0 <= self.hibernation <= 604800:
            raise ValueError("most is 1 or more, pause 0 or more, hibernation a week at most")


@dataclass(frozen=True, slots=True)
class WaitsStill:
    """To a c2s: look whether its session still waits for its client, and what for."""


def children(mod: Mod) -> list[ChildSpec]:
    """The pusher."""
    return [pusher.spec(mod)]


# --- what the client asks for


@iq_handler(ns.PUSH, "enable", at=(SM,), only="set", announce=(SM,))
async def enable(iq: Iq, mod: Mod) -> Iq:
    """The client that asks is woken from now on; what it has said of the same node before counts no more. What app
    servers have invented beside is passed over. XEP: 0357 §5"""
    session = _asking(iq)
    assert iq.payload is not None
    service, node = _service(iq.payload), iq.payload.get("node") or ""
    form = iq.payload.child("x", ns.DATA_FORMS)
    written = form.to_xml("") if form is not None else ""
    if len(node) > MOST_NODE or len(written) > MOST_FORM:
        raise StanzaError("not-acceptable", "the node or the form is too long")
    host, user, entry = session.host, session.user.local, session.entry
    row = PushRegistration(host, user, service, node, session.jid.resource, entry.client, written, int(CLOCK.time()))
    await store.transaction(partial(registrations.write, row=row, most=mod.options.most))
    await accounts.changed(session.user)
    pusher.tell(session.user, CameBack((row,)))
    return iq.result()


@iq_handler(ns.PUSH, "disable", at=(SM,), only="set", announce=(SM,))
async def disable(iq: Iq, mod: Mod) -> Iq:
    """Nothing is published there any more; without a node, at no node of the service. XEP: 0357 §6"""
    session = _asking(iq)
    assert iq.payload is not None
    await _forget(session.user, service=_service(iq.payload), node=iq.payload.get("node"))
    return iq.result()


def _asking(iq: Iq) -> C2sSession:
    session = sm.own_session()
    if session is None or iq.to != session.user:
        raise StanzaError("forbidden", "these clients are another's")
    return session


def _service(asked: Element) -> str:
    try:
        service = JID.parse(asked.get("jid") or "")
    except JidError as error:
        raise StanzaError("bad-request" if not asked.get("jid") else "jid-malformed", str(error)) from None
    if router.serves(service.domain):
        raise StanzaError("not-allowed", "no app server is an account here")
    return service.full


async def _forget(owner: JID, *, service: str = "", node: str | None = None, client: str = "") -> None:
    found = partial(registrations.delete, owner=owner, service=service, node=node, client=client)
    if await store.transaction(found):
        await accounts.changed(owner)


@on(AccessRevokedHook)
async def revoked(point: AccessRevokedHook, mod: Mod) -> None:
    """It has no access any more, or none has: nobody is woken for it. What an account that is removed has goes with
    it."""
    await _forget(point.user, client=point.client)


# --- what comes for the account


@on(AccountDeliversHook, seq=Stage.COPIES + 5)
def delivered(who: tuple[Session, ...], point: AccountDeliversHook, mod: Mod) -> tuple[Session, ...]:
    """Some session gets it: clients that are away do not. What a room says is for its occupant only."""
    found = REGISTERED.of(point.account)
    if found and isinstance(point.stanza, Message):
        owner, message = point.account.jid, point.stanza
        away = registrations.are_away(found, sm.sessions(owner.bare))
        if message.type == "groupchat":
            away = [one for one in away if any(one.belongs_to(row) for row in who)]
        _stir(message.el, owner, away, point.context.first_sent, mod)
    return who


@on(MessageStoredHook)
def stored(point: MessageStoredHook, mod: Mod) -> Awaitable[None] | None:
    """No session could take it."""
    account = account_of(point.owner)
    if not account.loaded:
        return _stored_later(account, point, mod)
    _stored(REGISTERED.of(account), point, mod)
    return None


async def _stored_later(account: LiveAccount, point: MessageStoredHook, mod: Mod) -> None:
    await account.load()
    _stored(REGISTERED.of(account), point, mod)


def _stored(found: tuple[PushRegistration, ...], point: MessageStoredHook, mod: Mod) -> None:
    if found:
        away = registrations.are_away(found, sm.sessions(point.owner.bare))
        _stir(point.message.el, point.owner, away, point.context.first_sent, mod)


def _stir(message: Element, owner: JID, away: Iterable[PushRegistration], first_sent: int, mod: Mod) -> None:
    matters = weight(message, owner) if away else Weight.NOTHING
    if matters is Weight.NOTHING:
        return
    options: Options = mod.options
    sender = (message.get("from") or "") if options.show_sender else ""
    body = (message.child_text("body") or "") if options.show_body else ""
    for row in away:
        pusher.tell(owner, Stirred(row, int(matters), first_sent / 1000, sender, body or options.text))


# --- a session that waits for its client


@on(HibernationHook)
async def waits(seconds: float, point: HibernationHook, mod: Mod) -> float:
    """Longer, if its client can be woken. What was on its way to the client is looked at in a while."""
    found = await _of_session(point.session)
    if not found:
        return seconds
    process.send_after(LOOK, point.session.pid, WaitsStill())
    return max(seconds, float(mod.options.hibernation))


@on(SessionInfoHook)
async def looked_at(point: SessionInfoHook, mod: Mod) -> None:
    """Messages were on their way to the client when it was lost, or came before everybody knew."""
    session = point.session
    if not isinstance(point.message, WaitsStill) or session.entry.attached:
        return
    found = await _of_session(session)
    if found:
        unheard = await hooks.run_fold(mod.host, UnacknowledgedHook(session, MOST_LOOKED_AT), ())
        elements = parser.parse_all_written([xml for xml, _ in unheard], in_stream=True)
        for element, (_, first_sent) in zip(elements, unheard, strict=True):
            if isinstance(element, Element):
                _stir(element, session.user, found, first_sent, mod)


@on(SessionOpenedHook)
async def opened(point: SessionOpenedHook, mod: Mod) -> None:
    """The client is there."""
    await _came(point.session)


@on(SessionResumedHook, seq=80)
async def resumed(point: SessionResumedHook, mod: Mod) -> None:
    """Likewise."""
    await _came(point.session)


async def _came(session: C2sSession) -> None:
    found = await _of_session(session)
    if found:
        pusher.tell(session.user, CameBack(found))


async def _of_session(session: C2sSession) -> tuple[PushRegistration, ...]:
    found = await REGISTERED.get(session.user)
    return tuple([row for row in found if row.belongs_to(session.entry)])


# --- what an operator sees


@dataclass(frozen=True)
class Woken:
    """A client that is woken; nothing of what its app server wants to be told."""

    service: str
    resource: str
    since: str


@command("push list", "the clients of an account that are woken, and by which app servers", none="none")
async def listed(account: Account, mod: Mod) -> list[Woken]:
    """The oldest first."""
    rows = sorted(await REGISTERED(account), key=lambda row: row.since)
    return [Woken(row.service, row.resource, stamp.from_epoch(row.since)) for row in rows]
