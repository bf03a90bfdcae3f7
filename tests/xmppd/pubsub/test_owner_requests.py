"""What owners may ask of their nodes, on the wire."""

from __future__ import annotations

from typing import Any

from tests.support.pep_client import come, error, events, iq, items, publish
from xmpp_core import ns

OWNER = ns.PUBSUB_OWNER


def submit(node: str, **fields: str) -> str:
    """<configure/> with these fields."""
    inner = "".join(f"<field var='pubsub#{name}'><value>{value}</value></field>" for name, value in fields.items())
    return (
        f"<configure node='{node}'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'>"
        f"<value>{ns.PUBSUB}#node_config</value></field>{inner}</x></configure>"
    )


def test_a_client_configures_what_did_not_fit_and_publishes_again(server: Any) -> None:
    anna = server.client("anna")
    publish(anna, "n", id_="1")
    refused = publish(anna, "n", id_="2", access_model="open", max_items="max")
    assert error(refused) == ("conflict", "precondition-not-met")
    form = iq(anna, "get", "<configure node='n'/>", space=OWNER)
    assert "<field var='pubsub#access_model'" in form.to_xml()
    assert "<value>presence</value>" in form.to_xml()
    answer = iq(anna, "set", submit("n", access_model="open", max_items="max", nonsense="1"), space=OWNER)
    assert answer.get("type") == "result"
    assert publish(anna, "n", id_="2", access_model="open", max_items="max").get("type") == "result"
    assert items(anna, "n") == ["1", "2"]


def test_what_cannot_be_configured(server: Any) -> None:
    bert = server.client("bert")
    publish(bert, "n")
    assert error(iq(bert, "set", submit("n", access_model="secret"), space=OWNER)) == (
        "not-acceptable", "unsupported-access-model",
    )  # fmt: skip
    assert error(iq(bert, "set", submit("none"), space=OWNER))[0] == "item-not-found"
    assert error(iq(bert, "set", submit(""), space=OWNER)) == ("bad-request", "nodeid-required")
    assert error(iq(bert, "set", "<configure node='n'/>", space=OWNER))[0] == "bad-request"
    cancel = "<configure node='n'><x xmlns='jabber:x:data' type='cancel'/></configure>"
    assert iq(bert, "set", cancel, space=OWNER).get("type") == "result"
    other = server.client("berta")
    for inner in (submit("n"), "<delete node='n'/>", "<purge node='n'/>"):
        assert error(iq(other, "set", inner, "bert@localhost", OWNER))[0] == "not-authorized"


def test_purge_and_delete_are_told_once(server: Any) -> None:
    carl = server.client("carl")
    come(server, carl, "n")
    for id_ in ("1", "2", "3"):
        publish(carl, "n", id_=id_, max_items="5")
    before = len(events(server, carl))
    assert iq(carl, "set", "<purge node='n'/>", space=OWNER).get("type") == "result"
    assert items(carl, "n") == []
    assert iq(carl, "set", "<delete node='n'/>", space=OWNER).get("type") == "result"
    purge, delete = events(server, carl)[before:]
    assert "<purge node='n'/>" in purge
    assert "<delete node='n'/>" in delete
    assert error(iq(carl, "get", "<items node='n'/>"))[0] == "item-not-found"
    assert error(iq(carl, "set", "<delete node='n'/>", space=OWNER))[0] == "item-not-found"


def test_the_default_is_told(server: Any) -> None:
    dora = server.client("dora")
    text = iq(dora, "get", "<default/>", space=OWNER).to_xml()
    assert "<value>presence</value>" in text
    assert "<field var='pubsub#max_items' type='text-single'" in text


def test_what_there_is_no_room_for_goes(server: Any) -> None:
    emil = server.client("emil")
    for id_ in "123":
        publish(emil, "n", id_=id_, max_items="5")
    assert iq(emil, "set", submit("n", max_items="2"), space=OWNER).get("type") == "result"
    assert items(emil, "n") == ["2", "3"]
