"""Lists of a room, and changes of them: kicks, bans, voice, members, moderators, admins, owners."""

from __future__ import annotations

import pytest

from tests.support.muc_room import ANN, BOB, CAT, DAN, ROOM, Den, codes, item, refused, short, three
from xmpp_core import ns
from xmpp_core.element import Element
from xmpp_core.jid import JID
from xmpp_core.muc.roles import ADMIN, MEMBER, NONE, OUTCAST, OWNER, Role, RoomAffiliation
from xmpp_core.muc.room_admin import MOST_ITEMS
from xmpp_core.muc.room_config import RoomConfig


def affiliation(den: Den, jid: str) -> RoomAffiliation:
    assert den.room is not None
    return den.room.affiliation(JID.parse(jid))


def role(den: Den, jid: str) -> Role:
    assert den.room is not None
    return den.room.role(JID.parse(jid))


def listed(answer: list[Element]) -> list[dict[str, str]]:
    query = answer[-1].child("query", ns.MUC_ADMIN)
    assert query is not None
    return [dict(one.attrs) for one in query.elements("item")]


def of_four() -> Den:
    """Ann owns it, Bob is an admin, Cat a member, Dan nothing."""
    den = three()
    den.join(DAN, "dan")
    den.admin(ANN, "jid='bob@l' affiliation='admin'", "jid='cat@l' affiliation='member'")
    den.forget()
    return den


# -- kick: §8.2


def test_a_kick_is_told_to_the_kicked_then_to_the_moderator_then_to_the_others() -> None:
    den = of_four()
    own = den.admin(BOB, "nick='dan' role='none'|<reason>tea</reason>")
    assert short(own) == ["result", "dan unavailable"]
    [kicked] = den.told(DAN)
    assert codes(kicked) == [110, 307]
    [told] = den.told(CAT)
    assert (codes(told), item(told)["role"], item(told)["affiliation"]) == ([307], "none", "none")
    found = told.child("x", ns.MUC_USER).child("item")  # type: ignore[union-attr]  # none there: it fails
    assert found is not None
    assert found.child_text("reason") == "tea"
    assert found.child("actor").get("nick") == "bob"  # type: ignore[union-attr]  # none there: it fails
    assert role(den, DAN) is Role.NONE
    assert den.join(DAN, "dan"), "one may come back"


def test_kicks_that_are_refused() -> None:
    den = of_four()
    refused("forbidden", den.admin, DAN, "nick='cat' role='none'")
    refused("not-allowed", den.admin, BOB, "nick='ann' role='none'")
    refused("item-not-found", den.admin, BOB, "nick='nobody' role='none'")
    den.admin(ANN, "nick='dan' role='moderator'")
    refused("not-allowed", den.admin, DAN, "nick='cat' role='none'")
    refused("not-allowed", den.admin, DAN, "nick='bob' role='none'")
    den.admin(DAN, "nick='dan' role='none'")
    assert role(den, DAN) is Role.NONE, "one may kick oneself"


# -- voice: §8.3 to §8.5


def test_voice_is_taken_and_given() -> None:
    den = of_four()
    own = den.admin(BOB, "nick='dan' role='visitor'")
    assert short(own) == ["result", "dan presence"]
    assert item(den.told(DAN)[0])["role"] == item(den.told(CAT)[0])["role"] == "visitor"
    assert listed(den.admin(BOB, "role='visitor'", type_="get")) == [
        {"affiliation": "none", "role": "visitor", "nick": "dan", "jid": DAN}
    ]
    den.admin(BOB, "nick='dan' role='participant'")
    assert role(den, DAN) is Role.PARTICIPANT
    refused("not-allowed", den.admin, BOB, "nick='ann' role='visitor'")
    refused("not-allowed", den.admin, ANN, "nick='bob' role='visitor'")
    refused("forbidden", den.admin, CAT, "nick='dan' role='visitor'")
    refused("forbidden", den.admin, CAT, "role='participant'", type_="get")


# -- ban: §9.1, §9.2


