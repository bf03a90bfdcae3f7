"""Nodes of accounts, on the wire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.pep_client import befriend, come, error, events, iq, items, publish
from xmpp_core import ns
from xmppd.testing.thread import serve_in_thread

MOOD = "http://jabber.org/protocol/mood"


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    with serve_in_thread() as server:
        yield server


def test_a_publication_reaches_the_owner_and_the_contacts_that_want_it(server: Any) -> None:
    romeo, phone = server.client("romeo", "desk"), server.client("romeo", "phone")
    juliet, other = server.client("juliet", "balcony"), server.client("juliet", "tower")
    befriend(server, romeo, juliet)
    for client, nodes in ((romeo, (MOOD,)), (phone, ()), (juliet, (MOOD,)), (other, ("urn:other",))):
        come(server, client, *nodes)
    answer = publish(romeo, MOOD, f"<mood xmlns='{MOOD}'><happy/></mood>", "m1")
    assert answer.get("type") == "result"
    for client in (romeo, juliet):
        [event] = events(server, client)
        assert f"from='romeo@localhost' to='{client.jid}'" in event
        assert "type='headline'" in event
        assert f"<items node='{MOOD}'><item id='m1'><mood xmlns='{MOOD}'><happy/></mood></item></items>" in event
    assert not events(server, phone)
    assert not events(server, other)
    assert items(juliet, MOOD, "romeo@localhost") == ["m1"]
    stranger = server.client("paris")
    assert error(iq(stranger, "get", f"<items node='{MOOD}'/>", "romeo@localhost")) == (
        "not-authorized", "presence-subscription-required",
    )  # fmt: skip


def test_what_monal_and_others_look_for_is_announced(server: Any) -> None:
    """Section 8 of what clients lean on: without one of these they take an account for one without nodes."""
    kim = server.client("kim")
    text = kim.ask(
        "<iq type='get' id='d' to='kim@localhost'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"
    ).to_xml()
    assert "<identity category='pubsub' type='pep'/>" in text
    for feature in (
        "filtered-notifications", "publish-options", "publish", "subscribe", "create-nodes", "delete-items",
        "delete-nodes", "persistent-items", "retrieve-items", "auto-create", "item-ids", "multi-items",
        "config-node-max",
    ):  # fmt: skip
        assert f"<feature var='{ns.PUBSUB}#{feature}'/>" in text


def test_nodes_go_with_the_account(server: Any) -> None:
    lee = server.client("lee")
    publish(lee, "n", access_model="open")
    server.command("user del", user="lee@localhost")
    again = server.client("lee", "again")
    assert error(iq(again, "get", "<items node='n'/>")) == ("item-not-found", "")


def test_a_contact_that_is_none_any_more_is_told_nothing(server: Any) -> None:
    mia, ned = server.client("mia"), server.client("ned")
    befriend(server, mia, ned)
    for client in (mia, ned):
        come(server, client, "n")
    publish(mia, "n", id_="1")
    iq(ned, "set", "<subscribe node='n' jid='ned@localhost'/>", "mia@localhost")
    told = len(events(server, ned))
    mia.send("<presence to='ned@localhost' type='unsubscribed'/>")
    server.settle()
    publish(mia, "n", id_="2")
    assert len(events(server, ned)) == told
    assert error(iq(ned, "get", "<items node='n'/>", "mia@localhost")) == (
        "not-authorized", "presence-subscription-required",
    )  # fmt: skip


def test_a_publisher_that_is_not_the_owner_is_named(server: Any) -> None:
    olga, pia = server.client("olga"), server.client("pia")
    befriend(server, olga, pia)
    come(server, olga, "wall")
    publish(olga, "wall", id_="1", publish_model="open", max_items="5")
    assert publish(pia, "wall", id_="2", to="olga@localhost").get("type") == "result"
    first, second = events(server, olga)
    assert "publisher" not in first
    assert "<item id='2' publisher='pia@localhost'>" in second
    assert error(iq(pia, "set", "<retract node='wall'><item id='1'/></retract>", "olga@localhost")) == ("forbidden", "")
    own = "<retract node='wall'><item id='2'/></retract>"
    assert iq(pia, "set", own, "olga@localhost").get("type") == "result"
