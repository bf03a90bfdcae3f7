"""A room that is changed: nothing changes in place, and what is to be stored is told."""

from __future__ import annotations

from tests.support.muc_room import ANN, BOB, ROOM, Den, refused, three
from xmpp_core import ns
from xmpp_core.element import Element
from xmpp_core.jid import JID
from xmpp_core.muc.roles import MEMBER, NONE, OWNER, Role
from xmpp_core.muc.room import Affiliated, Said, Seat
from xmpp_core.muc.room_draft import KeepSaid, RoomDraft

SILENT = Element(ns.CLIENT, "presence")


def draft(den: Den | None = None) -> RoomDraft:
    room = (den or three()).room
    assert room is not None
    return RoomDraft(room, 1.0)


def test_the_room_itself_stays_as_it_was() -> None:
    den = three()
    before = den.room
    one = draft(den)
    one.unseat(JID.parse(BOB))
    one.affiliate("bob@l", MEMBER, "bobby")
    one.set_role("cat", Role.VISITOR)
    one.change(locked=True)
    assert den.room is before
    assert before is not None
    assert before.role(JID.parse(BOB)) is Role.PARTICIPANT
    assert before.affiliation(JID.parse(BOB)) is NONE
    after = one.done().room
    assert after is not None
    assert (after.role(JID.parse(BOB)), after.affiliation(JID.parse(BOB))) == (Role.NONE, MEMBER)


def test_what_is_to_be_stored_is_named() -> None:
    one = draft()
    one.unseat(JID.parse(BOB))
    one.seat("bobby", Seat(JID.parse(BOB), SILENT), Role.VISITOR)
    one.affiliate("cat@l", MEMBER)
    one.affiliate("cat@l", NONE)
    changes = one.done().changes
    assert changes.durable
    assert not changes.room
    assert changes.affiliated == {"cat@l": None}
    assert [seated and seated.nick for seated in changes.seated.values()] == ["bobby"]
    assert not changes.gone


def test_a_room_has_an_owner() -> None:
    one = draft()
    refused("conflict", one.affiliate, "ann@l", NONE)
    one.affiliate("bob@l", OWNER)
    one.affiliate("ann@l", NONE)
    assert one.room.owners() == ["bob@l"]


def test_a_reserved_nick_goes_with_its_affiliation() -> None:
    one = draft()
    one.affiliate("bob@l", MEMBER, "bobby")
    one.affiliate("bob@l", MEMBER)
    assert one.room.affiliations["bob@l"] == Affiliated(MEMBER, "bobby")
    one.affiliate("bob@l", NONE)
    assert one.room.holder_of("bobby") == ""


def test_a_session_is_under_one_nick_and_the_last_that_spoke_is_seen() -> None:
    one, jid = draft(), JID.parse(ANN)
    one.seat("ann", Seat(JID.parse("ann@l/2"), SILENT), Role.VISITOR)
    assert [seat.jid.full for seat in one.room.occupants["ann"].seats] == [ANN, "ann@l/2"]
    assert one.room.occupants["ann"].role is Role.MODERATOR
    one.seat("anna", Seat(jid, SILENT), Role.MODERATOR)
    assert [seat.jid.full for seat in one.room.occupants["ann"].seats] == ["ann@l/2"]
    assert one.room.occupant_of(jid) is one.room.occupants["anna"]


def test_history_has_its_length() -> None:
    one = draft()
    for number in range(30):
        one.keep(Said(number, 0.0, "ann", "ann@l", SILENT))
    one.keep(Said(99, 0.0, "ann", "ann@l", SILENT), shown=False)
    outcome = one.done()
    assert outcome.room is not None
    assert [said.seq for said in outcome.room.history] == list(range(10, 30))
    assert sum(isinstance(effect, KeepSaid) for effect in outcome.effects) == 31


def test_a_room_that_is_no_more() -> None:
    one = draft()
    one.destroy()
    outcome = one.done()
    assert outcome.room is None
    assert outcome.changes.gone
    assert one.room.jid == ROOM
