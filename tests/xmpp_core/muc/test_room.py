"""What is known of a room."""

from __future__ import annotations

from tests.support.muc_room import ANN, BOB, CAT, Den, three
from xmpp_core.jid import JID
from xmpp_core.muc.roles import NONE, OUTCAST, OWNER, Role
from xmpp_core.muc.room import MOST_WEIGHT, recent


def test_who_is_what() -> None:
    den = three()
    room = den.room
    assert room is not None
    assert room.affiliation(JID.parse(ANN)) is OWNER
    assert room.affiliation(JID.parse(BOB)) is NONE
    assert room.role(JID.parse(ANN)) is Role.MODERATOR
    assert room.role(JID.parse("ann@l/other")) is Role.NONE
    assert room.owners() == ["ann@l"]
    assert room.admins() == []
    assert [one.nick for one in room.occupants_of(JID.parse("bob@l"))] == ["bob"]
    assert {jid.full for jid in room.seats()} == {ANN, BOB, CAT}


def test_a_banned_domain_is_all_of_its_accounts() -> None:
    den = Den(None, None, "ann@l")
    den.join(ANN, "ann")
    den.admin(ANN, "jid='evil.example' affiliation='outcast'")
    assert den.room is not None
    assert den.room.affiliation(JID.parse("x@evil.example/1")) is OUTCAST
    assert den.room.affiliation(JID.parse("x@good.example/1")) is NONE


def test_occupant_ids_are_of_the_account_in_this_room_whatever_the_nick_is() -> None:
    room = three().room
    assert room is not None
    ids = {room.occupant_id(JID.parse(jid)) for jid in ("ann@l", "bob@l", "ann@l/2")}
    assert len(ids) == 2
    assert all(len(one) <= 128 for one in ids)
    other = Den(None, None, "ann@l").room
    assert other is not None
    assert other.occupant_id(JID.parse("ann@l")) in ids


def test_what_is_shown_to_who_enters_has_a_weight() -> None:
    den = three()
    den.open(**{"muc#maxhistoryfetch": "100"})
    for number in range(12):
        den.say(ANN, f"{number}", f"<x xmlns='urn:big'>{'x' * 100_000}</x>")
    assert den.room is not None
    kept = [one.message.get("id") for one in den.room.history]
    assert kept == [str(number) for number in range(12)][-len(kept) :]
    assert sum(one.weight for one in den.room.history) <= MOST_WEIGHT
    assert 5 < len(kept) < 12
    assert recent(den.room.history, 2) == den.room.history[-2:]
    assert recent(den.room.history, 0) == ()
