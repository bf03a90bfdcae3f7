"""Who enters a room, what it gets then and in which order, how nicks change, and how a session leaves."""

from __future__ import annotations

import pytest

from tests.support.muc_room import ANN, BOB, CAT, DAN, ROOM, Den, codes, item, refused, short, three
from xmpp_core import ns
from xmpp_core.element import Element
from xmpp_core.muc.entering import MOST_PRESENCE, EntryRules
from xmpp_core.muc.roles import ADMIN, MEMBER, OUTCAST, Role, RoomAffiliation
from xmpp_core.muc.room_config import RoomConfig


def plain(den: Den, jid: str, nick: str, inside: str = "") -> list[Element]:
    return den.send(jid, f"<presence to='{ROOM}/{nick}'>{inside}</presence>")


# -- a new room: §10.1


def test_who_enters_first_makes_the_room_and_nobody_else_enters_before_it_is_configured() -> None:
    den = Den()
    own = den.join(ANN, "ann")
    assert short(own) == ["ann presence", "groupchat"]
    assert codes(own[0]) == [110, 170, 201]
    assert item(own[0]) == {"affiliation": "owner", "role": "moderator", "jid": ANN}
    refused("item-not-found", den.join, BOB, "bob")
    refused("item-not-found", den.say, BOB, "hello")
    den.open()
    assert codes(den.join(BOB, "bob")[1]) == [110, 170]


def test_a_room_goes_with_its_owner_before_it_is_configured() -> None:
    den = Den(RoomConfig(persistent=True))
    den.join(ANN, "ann")
    [gone] = den.leave(ANN)
    assert gone.child("x", ns.MUC_USER).child("destroy") is not None  # type: ignore[union-attr]  # none there: it fails
    assert den.room is None


# -- the order of what one gets: §7.1


def test_the_others_then_itself_then_messages_then_the_subject() -> None:
    den = three()
    den.say(BOB, "first")
    den.subject(ANN, "Tea")
    den.say(CAT, "second")
    own = den.join(DAN, "dan")
    assert short(own) == [
        "ann presence", "bob presence", "cat presence", "dan presence", "bob groupchat", "cat groupchat",
        "ann groupchat",
    ]  # fmt: skip
    assert [one.child_text("body") or one.child_text("subject") for one in own[4:]] == ["first", "second", "Tea"]
    assert all(one.child("delay", ns.DELAY) is not None for one in own[4:])


def test_the_others_see_who_comes() -> None:
    den = three()
    den.join(DAN, "dan", more="<show>away</show>")
    for jid in (ANN, BOB, CAT):
        [told] = den.told(jid)
        assert told.child_text("show") == "away"
        assert 110 not in codes(told)


# -- who may not: §7.2


def test_a_nick_is_needed() -> None:
    den = three()
    refused("jid-malformed", den.send, DAN, f"<presence to='{ROOM}'><x xmlns='{ns.MUC}'/></presence>")


def test_who_is_banned_does_not_enter() -> None:
    den = three()
    den.admin(ANN, "jid='dan@l' affiliation='outcast'")
    refused("forbidden", den.join, DAN, "dan")


def test_only_members_enter_a_room_of_members() -> None:
    den = three(RoomConfig(members_only=False))
    den.open(membersonly="1")
    refused("registration-required", den.join, DAN, "dan")
    den.admin(ANN, "jid='dan@l' affiliation='member'")
    assert item(den.join(DAN, "dan")[-2])["role"] == "participant"


def test_a_password_is_asked_for() -> None:
    den = three(RoomConfig())
    den.open(passwordprotectedroom="1", roomsecret="tea")
    refused("not-authorized", den.join, DAN, "dan")
    refused("not-authorized", den.join, DAN, "dan", "<password>coffee</password>")
    assert den.join(DAN, "dan", "<password>tea</password>")


def test_a_nick_is_one_accounts() -> None:
    den = three()
    refused("conflict", den.join, DAN, "bob")
    den.admin(ANN, "jid='eve@l' affiliation='member' nick='eve'")
    refused("conflict", den.join, DAN, "eve")
    refused("conflict", plain, den, BOB, "eve")
    assert den.join("eve@l/1", "eve")


def test_a_full_room_takes_owners_and_admins() -> None:
    den = Den(RoomConfig(max_users=3))
    den.join(ANN, "ann")
    den.open()
    den.admin(ANN, "jid='dan@l' affiliation='admin'", "jid='eve@l' affiliation='member'")
    den.join(BOB, "bob")
    den.join(CAT, "cat")
    refused("service-unavailable", den.join, "eve@l/1", "eve")
    assert item(den.join(DAN, "dan")[-2])["affiliation"] == "admin"
    assert den.join("bob@l/other", "bob"), "another session of one who is there"


def test_the_service_has_a_limit_of_its_own() -> None:
    den = Den(RoomConfig(max_users=100), EntryRules(most=2), "ann@l")
    den.join(BOB, "bob")
    den.join(CAT, "cat")
    refused("service-unavailable", den.join, DAN, "dan")


def test_presence_has_a_size() -> None:
    den = three()
    refused("policy-violation", den.join, DAN, "dan", "", f"<status>{'x' * MOST_PRESENCE}</status>")


