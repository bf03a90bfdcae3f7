"""Presence as a room sends it: to each as it may see it."""

from __future__ import annotations

from tests.support.muc_room import ANN, BOB, CAT, Den, codes, item, short, three
from xmpp_core import ns
from xmpp_core.muc import muc_presence
from xmpp_core.muc.room_config import RoomConfig


def test_moderators_see_addresses_and_others_do_not() -> None:
    den = three()
    own = den.join("dan@l/4", "dan")
    assert item(den.told(ANN)[0])["jid"] == "dan@l/4"
    assert "jid" not in item(den.told(BOB)[0])
    assert ["jid" in item(one) for one in own if one.name == "presence"] == [False, False, False, True]


def test_all_see_addresses_in_a_non_anonymous_room() -> None:
    den = three(RoomConfig(whois="anyone"))
    own = den.join("dan@l/4", "dan")
    assert item(den.told(BOB)[0])["jid"] == "dan@l/4"
    assert all("jid" in item(one) for one in own if one.name == "presence")
    assert codes(own[3]) == [100, 110, 170]


def test_everything_has_the_rooms_occupant_id_and_not_a_clients() -> None:
    den = three()
    mark = f"<occupant-id xmlns='{ns.OCCUPANT_ID}' id='forged'/>"
    xml = f"<presence to='den@conference.l/bob'><status>x</status>{mark}</presence>"
    den.send(BOB, xml)
    [told] = den.told(CAT)
    marks = [one.get("id") for one in told.elements("occupant-id", ns.OCCUPANT_ID)]
    assert den.room is not None
    assert marks == [den.room.occupant_id(den.room.occupants["bob"].user)]


def test_what_only_rooms_say_is_taken_out_of_a_clients_presence() -> None:
    xml = (
        f"<presence to='den@conference.l/bob'><show>away</show><x xmlns='{ns.MUC_USER}'><item role='moderator'/></x>"
        "<c xmlns='urn:own'/></presence>"
    )
    den = three()
    den.send(BOB, xml)
    [told] = den.told(CAT)
    assert [child.name for child in told.elements()] == ["show", "c", "occupant-id", "x"]
    assert item(told)["role"] == "participant"


def test_presence_of_roles_that_are_not_shown_is_told_to_nobody_else() -> None:
    den = three(RoomConfig(broadcast=("moderator",)))
    own = den.join("dan@l/4", "dan")
    assert short(own) == ["ann presence", "dan presence", "groupchat"]
    assert den.told(BOB) == den.told(ANN) == []
    den.admin(ANN, "nick='dan' role='moderator'")
    assert short(den.told(BOB)) == ["dan presence"]
    den.forget()
    den.admin(ANN, "nick='dan' role='participant'")
    assert short(den.told(BOB)) == ["dan unavailable"]
    assert short(den.told("dan@l/4")) == ["dan presence"]


def test_cleaned_keeps_the_language() -> None:
    den = Den(None, None, "ann@l")
    den.send(ANN, f"<presence to='den@conference.l/ann' xml:lang='de'><x xmlns='{ns.MUC}'/></presence>")
    assert den.room is not None
    assert den.room.occupants["ann"].presence.attrs == {"xml:lang": "de"}
    assert muc_presence.PLAIN.codes == ()
