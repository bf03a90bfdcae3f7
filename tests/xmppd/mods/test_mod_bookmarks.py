"""Bookmarks in three places, on the wire."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.pep_client import befriend, come, error, events, iq, items, publish
from xmpp_core import ns
from xmpp_core.element import Element
from xmppd.mods import mod_bookmarks
from xmppd.mods.mod_private import PrivateXml
from xmppd.store import store
from xmppd.testing.thread import serve_in_thread

NODE, OLD = ns.BOOKMARKS, ns.BOOKMARKS_OLD
ALONE = {"persist_items": "true", "access_model": "whitelist"}
OPTIONS = {**ALONE, "max_items": "max", "send_last_published_item": "never"}
R1, R2, R3 = (f"r{i}@rooms.example" for i in (1, 2, 3))
EXTENSIONS = "<extensions><state xmlns='urn:mine' minimized='true'/></extensions>"
URL = "<url url='https://x.example/'/>"


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    with serve_in_thread() as server:
        yield server


def add(client: Any, jid: str, name: str = "", inner: str = "") -> None:
    """As a client of XEP-0402 does."""
    payload = f"<conference xmlns='{NODE}' name='{name}' autojoin='1'>{inner}</conference>"
    assert publish(client, NODE, payload, jid, **OPTIONS).get("type") == "result"


def old(*rooms: tuple[str, str], more: str = "") -> str:
    inner = "".join(f"<conference jid='{jid}' name='{name}' autojoin='true'/>" for jid, name in rooms)
    return f"<storage xmlns='{OLD}'>{inner}{more}</storage>"


def private(client: Any, kind: str, inner: str = f"<storage xmlns='{OLD}'/>") -> Element:
    found: Element = client.ask(f"<iq type='{kind}' id='p'><query xmlns='jabber:iq:private'>{inner}</query></iq>")
    return found


def shown(client: Any) -> list[tuple[str, str]]:
    """What a client of private XML sees."""
    query = private(client, "get").child("query", ns.PRIVATE)
    assert query is not None
    [storage] = query.elements()
    return [(one.get("jid") or "", one.get("name") or "") for one in storage.elements("conference")]


def listed(client: Any) -> list[tuple[str, str]]:
    """What a client of XEP-0048 sees in the node."""
    text = iq(client, "get", f"<items node='{OLD}'/>").to_xml()
    return [(jid, name) for jid, name in re.findall(r"<conference jid='([^']*)' name='([^']*)'", text)]


def features(client: Any) -> str:
    bare = client.jid.partition("/")[0]
    text: str = client.ask(
        f"<iq type='get' id='d' to='{bare}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"
    ).to_xml()
    return text


def test_what_others_look_for_is_announced(server: Any) -> None:
    ann = server.client("ann")
    for feature in (f"{NODE}#compat", f"{NODE}#compat-pep"):
        assert f"<feature var='{feature}'/>" in features(ann)


def test_an_item_stands_in_both_lists(server: Any) -> None:
    bea = server.client("bea")
    add(bea, R1, "One")
    add(bea, R2, "Two")
    assert shown(bea) == listed(bea) == [(R1, "One"), (R2, "Two")]
    iq(bea, "set", f"<retract node='{NODE}' notify='1'><item id='{R1}'/></retract>")
    assert shown(bea) == listed(bea) == [(R2, "Two")]
    iq(bea, "set", f"<delete node='{NODE}'/>", space=ns.PUBSUB_OWNER)
    assert listed(bea) == []


def test_a_list_in_private_xml_becomes_items(server: Any) -> None:
    cid, other = server.client("cid", "a"), server.client("cid", "b")
    add(cid, R1, "One", EXTENSIONS)
    add(cid, R2, "Two", EXTENSIONS)
    come(server, other, NODE)
    told = len(events(server, other))
    assert private(cid, "set", old((R1, "One"), (R2, "Second"), (R3, "Three"), more=URL)).get("type") == "result"
    assert sorted(items(cid, NODE)) == [R1, R2, R3]
    assert shown(cid) == [(R1, "One"), (R2, "Second"), (R3, "Three")]
    assert URL.partition(" ")[0] in private(cid, "get").to_xml(), "what is no room is kept"
    answer = iq(cid, "get", f"<items node='{NODE}'/>").to_xml()
    assert answer.count("<state xmlns='urn:mine' minimized='true'/>") == 2, "what others have put there is kept"
    assert sorted(re.findall(r"<item id='([^']+)'", "".join(events(server, other)[told:]))) == [R2, R3]
    private(cid, "set", old((R3, "Three")))
    news = "".join(events(server, other)[told + 2 :])
    assert sorted(re.findall(r"<retract id='([^']+)'", news)) == [R1, R2]
    assert "<item " not in news, "of what is as it was nobody is told"
    assert listed(cid) == [(R3, "Three")]


def test_a_list_in_the_older_node_becomes_items(server: Any) -> None:
    dot, other = server.client("dot", "a"), server.client("dot", "b")
    come(server, other, NODE, OLD)
    publish(dot, OLD, old((R1, "One"), (R2, "Two"), more=URL), "current", **ALONE)
    assert sorted(items(dot, NODE)) == [R1, R2]
    assert shown(dot) == [(R1, "One"), (R2, "Two")]
    assert len([text for text in events(server, other) if f"node='{OLD}'" in text]) == 1
    add(dot, R3, "Three")
    [_, news] = [text for text in events(server, other) if f"node='{OLD}'" in text]
    assert R3 in news
    assert "<url " in news
    publish(dot, OLD, old((R3, "Three")), "current", **ALONE)
    assert items(dot, NODE) == [R3]


def test_what_the_server_makes_is_for_the_owner_alone(server: Any) -> None:
    eve, fay = server.client("eve"), server.client("fay")
    befriend(server, eve, fay)
    come(server, fay, NODE, OLD)
    publish(eve, OLD, old((R1, "One")), "current")
    told = events(server, fay)
    publish(eve, NODE, f"<conference xmlns='{NODE}' name='Two'/>", R2)
    private(eve, "set", old((R1, "One"), (R2, "Two"), (R3, "Three")))
    assert sorted(items(eve, NODE)) == [R1, R2, R3]
    assert events(server, fay) == told
    for node in (NODE, OLD):
        assert error(iq(fay, "get", f"<items node='{node}'/>", "eve@localhost"))[0] == "not-allowed"


def test_a_node_that_the_client_has_made_for_one_item_holds_all(server: Any) -> None:
    gil = server.client("gil")
    publish(gil, NODE, f"<conference xmlns='{NODE}' name='One'/>", R1)
    private(gil, "set", old((R1, "One"), (R2, "Two"), (R3, "Three")))
    assert sorted(items(gil, NODE)) == [R1, R2, R3]


def test_deleting_the_older_node_takes_no_room_away(server: Any) -> None:
    hal = server.client("hal")
    add(hal, R1, "One")
    iq(hal, "set", f"<delete node='{OLD}'/>", space=ns.PUBSUB_OWNER)
    assert shown(hal) == [(R1, "One")]


def test_a_list_from_before_is_taken_over_at_login(server: Any) -> None:
    server.account("ida")

    async def keep() -> None:
        row = PrivateXml("localhost", "ida", OLD, "storage", old((R1, "One"), more=URL))
        await store.transaction(lambda tx: tx.write(row))

    server.run(keep)
    ida = server.client("ida")
    assert items(ida, NODE) == [R1]
    assert listed(ida) == [(R1, "One")]
    add(ida, R2, "Two")
    assert shown(ida) == [(R1, "One"), (R2, "Two")]


def test_other_private_xml_and_other_payloads_are_left_alone(server: Any) -> None:
    jan = server.client("jan")
    notes = "<storage xmlns='storage:rosternotes'><note jid='a@b'>x</note></storage>"
    private(jan, "set", notes)
    assert notes in private(jan, "get", "<storage xmlns='storage:rosternotes'/>").to_xml()
    publish(jan, OLD, "<x xmlns='urn:x'/>", "current")
    assert error(iq(jan, "get", f"<items node='{NODE}'/>"))[0] == "item-not-found"
    assert shown(jan) == []


def test_too_many_rooms_are_refused_and_what_does_not_fit_is_not_lost(server: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(mod_bookmarks, "MOST_ROOMS", 2)
    kay = server.client("kay")
    answer = private(kay, "set", old((R1, "1"), (R2, "2"), (R3, "3")))
    assert "<resource-constraint " in answer.to_xml()
    assert shown(kay) == []
    for jid in (R1, R2, R3):
        add(kay, jid, "x")
    assert "<resource-constraint " in private(kay, "get").to_xml()
    assert "<resource-constraint " in private(kay, "set", old()).to_xml()
    publish(kay, OLD, old(), "current", **ALONE)
    assert len(items(kay, NODE)) == 3


def test_private_data_of_others_cannot_be_read_and_options_are_preconditions(server: Any) -> None:
    """XEP-0223: the owner alone, and all devices of the owner that want to know."""
    lou, phone, mia = server.client("lou", "a"), server.client("lou", "b"), server.client("mia")
    befriend(server, lou, mia)
    for client in (phone, mia):
        come(server, client, "urn:mine")
    assert publish(lou, "urn:mine", "<x xmlns='urn:x'/>", "1", **ALONE).get("type") == "result"
    assert len(events(server, phone)) == 1
    assert not events(server, mia)
    assert error(iq(mia, "get", "<items node='urn:mine'/>", "lou@localhost")) == ("not-allowed", "closed-node")
    assert items(lou, "urn:mine") == ["1"]
    publish(lou, "urn:open", "<x xmlns='urn:x'/>", "1", access_model="open")
    answer = publish(lou, "urn:open", "<x xmlns='urn:x'/>", "2", **ALONE)
    assert error(answer) == ("conflict", "precondition-not-met")