def test_a_ban_removes_all_that_the_account_is_and_keeps_it_out() -> None:
    den = of_four()
    den.join("dan@l/other", "danny")
    den.forget()
    own = den.admin(BOB, "jid='dan@l' affiliation='outcast'|<reason>tea</reason>")
    assert short(own) == ["result", "dan unavailable", "danny unavailable"]
    assert [codes(one) for one in den.told(DAN)] == [[110, 301]]
    assert [codes(one) for one in den.told("dan@l/other")] == [[110, 301]]
    assert [(codes(one), item(one)["affiliation"]) for one in den.told(CAT)] == [([301], "outcast")] * 2
    refused("forbidden", den.join, DAN, "dan")
    assert listed(den.admin(BOB, "affiliation='outcast'", type_="get")) == [{"affiliation": "outcast", "jid": "dan@l"}]
    den.admin(BOB, "jid='dan@l' affiliation='none'")
    assert den.join(DAN, "dan")


def test_bans_that_are_refused() -> None:
    den = of_four()
    refused("forbidden", den.admin, CAT, "jid='dan@l' affiliation='outcast'")
    refused("forbidden", den.admin, DAN, "affiliation='outcast'", type_="get")
    refused("not-allowed", den.admin, BOB, "jid='ann@l' affiliation='outcast'")
    refused("conflict", den.admin, BOB, "jid='bob@l' affiliation='outcast'")
    refused("conflict", den.admin, ANN, "jid='ann@l' affiliation='outcast'")


def test_a_banned_member_has_no_nick_any_more() -> None:
    den = of_four()
    den.admin(ANN, "jid='eve@l' affiliation='member' nick='eve'")
    den.admin(ANN, "jid='eve@l' affiliation='outcast'")
    assert den.room is not None
    assert den.room.holder_of("eve") == ""


def test_of_many_changes_all_are_made_or_none() -> None:
    den = of_four()
    before = den.room
    refused(
        "not-allowed", den.admin, BOB, "jid='dan@l' affiliation='outcast'", "jid='ann@l' affiliation='outcast'"
    )  # fmt: skip
    assert den.room is before
    den.admin(BOB, "jid='dan@l' affiliation='outcast'", "jid='eve@l' affiliation='member'")
    assert (affiliation(den, "dan@l"), affiliation(den, "eve@l")) == (OUTCAST, MEMBER)


# -- members: §9.3 to §9.5


def test_a_member_is_made_and_is_no_more() -> None:
    den = of_four()
    assert short(den.admin(BOB, "jid='dan@l' affiliation='member'")) == ["result", "dan presence"]
    assert item(den.told(CAT)[0])["affiliation"] == "member"
    den.forget()
    den.admin(BOB, "jid='dan@l' affiliation='none'")
    assert (item(den.told(DAN)[0])["affiliation"], role(den, DAN)) == ("none", Role.PARTICIPANT)


def test_in_a_room_of_members_who_is_none_any_more_is_removed_by_one_presence() -> None:
    den = of_four()
    den.admin(ANN, "jid='dan@l' affiliation='member'")
    den.open(membersonly="1")
    den.forget()
    den.admin(ANN, "jid='dan@l' affiliation='none'")
    assert [(codes(one), one.get("type")) for one in den.told(DAN)] == [([110, 321], "unavailable")]
    assert [(codes(one), item(one)["affiliation"]) for one in den.told(CAT)] == [([321], "none")]
    den.admin(ANN, "jid='eve@l' affiliation='member'")
    [told] = den.sent
    assert (told.get("to"), told.child("x", ns.MUC_USER).child("invite").get("from")) == ("eve@l", "ann@l")  # type: ignore[union-attr]


def test_a_member_in_a_moderated_room_has_voice() -> None:
    den = Den(RoomConfig(moderated=True), None, "ann@l")
    den.join(ANN, "ann")
    den.join(DAN, "dan")
    assert role(den, DAN) is Role.VISITOR
    den.admin(ANN, "jid='dan@l' affiliation='member'")
    assert role(den, DAN) is Role.PARTICIPANT


def test_who_sees_which_list() -> None:
    den = of_four()
    for wanted in ("owner", "admin", "member", "outcast"):
        assert short(den.admin(ANN, f"affiliation='{wanted}'", type_="get")) == ["result"]
        low = wanted in ("member", "outcast")
        if low:
            den.admin(BOB, f"affiliation='{wanted}'", type_="get")
        else:
            refused("forbidden", den.admin, BOB, f"affiliation='{wanted}'", type_="get")
        refused("forbidden", den.admin, CAT, f"affiliation='{wanted}'", type_="get")
        refused("forbidden", den.admin, DAN, f"affiliation='{wanted}'", type_="get")


