"""mod_blocking — a user hears nothing of those whom they have blocked, and these see nothing of the user.

Way:      c2s → iq → [mod_blocking] → store, the devices; stages, what comes to a client → [mod_blocking]
Process:  the stages run at the account's home; the rest in the c2s of the user
XEP:      0191
Differs:  presence is no business of the stages: a blocked contact is in none of the sets that mod_presence tells, and
          what comes from one is dropped in the c2s
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from otp.erts import process
from xmpp_core import ns
from xmpp_core.blocklist import is_blocked
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID, JidError
from xmpp_core.stanza import Iq, Presence, Stanza, make_iq
from xmppd.gen_mod import Mod, iq_handler, on
from xmppd.routing import hooks
from xmppd.routing.account import accounts
from xmppd.routing.account.account import AccountState
from xmppd.routing.context import Origin
from xmppd.routing.deliver import Deliver, VisibilityChanged
from xmppd.routing.device_hook_points import BlockedHook
from xmppd.routing.hook_points import (
    AccountReceivesHook,
    AccountSendsHook,
    SessionInfoHook,
    Stage,
    SubscriptionListsHook,
    UserAvailableHook,
    UserReceivePresenceHook,
)
from xmppd.routing.iq import SM
from xmppd.routing.moving_hook_points import SessionRestoredHook
from xmppd.routing.published import Published
from xmppd.routing.session import C2sSession
from xmppd.routing.sm import sm
from xmppd.store import store
from xmppd.store.backend import Table, Tx
from xmppd.store.schema import create_table

XEP = {191: "1.3"}
#: whether a session has asked for the list, and hears of changes
INTERESTED: Final = Published("blocking", False)
#: presence by which the server itself ends what there was between two
_PASSES: Final = frozenset({"unavailable", "unsubscribe", "unsubscribed"})


@dataclass(frozen=True)
class Options:
    """`max_items`: JIDs that one account may block."""

    max_items: int = 1000


@dataclass(frozen=True, slots=True)
class Blocked:
    """A JID that an account has blocked."""

    host: str
    user: str
    jid: str


@dataclass(slots=True)
class OwnList:
    """What a session knows of its account's list."""

    blocked: frozenset[str] = frozenset()


BLOCKED: Final = Table("blocked", Blocked, ("host", "user", "jid"))
MIGRATIONS: Final = (create_table("blocked", ("host", "user", "jid"), host=str, user=str, jid=str),)


async def _load(owner: JID) -> frozenset[str]:
    return frozenset([row.jid for row in await store.select(BLOCKED, (owner.domain, owner.local))])


LIST: Final = AccountState("blocking", _load)


def _own(session: C2sSession) -> OwnList:
    return session.module_state("mod_blocking", OwnList)


# --- what the user asks for


@iq_handler(ns.BLOCKING, "blocklist", at=(SM,), only="get")
async def get(iq: Iq, mod: Mod) -> Iq:
    """The list; the session that asks hears of changes from now on. XEP: 0191 §3.2"""
    session = _asking(iq)
    if not INTERESTED.of(session.entry):
        await sm.publish(session, INTERESTED, True)
    names = sorted(await _load(session.user))
    return iq.result(el("blocklist", ns.BLOCKING, None, *[el("item", ns.BLOCKING, {"jid": jid}) for jid in names]))


@iq_handler(ns.BLOCKING, "block", at=(SM,), only="set")
async def block(iq: Iq, mod: Mod) -> None:
    """These are blocked from now on. XEP: 0191 §3.3"""
    session, options = _asking(iq), mod.options
    names = _names(iq)
    if not names:
        raise StanzaError("bad-request", "nobody is named")
    who = session.user

    def transaction(tx: Tx) -> bool:
        fresh = [name for name in names if tx.read(BLOCKED, (who.domain, who.local, name)) is None]
        if tx.count(BLOCKED, (who.domain, who.local)) + len(fresh) > options.max_items:
            return False
        tx.write_many([Blocked(who.domain, who.local, name) for name in fresh])
        return True

    if not await store.transaction(transaction):
        raise StanzaError("resource-constraint", "the list is full", type_="cancel")
    assert iq.payload is not None
    await hooks.run(mod.host, BlockedHook(session, tuple(iq.payload.elements("item", ns.BLOCKING))))
    await _changed(iq, session, el("block", ns.BLOCKING, None, *_items(names)), names)


@iq_handler(ns.BLOCKING, "unblock", at=(SM,), only="set")
async def unblock(iq: Iq, mod: Mod) -> None:
    """These are not blocked any more; without a name, nobody is. XEP: 0191 §3.4, §3.5"""
    session = _asking(iq)
    names, who = _names(iq), session.user
    before = await _load(who)
    gone = [name for name in names or sorted(before) if name in before]
    await store.transaction(lambda tx: tx.delete_many(BLOCKED, [(who.domain, who.local, name) for name in gone]))
    await _changed(iq, session, el("unblock", ns.BLOCKING, None, *_items(names)), gone)


def _asking(iq: Iq) -> C2sSession:
    session = sm.own_session()
    if session is None or iq.to != session.user:
        raise StanzaError("forbidden", "this list is another's")
    return session


