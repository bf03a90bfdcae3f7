"""Invitations, refusals of them, and requests for voice."""

from __future__ import annotations

from tests.support.muc_room import ANN, BOB, CAT, DAN, ROOM, Den, item, refused, three
from xmpp_core import dataforms, ns
from xmpp_core.element import Element
from xmpp_core.jid import JID
from xmpp_core.muc.inviting import MOST_INVITED
from xmpp_core.muc.roles import MEMBER, NONE, Role
from xmpp_core.muc.room_config import RoomConfig


def ask(den: Den, jid: str, inside: str) -> list[Element]:
    return den.send(jid, f"<message to='{ROOM}' id='i'><x xmlns='{ns.MUC_USER}'>{inside}</x></message>")


def invite(den: Den, jid: str, *to: str) -> list[Element]:
    return ask(den, jid, "".join([f"<invite to='{one}'><reason>come</reason></invite>" for one in to]))


def form(den: Den, jid: str, **fields: str) -> list[Element]:
    rows = "".join([f"<field var='muc#{var}'><value>{value}</value></field>" for var, value in fields.items()])
    hidden = f"<field var='FORM_TYPE'><value>{ns.MUC}#request</value></field>"
    return den.send(jid, f"<message to='{ROOM}'><x xmlns='{ns.DATA_FORMS}' type='submit'>{hidden}{rows}</x></message>")


# -- §7.8.2


def test_the_room_invites_in_the_inviters_name() -> None:
    den = three()
    invite(den, BOB, "dan@l", "eve@l")
    assert [one.get("to") for one in den.sent] == ["dan@l", "eve@l"]
    told = den.sent[0]
    assert (told.get("from"), told.get("id"), told.get("type")) == (str(ROOM), "i", None)
    found = told.child("x", ns.MUC_USER).child("invite")  # type: ignore[union-attr]  # none there: it fails
    assert found is not None
    assert (found.get("from"), found.get("to"), found.child_text("reason")) == ("bob@l", None, "come")


def test_an_invitation_has_the_password() -> None:
    den = three()
    den.open(passwordprotectedroom="1", roomsecret="tea")
    den.forget()
    invite(den, BOB, "dan@l")
    assert den.sent[0].child("x", ns.MUC_USER).child_text("password") == "tea"  # type: ignore[union-attr]  # none there: it fails


def test_in_a_room_of_members_admins_invite_and_members_where_they_may() -> None:
    den = three()
    den.admin(ANN, "jid='bob@l' affiliation='member'", "jid='cat@l' affiliation='admin'")
    den.open(membersonly="1")
    den.forget()
    refused("forbidden", invite, den, BOB, "dan@l")
    invite(den, CAT, "dan@l")
    assert den.room is not None
    assert den.room.affiliation(JID.parse("dan@l")) is MEMBER
    den.open(allowinvites="1")
    invite(den, BOB, "eve@l")
    assert den.room.affiliation(JID.parse("eve@l")) is MEMBER
    assert [one.get("to") for one in den.sent] == ["dan@l", "eve@l"]


def test_an_open_room_makes_no_members_of_those_who_are_invited() -> None:
    den = three()
    invite(den, BOB, "dan@l")
    assert den.room is not None
    assert den.room.affiliation(JID.parse("dan@l")) is NONE


def test_invitations_that_are_refused() -> None:
    den = three()
    refused("not-acceptable", invite, den, DAN, "eve@l")
    refused("jid-malformed", invite, den, BOB, "@")
    refused("policy-violation", invite, den, BOB, *["x@l"] * (MOST_INVITED + 1))
    den.admin(ANN, "jid='dan@l' affiliation='outcast'")
    refused("forbidden", invite, den, BOB, "dan@l")
    assert den.sent == []


def test_a_refusal_goes_to_who_has_invited_and_is_in_the_room() -> None:
    den = three()
    ask(den, DAN, "<decline to='bob@l'><reason>no</reason></decline>")
    [told] = den.told(BOB)
    found = told.child("x", ns.MUC_USER).child("decline")  # type: ignore[union-attr]  # none there: it fails
    assert found is not None
    assert (told.get("from"), found.get("from"), found.child_text("reason")) == (str(ROOM), "dan@l", "no")
    refused("item-not-found", ask, den, DAN, "<decline to='stranger@elsewhere'/>")
    refused("item-not-found", ask, den, DAN, "<decline to='l'/>")
    assert den.sent == []
    ask(den, DAN, f"<decline to='{ROOM}/cat'/>")
    assert len(den.told(CAT)) == 1


def test_what_asks_for_nothing_is_refused() -> None:
    den = three()
    refused("bad-request", den.send, BOB, f"<message to='{ROOM}'><body>x</body></message>")
    refused("not-acceptable", den.send, DAN, f"<message to='{ROOM}'><body>x</body></message>")


# -- §7.13, §8.6


def moderated() -> Den:
    den = Den(RoomConfig(moderated=True))
    den.join(ANN, "ann")
    den.open()
    den.join(BOB, "bob")
    den.join(CAT, "cat")
    den.forget()
    return den


def test_a_visitor_asks_for_voice_and_a_moderator_grants_it() -> None:
    den = moderated()
    assert form(den, BOB, role="participant") == []
    [asked] = den.told(ANN)
    assert den.told(CAT) == []
    shown = dataforms.find(asked, f"{ns.MUC}#request")
    assert shown is not None
    assert (shown.type, shown.value("muc#jid"), shown.value("muc#roomnick")) == ("form", BOB, "bob")
    form(den, ANN, role="participant", roomnick="bob", request_allow="true")
    assert item(den.told(BOB)[0])["role"] == item(den.told(CAT)[0])["role"] == "participant"
    assert den.room is not None
    assert den.room.role(JID.parse(BOB)) is Role.PARTICIPANT


def test_voice_that_is_not_granted() -> None:
    den = moderated()
    form(den, ANN, roomnick="bob", request_allow="0")
    refused("forbidden", form, den, CAT, roomnick="bob", request_allow="1")
    refused("item-not-found", form, den, ANN, roomnick="nobody", request_allow="1")
    refused("bad-request", form, den, BOB, role="moderator")
    refused("not-acceptable", form, den, DAN, role="participant")
    assert den.room is not None
    assert den.room.role(JID.parse(BOB)) is Role.VISITOR
    assert form(den, ANN, role="participant") == [], "who has voice asks in vain"
    assert den.told(ANN) == []
