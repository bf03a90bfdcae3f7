"""Which nodes there are."""

from __future__ import annotations

from typing import Any

from tests.support.pep_client import befriend, publish


def disco(client: Any, what: str, to: str, node: str = "") -> str:
    mark = f" node='{node}'" if node else ""
    query = f"<query xmlns='http://jabber.org/protocol/disco#{what}'{mark}/>"
    found: str = client.ask(f"<iq type='get' id='d' to='{to}'>{query}</iq>").to_xml()
    return found


def test_who_may_read_a_node_sees_it(server: Any) -> None:
    anna, bert, eve = server.client("anna"), server.client("bert"), server.client("eve")
    befriend(server, anna, bert)
    publish(anna, "shown", id_="first", title="A title")
    publish(anna, "hidden", access_model="whitelist")
    seen = disco(bert, "items", "anna@localhost")
    assert "node='shown' name='A title'" in seen
    assert "hidden" not in seen
    assert "hidden" in disco(anna, "items", "anna@localhost")
    assert "name='first'" in disco(bert, "items", "anna@localhost", "shown")
    assert "item-not-found" in disco(bert, "items", "anna@localhost", "hidden")
    assert "node" not in disco(eve, "items", "anna@localhost")
    info = disco(bert, "info", "anna@localhost", "shown")
    assert "<identity category='pubsub' type='leaf'/>" in info
    assert "#meta-data</value>" in info
    assert "<field var='pubsub#num_items' type='text-single'><value>1</value>" in info
    assert "item-not-found" in disco(bert, "info", "anna@localhost", "hidden")