def _names(iq: Iq) -> list[str]:
    assert iq.payload is not None
    try:
        return [JID.parse(item.get("jid") or "").full for item in iq.payload.elements("item", ns.BLOCKING)]
    except JidError as error:
        raise StanzaError("jid-malformed", str(error)) from None


def _items(names: list[str]) -> list[Element]:
    return [el("item", ns.BLOCKING, {"jid": name}) for name in names]


async def _changed(asked: Iq, session: C2sSession, news: Element, names: list[str]) -> None:
    """All workers know; whoever asked is answered, then contacts see the user go or come, and devices that want to be
    told are. XEP: 0191 §3.3"""
    owner = session.user
    await accounts.changed(owner)
    now = await _load(owner)
    process.send(session.pid, Deliver(asked.result()))
    for row in sm.sessions(owner.bare):
        process.send(row.pid, VisibilityChanged(tuple(names), tuple(sorted(now))))
        if INTERESTED.of(row):
            push = make_iq("set", f"block-{row.sid}", news, to=row.jid, from_=owner)
            process.send(row.pid, Deliver(push))


# --- presence


@on(SubscriptionListsHook, seq=80)
async def lists(acc: tuple[set[str], set[str]], point: SubscriptionListsHook, mod: Mod) -> tuple[set[str], set[str]]:
    """Those who are blocked neither see the user nor are asked how they are."""
    blocked = await LIST.get(point.owner)
    if not blocked:
        return acc
    sees, seen = acc
    return _without(sees, blocked), _without(seen, blocked)


def _without(names: set[str], blocked: frozenset[str]) -> set[str]:
    return {name for name in names if not is_blocked(blocked, JID.parse(name))}


@on(UserAvailableHook, seq=10)
async def comes(point: UserAvailableHook, mod: Mod) -> None:
    """Before any presence of others comes to this session."""
    _own(point.session).blocked = await LIST.get(point.session.user)


@on(SessionRestoredHook)
async def restored(point: SessionRestoredHook, mod: Mod) -> None:
    """The session goes on in another process."""
    _own(point.session).blocked = await LIST.get(point.session.user)


@on(SessionInfoHook, seq=10)
def changed(point: SessionInfoHook, mod: Mod) -> None:
    """Another list from now on."""
    if isinstance(point.message, VisibilityChanged):
        _own(point.session).blocked = frozenset(point.message.hidden)


@on(UserReceivePresenceHook, seq=10)
def unseen(presence: Presence | None, point: UserReceivePresenceHook, mod: Mod) -> Presence | None:
    """From those who are blocked nothing is seen, and probes are not answered; the account's devices see each other."""
    blocked = _own(point.session).blocked
    if not blocked or presence is None or presence.from_ is None or presence.from_.bare == point.session.user.bare:
        return presence
    return None if is_blocked(blocked, presence.from_) else presence


# --- all else


@on(AccountSendsHook, seq=Stage.BLOCK, kind="message")
def outgoing(stanza: Stanza | None, point: AccountSendsHook, mod: Mod) -> Stanza | None:
    """Nothing goes to those who are blocked, and the client is told so. XEP: 0191 §3.3"""
    blocked = LIST.of(point.account)
    if not blocked or stanza is None or stanza.to is None or not _is_hidden(blocked, stanza.to, point.account.jid):
        return stanza
    if stanza.kind == "presence" and (point.context.origin == Origin.SERVER or stanza.type in _PASSES):
        return stanza
    if point.context.origin == Origin.SERVER:
        return None  # what the account's nodes tell, who is blocked is not told, be they subscribed or not
    if stanza.is_error or (isinstance(stanza, Iq) and not stanza.is_request):
        return None
    raise StanzaError("not-acceptable", type_="cancel", app=Element(ns.BLOCKING_ERRORS, "blocked"))


@on(AccountReceivesHook, seq=Stage.BLOCK, kind="message")
def incoming(stanza: Stanza | None, point: AccountReceivesHook, mod: Mod) -> Stanza | None:
    """Nothing comes from those who are blocked; who asks or writes hears that there is nobody. XEP: 0191 §3.3"""
    blocked = LIST.of(point.account)
    if not blocked or stanza is None or stanza.from_ is None:
        return stanza
    if not _is_hidden(blocked, stanza.from_, point.account.jid) and not _invites(blocked, stanza):
        return stanza
    if isinstance(stanza, Iq):
        if not stanza.is_request:
            return None
    elif stanza.kind != "message" or stanza.type not in ("chat", "normal") or stanza.el.child("x", ns.MUC_USER):
        return None  # a room would take an error for the end of an occupant
    raise StanzaError("service-unavailable")


def _is_hidden(blocked: frozenset[str], other: JID, own: JID) -> bool:
    """Whether another JID than the account's own, or its server's, is blocked."""
    return other.bare != own.bare and other.full != own.domain and is_blocked(blocked, other)


def _invites(blocked: frozenset[str], stanza: Stanza) -> bool:
    """Whether a room passes on the invitation of one who is blocked."""
    room = stanza.el.child("x", ns.MUC_USER)
    invite: Any = room.child("invite") if room is not None else None
    try:
        return invite is not None and is_blocked(blocked, JID.parse(invite.get("from") or ""))
    except JidError:
        return False
