"""mod_carbons — each device of an account that wants it sees what the others send and receive.

Way:      c2s → iq, BindInlineHook → [mod_carbons] → sm.publish; stages → [mod_carbons] → Deliver to the other devices
Process:  runs where the account's stages run, at its home; enable and disable in the client's c2s
XEP:      0280, 0386 §4 (enabled with the login), 0297 (the envelope), 0334 (no-copy), 0359 (the id in the archive)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from otp.erts import process
from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.stanza import Iq, Message, Stanza
from xmppd.gen_mod import Mod, iq_handler, on
from xmppd.routing import unconfirmed
from xmppd.routing.context import COPY, Context
from xmppd.routing.deliver import Deliver
from xmppd.routing.hook_points import AccountDeliversHook, AccountSendsHook, MessageStoredHook, Stage
from xmppd.routing.iq import LOCAL, SM
from xmppd.routing.login_hook_points import BindInlineHook
from xmppd.routing.published import Published
from xmppd.routing.session import Session
from xmppd.routing.sm import sm

XEP = {280: "1.0.1", 297: "1.0"}
FEATURES = {ns.CARBONS_RULES: (LOCAL, SM)}
BIND_FEATURES = (ns.CARBONS,)
#: whether a session wants copies, for every worker to see
WANTED: Final = Published("carbons", False)
#: what clients say to each other without words: a message of type normal that has one of these is one of a chat
_OF_A_CHAT: Final = frozenset({ns.CHATSTATES, ns.RECEIPTS, ns.MARKERS, ns.INVITE})


@iq_handler(ns.CARBONS, "enable", at=(SM,), only="set")
async def enable(iq: Iq, mod: Mod) -> Iq:
    """The client that asks gets copies from now on, whichever worker makes them. XEP: 0280 §4"""
    return await _publish(iq, True)


@iq_handler(ns.CARBONS, "disable", at=(SM,), only="set")
async def disable(iq: Iq, mod: Mod) -> Iq:
    """It gets none any more. XEP: 0280 §5"""
    return await _publish(iq, False)


@on(BindInlineHook)
async def enable_at_bind(said: tuple[Element, ...], point: BindInlineHook, mod: Mod) -> tuple[Element, ...]:
    """The same, asked for with the login, which has no answer of its own. XEP: 0386 §4"""
    if point.request.child("enable", ns.CARBONS) is not None:
        await sm.publish(point.session, WANTED, True)
    return said


async def _publish(iq: Iq, wanted: bool) -> Iq:
    session = sm.own_session()
    if session is None or iq.to != session.user:
        raise StanzaError("not-allowed", "these devices are another's")
    if WANTED.of(session.entry) != wanted:
        await sm.publish(session, WANTED, wanted)
    return iq.result()


@on(AccountSendsHook, seq=Stage.COPIES, kind="message")
def copy_sent(stanza: Stanza | None, point: AccountSendsHook, mod: Mod) -> Stanza | None:
    """To all devices but the one that has sent it. What goes to another device of the account is no more than received.

    XEP: 0280 §8
    """
    owner = point.account.jid
    rows = sm.sessions(owner.bare)
    if len(rows) > 1 and isinstance(stanza, Message) and stanza.to is not None and stanza.to.bare != owner.bare:
        others = [row for row in rows if row.jid != stanza.from_]
        _copy("sent", stanza, owner, others, point.context)
    return stanza


@on(AccountDeliversHook, seq=Stage.COPIES)
def copy_received(who: tuple[Session, ...], point: AccountDeliversHook, mod: Mod) -> tuple[Session, ...]:
    """To all devices that do not get it anyway. If it has to be delivered again it is not copied again. XEP: 0280 §7"""
    owner = point.account.jid
    rows = sm.sessions(owner.bare)
    if len(rows) > 1 and isinstance(point.stanza, Message):
        others = [row for row in rows if row not in who and row.jid != point.stanza.from_]
        _copy("received", point.stanza, owner, others, point.context)
    point.context.no_copy = True
    return who


@on(MessageStoredHook)
def copy_stored(point: MessageStoredHook, mod: Mod) -> None:
    """What none of the devices takes by its priority is stored; those that want copies see it all the same. XEP: 0280
    §7"""
    _copy("received", point.message, point.owner, sm.sessions(point.owner.bare), point.context)


def _copy(way: str, message: Message, owner: JID, rows: Iterable[Session], context: Context) -> None:
    rows = [row for row in rows if WANTED.of(row)]
    if not rows or context.no_copy or context.for_one or not is_copied(message, way):
        return
    original = _as_archived(message.el, owner, context)
    envelope = el(way, ns.CARBONS, None, el("forwarded", ns.FORWARD, None, original))
    for row in rows:
        attrs = {"from": owner.bare, "to": row.jid.full, "type": message.type}
        copy = Message(el("message", ns.CLIENT, attrs, envelope), owner, row.jid)
        delivered = Deliver(copy, (), Context(no_copy=True, for_one=COPY))
        if row.stream_id:  # a device that comes back has it then, whatever becomes of its process
            unconfirmed.keep(row.pid, delivered, stream_id=row.stream_id)
        process.send(row.pid, delivered)


def is_copied(message: Message, way: str) -> bool:
    """Whether a message that an account has "sent" or "received" is one that its other devices are to see.

    A chat, and what belongs to one; not what is for one device only, what comes from a room, or what claims to be a
    copy. XEP: 0280 §6.1
    """
    children = list(message.el.elements())
    if message.type in ("groupchat", "headline") or any(child.ns == ns.CARBONS for child in children):
        return False  # <private/> among them
    if message.el.child("no-copy", ns.HINTS) is not None:
        return False
    room = message.el.child("x", ns.MUC_USER)
    if room is not None and room.child("invite") is None and room.child("decline") is None and way == "received":
        return False  # an occupant's private message: the room sends it to each device that has joined
    if message.type in ("chat", "error"):
        return True  # an error concerns a chat unless it says otherwise: what it answers need not be in it
    return message.body is not None or room is not None or any(child.ns in _OF_A_CHAT for child in children)


def _as_archived(message: Element, owner: JID, context: Context) -> Element:
    """With its id in the account's archive, which the archive itself tells only whom it is delivered to."""
    if not context.archive_id or message.child("stanza-id", ns.STANZA_ID) is not None:
        return message
    mark = el("stanza-id", ns.STANZA_ID, {"id": context.archive_id, "by": owner.bare})
    return message.with_children(*message.children, mark)
