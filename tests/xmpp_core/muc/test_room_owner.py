"""The form of a room, what follows of a change, and the end of a room."""

from __future__ import annotations

from tests.support.muc_room import ANN, BOB, CAT, DAN, Den, codes, item, refused, short, submit, three
from xmpp_core import dataforms, ns
from xmpp_core.element import Element
from xmpp_core.jid import JID
from xmpp_core.muc.roles import ADMIN, NONE, OWNER, Role
from xmpp_core.muc.room_config import RoomConfig
from xmpp_core.muc.room_draft import RoomDraft
from xmpp_core.muc.room_owner import configure


def form(answer: list[Element]) -> dataforms.Form:
    query = answer[0].child("query", ns.MUC_OWNER)
    assert query is not None
    found = query.child("x", ns.DATA_FORMS)
    assert found is not None
    return dataforms.parse(found)


def test_the_form_is_for_owners_and_says_what_is_in_force() -> None:
    den = three()
    den.open(roomname="Den", roomsecret="tea")
    den.admin(ANN, "jid='bob@l' affiliation='admin'")
    refused("forbidden", den.owner, BOB, "", "get")
    refused("forbidden", den.owner, DAN, "", "get")
    refused("forbidden", den.owner, BOB, submit({"roomname": "x"}))
    found = form(den.owner(ANN, "", "get")[-1:])
    assert (found.value("muc#roomconfig_roomname"), found.value("muc#roomconfig_roomsecret")) == ("Den", "tea")
    assert found.value("muc#roomconfig_roomadmins") == "bob@l"
    assert found.value("muc#roomconfig_roomowners") == "ann@l"


def test_a_new_room_is_open_when_the_form_comes_back_and_gone_if_it_is_cancelled() -> None:
    den = Den(RoomConfig(persistent=True))
    den.join(ANN, "ann")
    assert short(den.open(roomname="Tea")) == ["result"], "nobody is told of changes before"
    assert den.room is not None
    assert (den.room.locked, den.room.config.name) == (False, "Tea")
    other = Den()
    other.join(ANN, "ann")
    assert [one.name for one in other.owner(ANN, submit(type_="cancel"))] == ["presence", "iq"]
    assert other.room is None


def test_a_later_form_that_is_cancelled_changes_nothing() -> None:
    den = three()
    before = den.room
    assert short(den.owner(ANN, submit(type_="cancel"))) == ["result"]
    assert den.room == before


def test_what_cannot_be_leaves_the_room_as_it_was() -> None:
    den = three()
    before = den.room
    refused("not-acceptable", den.owner, ANN, submit({"passwordprotectedroom": "1"}))
    refused("bad-request", den.owner, ANN, "")
    refused("bad-request", den.owner, ANN, submit(type_="form"))
    refused("jid-malformed", den.owner, ANN, submit({"roomowners": ("ann@l", "@")}))
    assert den.room is before


def test_all_are_told_of_a_change_by_its_codes() -> None:
    den = three()
    own = den.open(whois="anyone", roomname="Tea", enablearchiving="0")
    for shown in (own, den.told(BOB), den.told(CAT)):
        told = shown[-1]
        assert (told.get("from"), told.get("type"), codes(told)) == ("den@conference.l", "groupchat", [171, 172, 104])
    den.open(whois="anyone")
    assert den.told(BOB) == [], "nothing has changed"


def test_who_is_no_member_leaves_a_room_that_is_for_members_now() -> None:
    den = three()
    den.admin(ANN, "jid='cat@l' affiliation='member'")
    den.forget()
    den.open(membersonly="1")
    assert [(codes(one), one.get("type")) for one in den.told(BOB)] == [([110, 322], "unavailable")]
    assert [codes(one) for one in den.told(CAT)] == [[322], [104]]
    assert den.room is not None
    assert set(den.room.occupants) == {"ann", "cat"}


def test_a_room_that_is_moderated_now_has_visitors() -> None:
    den = three()
    den.open(moderatedroom="1")
    assert den.room is not None
    assert [one.role for one in den.room.occupants.values()] == [Role.MODERATOR, Role.VISITOR, Role.VISITOR]
    den.open(moderatedroom="0")
    assert [one.role for one in den.room.occupants.values()] == [Role.MODERATOR, Role.PARTICIPANT, Role.PARTICIPANT]


def test_the_form_has_the_whole_lists_of_admins_and_owners() -> None:
    den = three()
    den.open(roomadmins=("bob@l",), roomowners=("ann@l", "cat@l"))
    room = den.room
    assert room is not None
    assert [room.affiliation(JID.parse(jid)) for jid in ("ann@l", "bob@l", "cat@l")] == [OWNER, ADMIN, OWNER]
    assert [item(one)["role"] for one in den.told(BOB) if item(one)][-1] == "moderator"
    den.forget()
    den.open(roomadmins=(), roomowners=("ann@l",))
    room = den.room
    assert room is not None
    assert [room.affiliation(JID.parse(jid)) for jid in ("bob@l", "cat@l")] == [NONE, NONE]
    assert [item(one)["role"] for one in den.told(BOB) if item(one)][-1] == "participant"
    refused("conflict", den.owner, ANN, submit({"roomowners": ()}))


def test_a_shorter_history_forgets_the_rest() -> None:
    den = three()
    for text in "abc":
        den.say(ANN, text)
    den.open(**{"muc#maxhistoryfetch": "2"})
    assert den.room is not None
    assert [one.message.get("id") for one in den.room.history] == ["b", "c"]


def test_the_end_of_a_room_is_told_once_to_each() -> None:
    den = three()
    refused("forbidden", den.owner, BOB, "<destroy/>")
    destroy = "<destroy jid='attic@conference.l'><password>p</password><reason>tea</reason></destroy>"
    own = den.owner(ANN, destroy)
    assert short(own) == ["ann unavailable", "result"]
    for jid, nick in ((BOB, "bob"), (CAT, "cat")):
        [told] = den.told(jid)
        assert short([told]) == [f"{nick} unavailable"]
        found = told.child("x", ns.MUC_USER).child("destroy")  # type: ignore[union-attr]  # none there: it fails
        assert found is not None
        assert (found.get("jid"), found.child_text("password"), found.child_text("reason")) == (
            "attic@conference.l",
            "p",
            "tea",
        )
    assert den.room is None
    refused("jid-malformed", three().owner, ANN, "<destroy jid='@'/>")


def test_an_operator_configures_a_room() -> None:
    den = three()
    assert den.room is not None
    draft = RoomDraft(den.room, 1.0)
    configure(draft, RoomConfig(name="Tea"))
    den.take(draft.done())
    assert codes(den.told(BOB)[0]) == [104]
    assert den.room.config.name == "Tea"
