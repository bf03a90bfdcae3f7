"""The service at a domain of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.pep_client import error, iq, items, publish
from xmpp_core import ns
from xmppd.testing.thread import serve_in_thread

HOST = "nodes.localhost"


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    modules = {"mod_pubsub": {"domain": "nodes.{host}", "max_nodes": 2, "create": "accounts"}}
    with serve_in_thread(modules=modules, admins=("admin@localhost",), components={"bot.example": "s"}) as server:
        yield server


def test_accounts_make_nodes_and_others_do_not(server: Any) -> None:
    anna = server.client("anna")
    made = iq(anna, "set", "<create/>", HOST)
    name = made.child("pubsub", ns.PUBSUB).child("create").get("node")  # type: ignore[union-attr]
    assert name
    assert publish(anna, name, id_="1", to=HOST).get("type") == "result"
    assert publish(anna, "second", id_="1", to=HOST).get("type") == "result"
    assert error(publish(anna, "third", to=HOST)) == ("policy-violation", "max-nodes-exceeded")
    assert items(server.client("bert"), "second", HOST) == ["1"]
    bot = server.component("bot.example")
    create = f"<pubsub xmlns='{ns.PUBSUB}'><create node='x'/></pubsub>"
    bot.send(f"<iq type='set' id='c' from='bot.example' to='{HOST}'>{create}</iq>")
    assert "<forbidden" in bot.expect("<iq .*?</iq>")


def test_an_admin_owns_every_node(server: Any) -> None:
    carl, admin = server.client("carl"), server.client("admin")
    publish(carl, "his", id_="1", to=HOST)
    assert error(iq(server.client("dora"), "set", "<delete node='his'/>", HOST, ns.PUBSUB_OWNER)) == ("forbidden", "")
    assert iq(admin, "set", "<delete node='his'/>", HOST, ns.PUBSUB_OWNER).get("type") == "result"
    assert error(iq(carl, "get", "<items node='his'/>", HOST)) == ("item-not-found", "")


def test_it_is_found_and_says_what_it_can(server: Any) -> None:
    emil = server.client("emil")
    found = emil.ask(
        "<iq type='get' id='d' to='localhost'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>"
    )
    assert HOST in found.to_xml()
    info = emil.ask(f"<iq type='get' id='d' to='{HOST}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>")
    text = info.to_xml()
    assert "<identity category='pubsub' type='service'" in text
    for feature in ("publish-options", "access-authorize", "member-affiliation", "instant-nodes"):
        assert f"{ns.PUBSUB}#{feature}'" in text


def test_a_message_that_is_no_decision_is_refused(server: Any) -> None:
    fred = server.client("fred")
    fred.send(f"<message to='{HOST}'><body>hi</body></message>")
    assert "service-unavailable" in fred.expect("<message .*?</message>")
