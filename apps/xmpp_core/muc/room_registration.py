"""room_registration — an account registers with a room: it becomes a member, and its nick is nobody else's.

Way:      room_server → [room_registration] → RoomDraft; a request for the node x-roomuser-item → reserved
XEP:      0045 §7.10 (registering), §7.12 (the reserved nick); 0077
Differs:  nobody becomes a member of a room of members only by this; who is one may reserve a nick there
"""

from __future__ import annotations

from typing import Final

from xmpp_core import dataforms, ns
from xmpp_core.dataforms import Field, Form
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.muc import entering, muc_presence, room_admin
from xmpp_core.muc.roles import MEMBER, NONE, OUTCAST
from xmpp_core.muc.room import ChatRoom
from xmpp_core.muc.room_draft import RoomDraft
from xmpp_core.stanza import Iq

_FORM: Final = f"{ns.MUC}#register"
_NICK: Final = "muc#register_roomnick"


def handle(draft: RoomDraft, iq: Iq) -> None:
    """A request of the namespace jabber:iq:register. Raises StanzaError."""
    room, query, asker = draft.room, iq.payload, iq.from_
    assert query is not None
    assert asker is not None
    affiliation = room.affiliation(asker)
    if affiliation is OUTCAST or not asker.local:
        raise StanzaError("not-allowed", "you may not register here")
    if affiliation is NONE and room.config.members_only:
        raise StanzaError("not-allowed", "admins make members of this room")
    if iq.type == "get":
        draft.answer(iq.result(_told(room, asker)))
    elif query.child("remove") is not None:
        _remove(draft, iq, asker)
    else:
        _register(draft, iq, asker, query)


def _told(room: ChatRoom, asker: JID) -> Element:
    nick = room.reserved_nick(asker)
    if nick:
        name = el("username", ns.REGISTER, None, nick)
        return el("query", ns.REGISTER, None, el("registered", ns.REGISTER), name)
    fields = (
        Field("FORM_TYPE", (_FORM,), "hidden"),
        Field(_NICK, (), "text-single", "Nick that is to be yours", required=True),
    )
    words = "Register to be a member of this room, with a nick of your own."
    form = Form("form", fields, f"Registration with {room.jid.local}", words)
    instructions = el("instructions", ns.REGISTER, None, words)
    return el("query", ns.REGISTER, None, instructions, form.to_element())


def _register(draft: RoomDraft, iq: Iq, asker: JID, query: Element) -> None:
    form = dataforms.find(query)
    if form is None or form.type != "submit" or form.form_type not in ("", _FORM):
        raise StanzaError("bad-request", "the form is missing")
    nick = entering.occupant_nick(draft.room.jid, form.value(_NICK).strip() or " ").resource.strip()
    if not nick:
        raise StanzaError("bad-request", "a nick is needed")
    entering.check_nick(draft.room, asker, nick)
    before = draft.room.affiliation(asker)
    draft.affiliate(asker.bare, max(before, MEMBER), nick)
    told = room_admin.follow(draft, asker.bare_jid(), before, max(before, MEMBER))
    draft.answer(iq.result())
    for old, new, _, _ in told:
        if new is not None:
            muc_presence.tell_role_change(draft, old, draft.room.occupants[new.nick])


def _remove(draft: RoomDraft, iq: Iq, asker: JID) -> None:
    """The nick is free again, and a member is none any more."""
    before = draft.room.affiliation(asker)
    if not draft.room.reserved_nick(asker) and before is not MEMBER:
        raise StanzaError("registration-required", "you are not registered")
    after = NONE if before is MEMBER else before
    draft.affiliate(asker.bare, after, "")
    told = room_admin.follow(draft, asker.bare_jid(), before, after)
    draft.answer(iq.result())
    for old, new, why, left in told:
        if new is None:
            room_admin.tell_removed(draft, old, why, left)
        else:
            muc_presence.tell_role_change(draft, old, draft.room.occupants[new.nick])
    entering.end_if_empty(draft)


def reserved(room: ChatRoom, asker: JID) -> Element | None:
    """The identity that has the asker's nick as its name, None if it has none. §7.12"""
    nick = room.reserved_nick(asker)
    if not nick:
        return None
    return el("identity", ns.DISCO_INFO, {"category": "conference", "type": "text", "name": nick})