def test_where_addresses_are_no_secret_members_and_occupants_see_the_lists() -> None:
    den = of_four()
    den.open(whois="anyone")
    den.leave(CAT)
    for jid in (CAT, DAN):
        for wanted, names in (("owner", ["ann@l"]), ("admin", ["bob@l"]), ("member", ["cat@l"])):
            assert [one["jid"] for one in listed(den.admin(jid, f"affiliation='{wanted}'", type_="get"))] == names
        refused("forbidden", den.admin, jid, "affiliation='outcast'", type_="get")
    refused("forbidden", den.admin, "eve@l/1", "affiliation='member'", type_="get")


# -- moderators, admins, owners: §9.6 to §9.8, §10.3 to §10.8


def test_moderators_are_made_by_admins() -> None:
    den = of_four()
    refused("forbidden", den.admin, CAT, "nick='dan' role='moderator'")
    assert short(den.admin(BOB, "nick='dan' role='moderator'")) == ["result", "dan presence"]
    assert {one["nick"] for one in listed(den.admin(BOB, "role='moderator'", type_="get"))} == {"ann", "bob", "dan"}
    refused("forbidden", den.admin, DAN, "role='moderator'", type_="get")
    refused("not-allowed", den.admin, BOB, "nick='ann' role='participant'")
    den.admin(BOB, "nick='dan' role='participant'")
    assert role(den, DAN) is Role.PARTICIPANT


def test_owners_make_admins_and_owners() -> None:
    den = of_four()
    for after in ("admin", "owner"):
        for asker in (BOB, CAT, DAN):
            refused("forbidden", den.admin, asker, f"jid='dan@l' affiliation='{after}'")
        den.admin(ANN, f"jid='dan@l' affiliation='{after}'")
        assert (affiliation(den, "dan@l").word, role(den, DAN)) == (after, Role.MODERATOR)
    den.admin(ANN, "jid='dan@l' affiliation='none'")
    assert (affiliation(den, "dan@l"), role(den, DAN)) == (NONE, Role.PARTICIPANT)
    refused("forbidden", den.admin, BOB, "jid='ann@l' affiliation='none'")
    assert affiliation(den, "bob@l") is ADMIN


def test_the_last_owner_stays() -> None:
    den = of_four()
    refused("conflict", den.admin, ANN, "jid='ann@l' affiliation='admin'")
    den.admin(ANN, "jid='bob@l' affiliation='owner'", "jid='ann@l' affiliation='none'")
    assert (affiliation(den, "ann@l"), affiliation(den, "bob@l")) == (NONE, OWNER)


def test_an_affiliation_is_the_accounts_also_by_its_full_jid_or_nick() -> None:
    den = of_four()
    den.admin(ANN, f"jid='{DAN}' affiliation='member'")
    assert affiliation(den, "dan@l") is MEMBER
    den.admin(ANN, "nick='dan' affiliation='none'")
    assert affiliation(den, "dan@l") is NONE


# -- what is no request: §17.4


@pytest.mark.parametrize(
    ("attrs", "condition"),
    [
        ("nick='dan'", "bad-request"),
        ("nick='dan' role='none' affiliation='none'", "bad-request"),
        ("nick='dan' role='king'", "bad-request"),
        ("jid='dan@l' affiliation='king'", "bad-request"),
        ("affiliation='member'", "bad-request"),
        ("nick='nobody' affiliation='member'", "item-not-found"),
        ("jid='@' affiliation='member'", "jid-malformed"),
        ("jid='l' affiliation='member'", "jid-malformed"),
        ("jid='eve@l' affiliation='member' nick='dan'", "conflict"),
    ],
)
def test_what_is_wrong_with_an_item(attrs: str, condition: str) -> None:
    refused(condition, of_four().admin, ANN, attrs)


def test_items_have_a_number() -> None:
    den = of_four()
    refused("bad-request", den.ask, ANN, f"<query xmlns='{ns.MUC_ADMIN}'/>", "set")
    refused("bad-request", den.admin, ANN, *["nick='dan' role='visitor'"] * (MOST_ITEMS + 1))
    assert den.room is not None
    assert den.room.jid == ROOM
