"""mod_pep — where nodes of accounts have gone wrong elsewhere, and what clients rely on without asking."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.pep_client import befriend, come, error, events, iq, items, publish
from xmpp_core import ns
from xmppd.testing.thread import serve_in_thread


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    with serve_in_thread() as server:
        yield server


def test_a_node_that_is_made_by_publishing_is_what_clients_expect(server: Any) -> None:
    anna = server.client("anna")
    for id_ in ("1", "2"):
        publish(anna, "n", id_=id_)
    assert items(anna, "n") == ["2"]
    text = iq(anna, "get", "<configure node='n'/>", space=ns.PUBSUB_OWNER).to_xml()
    found = dict(re.findall(r"<field var='pubsub#(\w+)'[^>]*>(?:(?!</field>|<value>).)*<value>([^<]*)</value>", text))
    wanted = {
        "access_model": "presence", "persist_items": "1", "max_items": "1", "deliver_payloads": "1",
        "send_last_published_item": "on_sub_and_presence", "notify_retract": "1",
    }  # fmt: skip
    assert {name: found.get(name) for name in wanted} == wanted


def test_who_subscribes_and_wants_to_be_told_is_told_once(server: Any) -> None:
    bert, cora = server.client("bert"), server.client("cora")
    befriend(server, bert, cora)
    for client in (bert, cora):
        come(server, client, "n")
    publish(bert, "n", id_="1")
    asked = iq(cora, "set", "<subscribe node='n' jid='cora@localhost'/>", "bert@localhost")
    assert asked.get("type") == "result"
    told = len(events(server, cora))
    publish(bert, "n", id_="2")
    assert len(events(server, cora)) == told + 1


def test_the_device_that_publishes_is_told_too(server: Any) -> None:
    dora = server.client("dora")
    come(server, dora, "n")
    dora.send(
        f"<iq type='set' id='echo'><pubsub xmlns='{ns.PUBSUB}'><publish node='n'><item id='1'><x xmlns='urn:x'/></item>"
        "</publish></pubsub></iq>"
    )
    [event] = events(server, dora)
    assert f"to='{dora.jid}'" in event


def test_who_leaves_the_group_reads_no_more(server: Any) -> None:
    emil, fay = server.client("emil"), server.client("fay")
    befriend(server, emil, fay)
    group = "<iq type='set' id='{}'><query xmlns='jabber:iq:roster'><item jid='fay@localhost'>{}</item></query></iq>"
    emil.ask(group.format("in", "<group>Kin</group>"))
    for client in (emil, fay):
        come(server, client, "n")
    publish(emil, "n", id_="1", access_model="roster", roster_groups_allowed="Kin", max_items="5")
    assert items(fay, "n", "emil@localhost") == ["1"]
    told = len(events(server, fay))
    emil.ask(group.format("out", ""))
    publish(emil, "n", id_="2")
    assert len(events(server, fay)) == told
    refused = error(iq(fay, "get", "<items node='n'/>", "emil@localhost"))
    assert refused == ("not-authorized", "not-in-roster-group")


def test_a_full_node_refuses_where_it_is_to(server: Any) -> None:
    gus = server.client("gus")
    publish(gus, "n", id_="1", max_items="1", publish_node_full="reject")
    assert error(publish(gus, "n", id_="2")) == ("conflict", "node-full")
    assert publish(gus, "n", id_="1").get("type") == "result", "the same id takes no room"
    assert items(gus, "n") == ["1"]
