"""speaking — messages that come for a room, or for one of its occupants.

Way:      room_server → [speaking] → RoomDraft
XEP:      0045 §7.4 (to all), §7.5 (private), §7.8 (invitations), §7.13, §8.6 (voice), §8.1 (subject), §17.2
"""

from __future__ import annotations

from typing import Final

from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.muc import moderating
from xmpp_core.muc.roles import ADMIN, P, may
from xmpp_core.muc.room import ChatRoom, Mark, Occupant, Said
from xmpp_core.muc.room_draft import RoomDraft
from xmpp_core.stanza import Message

_ROOMS_OWN: Final = frozenset({ns.MUC, ns.MUC_USER, ns.MUC_ADMIN, ns.MUC_OWNER, ns.OCCUPANT_ID, ns.HATS})


def speaker(room: ChatRoom, message: Message) -> Occupant:
    """Who says it. Raises StanzaError not-acceptable for who is not there. §7.4, §7.5"""
    assert message.from_ is not None
    found = room.occupant_of(message.from_)
    if found is None:
        raise StanzaError("not-acceptable", "you are not in the room")
    return found


def say(draft: RoomDraft, message: Message, mark: Mark) -> None:
    """A message to all, or a change of the subject, which is one without a body and a thread. Raises StanzaError."""
    who, config = speaker(draft.room, message), draft.room.config
    is_subject = _is_subject(message.el)
    if is_subject and not config.may_set_subject(who.role):
        raise StanzaError("forbidden", "you may not change the subject")
    if not is_subject and not may(who.role, P.SPEAK):
        raise StanzaError("forbidden", "you have no voice here")
    if config.slow_mode and not is_subject:
        _slow_down(draft, who, message.el)
    told = reflected(draft.room, who, message.el, mark)
    said = Said(mark.seq, draft.now, who.nick, who.user.bare, told)
    if is_subject:
        draft.change(subject=said)
    takes_back = moderating.retracted(message.el) != ""
    if takes_back:
        moderating.take_back(draft, who, mark)
    if mark.keep:
        draft.keep(said, shown=not is_subject and not takes_back)
    draft.tell(Message(told, draft.room.occupant_jid(who.nick)), draft.room.seats())


def _slow_down(draft: RoomDraft, who: Occupant, message: Element) -> None:
    """Raises StanzaError policy-violation for who speaks again too soon, with whatever session. XEP: 0500 §6"""
    room, seconds = draft.room, draft.room.config.slow_mode
    if message.child("body") is None or room.affiliation(who.user) >= ADMIN:
        return
    if draft.now < room.spoke.get(who.user.bare, 0.0) + seconds:
        raise StanzaError("policy-violation", f"in this room one waits {seconds} s between two messages", type_="wait")
    draft.has_spoken(who.user.bare)


def _is_subject(message: Element) -> bool:
    has_subject = message.child("subject") is not None
    return has_subject and message.child("body") is None and message.child("thread") is None


def reflected(room: ChatRoom, who: Occupant, message: Element, mark: Mark) -> Element:
    """A message as all get it: from the occupant, with the id that its sender gave it, without what only the room may
    say. XEP: 0045 §7.4; 0359 §6, 0421 §4"""
    children = [child for child in message.children if not is_rooms_own(child, room)]
    children.append(el("occupant-id", ns.OCCUPANT_ID, {"id": room.occupant_id(who.user)}))
    if mark.keep:
        children.append(el("stanza-id", ns.STANZA_ID, {"by": room.jid.bare, "id": mark.id}))
    attrs = {key: value for key, value in message.attrs.items() if key in ("id", "type", "xml:lang")}
    attrs["from"] = room.occupant_jid(who.nick).full
    return Element(ns.CLIENT, "message", attrs, list(children))


def is_rooms_own(child: Element | str, room: ChatRoom) -> bool:
    """Whether only the room may say this: clients' ones are taken away."""
    if isinstance(child, str):
        return True
    if child.ns == ns.STANZA_ID and child.name == "stanza-id":
        return child.get("by") == room.jid.bare
    return child.ns in _ROOMS_OWN or child.ns == ns.DELAY


# -- to one


def say_privately(draft: RoomDraft, message: Message) -> None:
    """A private message, to all sessions of an occupant. Raises StanzaError. §7.5"""
    room, to = draft.room, message.to
    assert to is not None
    if message.type == "groupchat":
        raise StanzaError("bad-request", "what is for all is sent to the room")
    who = speaker(room, message)
    other = room.occupants.get(to.resource)
    if other is None:
        raise StanzaError("item-not-found", "nobody has this nick")
    if not room.config.may_send_private(who.role):
        raise StanzaError("forbidden", "you may not send private messages here")
    children = [child for child in message.el.children if not is_rooms_own(child, room)]
    children.append(el("occupant-id", ns.OCCUPANT_ID, {"id": room.occupant_id(who.user)}))
    children.append(el("x", ns.MUC_USER))
    sender = room.occupant_jid(who.nick)
    for jid in other.jids:
        attrs = {key: value for key, value in message.el.attrs.items() if key in ("id", "type", "xml:lang")}
        attrs |= {"from": sender.full, "to": jid.full}
        draft.send(Message(Element(ns.CLIENT, "message", attrs, list(children)), sender, jid))
