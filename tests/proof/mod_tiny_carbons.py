"""mod_tiny_carbons — each device of an account that wants it sees what the others send and receive.

Way:      c2s → iq → [mod_tiny_carbons] → sm.publish; stages → [mod_tiny_carbons] → Deliver to the other devices
Process:  runs where the account's stages run, at its home; enable and disable in the client's c2s
XEP:      0280 (in small), 0297 (the envelope), 0334 (no-copy), 0359 (the id in the archive)
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
from xmppd.routing.context import COPY, Context
from xmppd.routing.deliver import Deliver
from xmppd.routing.hook_points import AccountDeliversHook, AccountReceivesHook, AccountSendsHook, Stage
from xmppd.routing.iq import SM
from xmppd.routing.published import Published
from xmppd.routing.session import Session
from xmppd.routing.sm import sm

#: whether a session wants copies, for every worker to see
WANTED: Final = Published("tiny_carbons", False)


@iq_handler(ns.CARBONS, "enable", at=(SM,), only="set")
async def enable(iq: Iq, mod: Mod) -> Iq:
    """The client that asks gets copies from now on, whichever worker makes them."""
    return await _publish(iq, True)


@iq_handler(ns.CARBONS, "disable", at=(SM,), only="set")
async def disable(iq: Iq, mod: Mod) -> Iq:
    """It gets none any more."""
    return await _publish(iq, False)


async def _publish(iq: Iq, wanted: bool) -> Iq:
    session = sm.own_session()
    if session is None or iq.to != session.user:
        raise StanzaError("forbidden", "these devices are another's")
    await sm.publish(session, WANTED, wanted)
    return iq.result()


@on(AccountSendsHook, seq=Stage.COPIES)
def copy_sent(stanza: Stanza | None, point: AccountSendsHook, mod: Mod) -> Stanza | None:
    """To all devices but the one that has sent it. What goes to another device of the account is no more than received.

    XEP: 0280 §7
    """
    owner = point.account.jid
    if isinstance(stanza, Message) and stanza.to is not None and stanza.to.bare != owner.bare:
        rows = [row for row in sm.sessions(owner.bare) if row.jid != stanza.from_]
        _copy("sent", stanza, owner, rows, point.context)
    return stanza


@on(AccountReceivesHook, seq=Stage.MODULES)
def keep_private(stanza: Stanza | None, point: AccountReceivesHook, mod: Mod) -> Stanza | None:
    """What the sender wants on one device only is not copied, and does not say so to the recipient. XEP: 0280 §9"""
    if isinstance(stanza, Message) and stanza.el.child("private", ns.CARBONS) is not None:
        point.context.no_copy = True
        left = [child for child in stanza.el.children if isinstance(child, str) or child.ns != ns.CARBONS]
        return stanza.with_el(stanza.el.with_children(*left))
    return stanza


@on(AccountDeliversHook, seq=Stage.COPIES)
def copy_received(who: tuple[Session, ...], point: AccountDeliversHook, mod: Mod) -> tuple[Session, ...]:
    """To all devices that do not get it anyway. If it has to be delivered again it is not copied again. XEP: 0280 §6"""
    if isinstance(point.stanza, Message):
        owner, sender = point.account.jid, point.stanza.from_
        rows = [row for row in sm.sessions(owner.bare) if row not in who and row.jid != sender]
        _copy("received", point.stanza, owner, rows, point.context)
        point.context.no_copy = True
    return who


def _copy(way: str, message: Message, owner: JID, rows: Iterable[Session], context: Context) -> None:
    rows = [row for row in rows if WANTED.of(row)]
    if rows and _is_copied(message, context):
        original = _as_archived(message.el, owner, context)
        envelope = el(way, ns.CARBONS, None, el("forwarded", ns.FORWARD, None, original))
        for row in rows:
            attrs = {"from": owner.bare, "to": row.jid.full, "type": message.type}
            copy = Message(el("message", ns.CLIENT, attrs, envelope), owner, row.jid)
            process.send(row.pid, Deliver(copy, (), Context(no_copy=True, for_one=COPY)))


def _is_copied(message: Message, context: Context) -> bool:
    """Only what somebody says; never a copy, nor what claims to be one. XEP: 0280 §6.1"""
    if context.no_copy or context.for_one or message.el.child("no-copy", ns.HINTS) is not None:
        return False
    if any(child.ns == ns.CARBONS for child in message.el.elements()):
        return False
    return message.type == "chat" or (message.type == "normal" and message.body is not None)


def _as_archived(message: Element, owner: JID, context: Context) -> Element:
    """With its id in the account's archive, which the archive itself tells only whom it is delivered to."""
    if not context.archive_id or message.child("stanza-id", ns.STANZA_ID) is not None:
        return message
    mark = el("stanza-id", ns.STANZA_ID, {"id": context.archive_id, "by": owner.bare})
    return message.with_children(*message.children, mark)
