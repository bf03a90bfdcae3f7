"""inviting — messages that ask the room itself for something: invite somebody, decline, give me voice.

Way:      room_server → [inviting] → RoomDraft
XEP:      0045 §7.8.2 (mediated invitations), §9.5 (of members only), §7.13, §8.6 (voice)
Differs:  an invitation names its inviter by the bare JID, by which invitees know their contacts; a refusal goes to
          sessions of that account that are in the room, and nowhere else: a room is no relay
"""

from __future__ import annotations

from typing import Final

from xmpp_core import dataforms, ns
from xmpp_core.dataforms import Field, Form, Option
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID, JidError
from xmpp_core.muc import muc_presence, speaking
from xmpp_core.muc.roles import ADMIN, MEMBER, NONE, OUTCAST, P, Role, may
from xmpp_core.muc.room import ChatRoom, Occupant
from xmpp_core.muc.room_draft import RoomDraft
from xmpp_core.stanza import Message, make_message

#: invitations in one message
MOST_INVITED: Final = 20
_REQUEST: Final = f"{ns.MUC}#request"


def ask(draft: RoomDraft, message: Message) -> None:
    """A message to the room that is not for all. Raises StanzaError bad-request for what asks for nothing. §17.2"""
    x = message.el.child("x", ns.MUC_USER)
    invites = list(x.elements("invite", ns.MUC_USER)) if x is not None else []
    decline = x.child("decline") if x is not None else None
    if invites:
        _invite(draft, message, invites)
    elif decline is not None:
        _decline(draft, message, decline)
    elif (form := dataforms.find(message.el, _REQUEST)) is not None:
        _voice(draft, message, form)
    else:
        speaking.speaker(draft.room, message)
        raise StanzaError("bad-request", "what is for all is of the type groupchat")


# -- invitations


def _invite(draft: RoomDraft, message: Message, invites: list[Element]) -> None:
    who = speaking.speaker(draft.room, message)
    adds = draft.room.config.members_only
    if adds and not may_invite(draft.room, who):
        raise StanzaError("forbidden", "only admins invite to this room")
    if len(invites) > MOST_INVITED:
        raise StanzaError("policy-violation", f"at most {MOST_INVITED} invitations at once")
    for invite in invites:
        invitee = _address(invite.get("to"))
        if draft.room.affiliation(invitee) is OUTCAST:
            raise StanzaError("forbidden", "the invitee is banned from this room")
        if adds and draft.room.affiliation(invitee) is NONE:
            draft.affiliate(invitee.bare, MEMBER)
        draft.send(invitation(draft.room, who.user, invitee, invite, message.id))


def may_invite(room: ChatRoom, who: Occupant) -> bool:
    """Whether an occupant may invite to a room of members only. §9.5"""
    affiliation = room.affiliation(who.user)
    return affiliation >= ADMIN or (room.config.allow_invites and affiliation is MEMBER)


def invitation(room: ChatRoom, inviter: JID, invitee: JID, invite: Element | None, id_: str | None = None) -> Message:
    """As the room sends it, with its password. `invite`: what the inviter has said: reason, thread."""
    said = (
        [child for child in invite.elements(ns=ns.MUC_USER) if child.name in ("reason", "continue")] if invite else []
    )
    password = el("password", ns.MUC_USER, None, room.config.password) if room.config.password else None
    told = el("invite", ns.MUC_USER, {"from": inviter.bare}, *said)
    x = el("x", ns.MUC_USER, None, told, password)
    return make_message(invitee, None, x, type_="normal", id_=id_, from_=room.jid)


def _decline(draft: RoomDraft, message: Message, decline: Element) -> None:
    room, inviter = draft.room, _address(decline.get("to"))
    assert message.from_ is not None
    if inviter.bare == room.jid.bare:
        found = room.occupants.get(inviter.resource)
        occupants = [found] if found is not None else []
    else:
        occupants = room.occupants_of(inviter)
    if not inviter.local or not occupants:
        raise StanzaError("item-not-found", "who has invited you is not there any more")
    reason = decline.child("reason")
    told = el("decline", ns.MUC_USER, {"from": message.from_.bare}, reason)
    attrs = {"from": room.jid.full} | ({"id": message.id} if message.id else {})
    answer = Message(Element(ns.CLIENT, "message", attrs, [el("x", ns.MUC_USER, None, told)]), room.jid)
    for occupant in occupants:
        draft.tell(answer, occupant.jids)


def _address(text: str | None) -> JID:
    try:
        return JID.parse(text or "")
    except JidError as error:
        raise StanzaError("jid-malformed", str(error)) from None


# -- voice


def _voice(draft: RoomDraft, message: Message, form: Form) -> None:
    """A visitor asks for voice, or a moderator says whether it gets it."""
    who = speaking.speaker(draft.room, message)
    if form.get("muc#request_allow") is not None:
        _decide(draft, who, form)
        return
    if form.value("muc#role") not in ("", Role.PARTICIPANT.word):
        raise StanzaError("bad-request", "voice is what a participant has")
    if may(who.role, P.SPEAK):
        return
    moderators = [one for one in draft.room.occupants.values() if one.role is Role.MODERATOR]
    told = Element(ns.CLIENT, "message", {"from": draft.room.jid.full}, [_approval_form(who).to_element()])
    for moderator in moderators:
        draft.tell(Message(told, draft.room.jid), moderator.jids)


def _approval_form(who: Occupant) -> Form:
    """What moderators are asked. §8.6"""
    fields = (
        Field("FORM_TYPE", (_REQUEST,), "hidden"),
        Field("muc#role", (Role.PARTICIPANT.word,), "list-single", "Role", options=(Option("participant"),)),
        Field("muc#jid", (who.seats[-1].jid.full,), "jid-single", "Address"),
        Field("muc#roomnick", (who.nick,), "text-single", "Nick"),
        Field("muc#request_allow", ("0",), "boolean", "Grant voice to this person?"),
    )
    return Form("form", fields, "Voice request", "Somebody asks for voice in this room.")


def _decide(draft: RoomDraft, who: Occupant, form: Form) -> None:
    allowed = form.get("muc#request_allow")
    assert allowed is not None
    if not may(who.role, P.GRANT_VOICE):
        raise StanzaError("forbidden", "moderators grant voice")
    if form.type != "submit" or not allowed.values or not allowed.as_bool:
        return
    visitor = draft.room.occupants.get(form.value("muc#roomnick"))
    if visitor is None:
        raise StanzaError("item-not-found", "nobody has this nick")
    if visitor.role is Role.VISITOR:
        muc_presence.tell_role_change(draft, visitor, draft.set_role(visitor.nick, Role.PARTICIPANT))
