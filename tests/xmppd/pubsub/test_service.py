"""The engine: what strangers learn, what answers hold, what expires."""

from __future__ import annotations

from typing import Any

from tests.support.pep_client import befriend, error, iq, items, publish
from xmppd.pubsub import service


def test_a_stranger_learns_nothing_of_accounts_and_nodes(server: Any) -> None:
    anna, eve, friend = server.client("anna"), server.client("eve"), server.client("friend")
    befriend(server, anna, friend)
    publish(anna, "presence")
    publish(anna, "whitelist", access_model="whitelist")
    publish(anna, "open", id_="1", access_model="open")
    told = {
        error(iq(eve, "get", f"<items node='{node}'/>", f"{user}@localhost"))
        for user in ("anna", "nobody")
        for node in ("presence", "whitelist", "none")
    }
    assert told == {("not-authorized", "presence-subscription-required")}
    assert items(eve, "open", "anna@localhost") == ["1"]
    assert error(iq(friend, "get", "<items node='whitelist'/>", "anna@localhost")) == ("not-allowed", "closed-node")
    assert error(iq(friend, "get", "<items node='none'/>", "anna@localhost")) == ("item-not-found", "")
    assert len(items(friend, "presence", "anna@localhost")) == 1


def test_an_answer_holds_what_fits_and_says_so(server: Any) -> None:
    bert = server.client("bert")
    large = f"<x xmlns='urn:x'>{'x' * 150_000}</x>"
    for i in range(7):
        assert publish(bert, "n", large, str(i), max_items="max").get("type") == "result"
    assert service.ANSWER_OCTETS // 150_000 == 5
    assert items(bert, "n") == ["2", "3", "4", "5", "6"]
    page = "<set xmlns='http://jabber.org/protocol/rsm'><max>7</max></set>"
    assert items(bert, "n", after=page) == ["0", "1", "2", "3", "4"]
    too_large = publish(bert, "n", f"<x xmlns='urn:x'>{'x' * 200_000}</x>")
    assert error(too_large) == ("not-acceptable", "payload-too-big")


def test_items_expire(server: Any) -> None:
    carl = server.client("carl")
    publish(carl, "n", id_="old", max_items="5", item_expire="60")
    server.clock.advance(30)
    publish(carl, "n", id_="new")
    server.clock.advance(31)
    assert items(carl, "n") == ["new"]
    assert error(iq(carl, "get", "<items node='n'><item id='old'/></items>"))[0] == "item-not-found"
