"""What a resource that has come is told of."""

from __future__ import annotations

from typing import Any

from tests.support.pep_client import befriend, come, events, publish


def test_the_last_items_of_the_contacts_that_may_be_read(server: Any) -> None:
    anna, bert, eve = server.client("anna"), server.client("bert"), server.client("eve")
    befriend(server, anna, bert)
    publish(anna, "all", id_="old", max_items="3")
    publish(anna, "all", id_="new")
    publish(anna, "own", access_model="whitelist")
    publish(anna, "never", send_last_published_item="never")
    publish(eve, "all", access_model="open")
    come(server, bert, "all", "own", "never")
    [event] = events(server, bert)
    assert "from='anna@localhost'" in event
    assert "<item id='new'>" in event
    anna2 = server.client("anna", "second")
    come(server, anna2, "all", "own", "never")
    assert sorted(event.split("node='")[1].split("'")[0] for event in events(server, anna2)) == ["all", "own"]


def test_a_node_that_keeps_nothing_has_its_last_item(server: Any) -> None:
    carl = server.client("carl")
    for id_ in ("1", "2"):
        publish(carl, "n", id_=id_, persist_items="0")
    second = server.client("carl", "second")
    come(server, second, "n")
    [event] = events(server, second)
    assert "<item id='2'>" in event
