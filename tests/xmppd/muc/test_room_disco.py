"""What service discovery says of the service and its rooms."""

from __future__ import annotations

from typing import Any

from tests.support.muc_client import RoomOnTheWire, condition
from xmpp_core import dataforms, ns
from xmpp_core.element import Element

SERVICE = "conference.localhost"


def query(client: Any, to: str, inside: str = "", what: str = ns.DISCO_ITEMS) -> Element:
    answer: Element = client.ask(f"<iq type='get' id='d' to='{to}'><query xmlns='{what}'>{inside}</query></iq>")
    found = answer.child("query", what)
    assert found is not None
    return found


def names(found: Element) -> list[str]:
    return [one.get("jid") or "" for one in found.elements("item")]


def test_the_service_is_found_and_says_what_it_is(server: Any) -> None:
    ann = server.client("ann")
    assert SERVICE in names(query(ann, "localhost"))
    text = query(ann, SERVICE, what=ns.DISCO_INFO).to_xml()
    assert "<identity category='conference' type='text'" in text
    for feature in (ns.MUC, ns.RSM, ns.DISCO_INFO, ns.DISCO_ITEMS):
        assert f"'{feature}'" in text
    assert (
        "<service-unavailable" in ann.ask(f"<iq type='get' id='x' to='{SERVICE}'><query xmlns='urn:x'/></iq>").to_xml()
    )


def test_rooms_are_listed_page_by_page_and_hidden_ones_are_not(server: Any) -> None:
    ann = server.client("lister")
    for name in ("page1", "page2", "page3"):
        RoomOnTheWire(server, name).members("lister", roomname=name.title())
    RoomOnTheWire(server, "page4").members("lister", publicroom="0")
    RoomOnTheWire(server, "page5").member("lister")  # locked
    found = [one for one in names(query(ann, SERVICE)) if one.startswith("page")]
    assert found == [f"page{number}@{SERVICE}" for number in (1, 2, 3)]
    first = query(ann, SERVICE, f"<set xmlns='{ns.RSM}'><max>1</max><after>page1@{SERVICE}</after></set>")
    assert names(first) == [f"page2@{SERVICE}"]
    set_ = first.child("set", ns.RSM)
    assert set_ is not None
    assert set_.child_text("last") == f"page2@{SERVICE}"
    last = query(ann, SERVICE, f"<set xmlns='{ns.RSM}'><max>2</max><before/></set>")
    assert names(last)[-1] == f"page3@{SERVICE}"
    assert [one.get("name") for one in last.elements("item")][-1] == "Page3"


def test_a_room_says_what_it_is(server: Any) -> None:
    den = RoomOnTheWire(server, "told")
    ann, _ = den.members("ann", "bob", roomname="Tea", membersonly="0", roomdesc="Talk")
    found = den.info(ann).child("query", ns.DISCO_INFO)
    assert found is not None
    features = {one.get("var") for one in found.elements("feature")}
    assert {
        ns.MUC, ns.MUC_STABLE_ID, ns.MUC_SELF_PING, ns.OCCUPANT_ID, ns.REGISTER, ns.STANZA_ID, ns.MAM, "muc_open",
        "muc_temporary", "muc_public", "muc_semianonymous", "muc_unmoderated", "muc_unsecured",
    } <= features  # fmt: skip
    form = dataforms.find(found)
    assert form is not None
    assert (form.value("muc#roominfo_description"), form.value("muc#roominfo_occupants")) == ("Talk", "2")
    assert found.child("identity").get("name") == "Tea"  # type: ignore[union-attr]  # none there: it fails


def test_nodes_of_a_room(server: Any) -> None:
    den = RoomOnTheWire(server, "nodes")
    ann, bob = den.members("ann", "bob")
    empty = den.info(bob, "x-roomuser-item").child("query", ns.DISCO_INFO)
    assert empty is not None
    assert list(empty.elements()) == []
    den.admin(ann, "<item jid='bob@localhost' affiliation='member' nick='bobby'/>")
    assert "name='bobby'" in den.info(bob, "x-roomuser-item").to_xml()
    assert condition(den.info(bob, f"{ns.MUC}#traffic")) == "service-unavailable"
    assert condition(den.info(bob, "nothing")) == "item-not-found"


def test_who_is_in_a_room_is_told_to_its_occupants(server: Any) -> None:
    den = RoomOnTheWire(server, "inside")
    ann, _ = den.members("ann", "bob")
    assert names(query(ann, den.jid)) == [f"{den.jid}/ann", f"{den.jid}/bob"]
    assert names(query(server.client("cat"), den.jid)) == []


def test_there_is_no_room_where_there_is_none(server: Any) -> None:
    ann = server.client("ann")
    den = RoomOnTheWire(server, "nowhere")
    assert condition(den.info(ann)) == "item-not-found"
    locked = RoomOnTheWire(server, "locked")
    owner = locked.member("ann")
    assert condition(locked.info(server.client("cat"))) == "item-not-found"
    assert condition(locked.info(owner)) == ""


def test_a_card_is_kept_and_shown_to_all(server: Any) -> None:
    den = RoomOnTheWire(server, "card")
    ann, bob = den.members("ann", "bob")
    assert "<vCard xmlns='vcard-temp'/>" in den.ask(bob, "get", f"<vCard xmlns='{ns.VCARD}'/>").to_xml()
    card = f"<vCard xmlns='{ns.VCARD}'><PHOTO><BINVAL>b25l</BINVAL></PHOTO></vCard>"
    assert condition(den.ask(bob, "set", card)) == "forbidden"
    assert den.ask(ann, "set", card).get("type") == "result"
    assert "b25l" in den.ask(server.client("cat"), "get", f"<vCard xmlns='{ns.VCARD}'/>").to_xml()
    assert "muc#roominfo_avatarhash" in den.info(bob).to_xml()
    assert (
        condition(RoomOnTheWire(server, "nowhere").ask(bob, "get", f"<vCard xmlns='{ns.VCARD}'/>")) == "item-not-found"
    )
