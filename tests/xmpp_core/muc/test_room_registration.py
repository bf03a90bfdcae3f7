"""Accounts that register with a room: members, with a nick of their own."""

from __future__ import annotations

from tests.support.muc_room import ANN, BOB, DAN, Den, item, refused, short, three
from xmpp_core import ns
from xmpp_core.element import Element
from xmpp_core.jid import JID
from xmpp_core.muc import room_registration
from xmpp_core.muc.roles import MEMBER, NONE, OWNER


def get(den: Den, jid: str) -> Element:
    query = den.ask(jid, f"<query xmlns='{ns.REGISTER}'/>")[-1].child("query", ns.REGISTER)
    assert query is not None
    return query


def register(den: Den, jid: str, nick: str) -> list[Element]:
    field = f"<field var='muc#register_roomnick'><value>{nick}</value></field>"
    hidden = f"<field var='FORM_TYPE'><value>{ns.MUC}#register</value></field>"
    form = f"<x xmlns='{ns.DATA_FORMS}' type='submit'>{hidden}{field}</x>"
    return den.ask(jid, f"<query xmlns='{ns.REGISTER}'>{form}</query>", "set")


def remove(den: Den, jid: str) -> list[Element]:
    return den.ask(jid, f"<query xmlns='{ns.REGISTER}'><remove/></query>", "set")


def test_an_account_registers_and_is_a_member_with_its_nick() -> None:
    den = three()
    assert get(den, BOB).child("x", ns.DATA_FORMS) is not None
    assert short(register(den, BOB, "bob")) == ["result", "bob presence"]
    assert den.room is not None
    assert den.room.affiliation(JID.parse(BOB)) is MEMBER
    assert item(den.told(ANN)[0])["affiliation"] == "member"
    told = get(den, BOB)
    assert told.child("registered") is not None
    assert told.child_text("username") == "bob"
    found = room_registration.reserved(den.room, JID.parse(BOB))
    assert found is not None
    assert found.get("name") == "bob"
    assert room_registration.reserved(den.room, JID.parse(DAN)) is None
    refused("conflict", den.join, DAN, "bob")


def test_who_owns_the_room_stays_its_owner() -> None:
    den = three()
    register(den, ANN, "queen")
    assert den.room is not None
    assert den.room.affiliation(JID.parse(ANN)) is OWNER
    assert den.room.reserved_nick(JID.parse(ANN)) == "queen"
    remove(den, ANN)
    assert den.room.affiliation(JID.parse(ANN)) is OWNER
    assert den.room.reserved_nick(JID.parse(ANN)) == ""


def test_registrations_that_are_refused() -> None:
    den = three()
    register(den, BOB, "bobby")
    refused("conflict", register, den, DAN, "bobby")
    refused("conflict", register, den, DAN, "cat")
    refused("bad-request", register, den, DAN, "  ")
    refused("bad-request", den.ask, DAN, f"<query xmlns='{ns.REGISTER}'/>", "set")
    refused("registration-required", remove, den, DAN)
    den.admin(ANN, "jid='dan@l' affiliation='outcast'")
    refused("not-allowed", get, den, DAN)
    den.open(membersonly="1")
    refused("not-allowed", register, den, "eve@l/1", "eve")
    assert register(den, BOB, "b"), "who is a member may choose a nick"


def test_who_leaves_the_register_is_no_member() -> None:
    den = three()
    register(den, BOB, "bob")
    den.forget()
    assert short(remove(den, BOB)) == ["result", "bob presence"]
    assert den.room is not None
    assert den.room.affiliation(JID.parse(BOB)) is NONE
    assert den.room.holder_of("bob") == ""