@pytest.mark.parametrize(
    ("affiliation", "moderated", "role"),
    [
        (None, False, Role.PARTICIPANT), (None, True, Role.VISITOR), (MEMBER, True, Role.PARTICIPANT),
        (ADMIN, True, Role.MODERATOR), (ADMIN, False, Role.MODERATOR),
    ],
)  # fmt: skip
def test_the_role_of_who_enters(affiliation: RoomAffiliation | None, moderated: bool, role: Role) -> None:
    den = Den(RoomConfig(moderated=moderated), None, "ann@l")
    den.join(ANN, "ann")
    if affiliation is not None:
        den.admin(ANN, f"jid='dan@l' affiliation='{affiliation.word}'")
    assert item(den.join(DAN, "dan")[1])["role"] == role.word
    assert OUTCAST < MEMBER


# -- without <x/>: §7.2.18


def test_presence_of_who_is_not_there_is_answered_with_a_kick() -> None:
    den = three()
    [told] = plain(den, DAN, "dan")
    assert (told.get("type"), told.get("from")) == ("unavailable", f"{ROOM}/dan")
    assert codes(told) == [110, 307, 333]
    assert item(told) == {"affiliation": "none", "role": "none"}
    assert den.room is not None
    assert "dan" not in den.room.occupants
    assert den.told(ANN) == []


def test_with_legacy_join_it_enters() -> None:
    den = Den(None, EntryRules(legacy_join=True), "ann@l")
    assert short(plain(den, DAN, "dan")) == ["dan presence", "groupchat"]


# -- what it says of itself, and again


def test_what_it_says_is_told_to_all() -> None:
    den = three()
    for jid, shown in ((BOB, plain(den, BOB, "bob", "<show>away</show>")), (ANN, den.told(ANN)), (CAT, den.told(CAT))):
        [told] = shown
        assert told.child_text("show") == "away"
        assert (110 in codes(told)) is (jid == BOB)


def test_who_enters_again_is_told_everything_and_nobody_else_is() -> None:
    den = three()
    den.say(ANN, "hello")
    den.forget()
    own = den.join(BOB, "bob")
    assert short(own) == ["ann presence", "cat presence", "bob presence", "ann groupchat", "groupchat"]
    assert den.told(ANN) == []
    den.join(BOB, "bob", more="<show>dnd</show>")
    assert [one.child_text("show") for one in den.told(ANN)] == ["dnd"]


def test_two_sessions_are_one_occupant() -> None:
    den = three()
    own = den.join("bob@l/other", "bob")
    assert short(own) == ["ann presence", "cat presence", "bob presence", "groupchat"]
    assert den.told(ANN) == [], "the same presence: nothing new"
    den.say(ANN, "hello")
    assert short(den.told(BOB)) == short(den.told("bob@l/other")) == ["ann groupchat"]
    den.forget()
    [gone] = den.leave("bob@l/other")
    assert codes(gone) == [110]
    assert den.told(ANN) == den.told(BOB) == [], "the other session is still there"
    [gone] = den.leave(BOB)
    assert short(den.told(ANN)) == ["bob unavailable"]


def test_what_the_last_session_says_is_seen_and_when_it_goes_what_the_other_said() -> None:
    den = three()
    den.join("bob@l/other", "bob", more="<show>xa</show>")
    assert [one.child_text("show") for one in den.told(ANN)] == ["xa"]
    den.leave("bob@l/other")
    assert [one.child_text("show") for one in den.told(ANN)] == [None]


# -- nicks: §7.6


def test_a_new_nick() -> None:
    den = three()
    own = plain(den, BOB, "bobby")
    assert short(own) == ["bob unavailable", "bobby presence"]
    assert [codes(one) for one in own] == [[110, 303], [110]]
    assert item(own[0])["nick"] == "bobby"
    theirs = den.told(CAT)
    assert short(theirs) == ["bob unavailable", "bobby presence"]
    assert codes(theirs[0]) == [303]
    refused("conflict", plain, den, BOB, "cat")


def test_one_of_two_sessions_takes_another_nick() -> None:
    den = three()
    den.join("bob@l/other", "bob")
    den.forget()
    told = plain(den, "bob@l/other", "bobby")
    assert short(told) == ["bob unavailable", "bob presence", "bobby presence"], "its other session stays"
    assert [codes(one) for one in told] == [[110, 303], [], [110]]
    assert short(den.told(ANN)) == ["bobby presence"]
    den.forget()
    assert short(plain(den, "bob@l/other", "bob")) == ["bobby unavailable", "bob presence"]
    assert short(den.told(ANN)) == ["bobby unavailable"]


# -- leaving: §7.14


def test_who_leaves_says_goodbye() -> None:
    den = three()
    own = den.send(BOB, f"<presence to='{ROOM}/bob' type='unavailable'><status>tea</status></presence>")
    assert (codes(own[0]), item(own[0])["role"]) == ([110], "none")
    [told] = den.told(ANN)
    assert (told.child_text("status"), item(told)["role"], codes(told)) == ("tea", "none", [])
    assert den.leave(BOB) == [], "who is not there is not heard"


def test_a_temporary_room_goes_with_the_last_and_a_persistent_one_stays() -> None:
    for persistent in (False, True):
        den = three(RoomConfig(persistent=persistent))
        for jid in (ANN, BOB, CAT):
            den.leave(jid)
        assert (den.room is not None) is persistent


def test_other_types_of_presence_are_no_business_of_a_room() -> None:
    den = three()
    before = den.room
    for type_ in ("probe", "subscribe", "unsubscribed"):
        assert den.send(DAN, f"<presence to='{ROOM}/bob' type='{type_}'/>") == []
    assert den.room == before
