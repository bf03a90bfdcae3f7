"""What everybody may ask, on the wire: publishing, retracting, retrieving, and what is refused."""

from __future__ import annotations

from typing import Any

from tests.support.pep_client import error, iq, items, publish
from xmpp_core import ns
from xmpp_core.pubsub.node_config import OPTIONS_TYPE

FORM = "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>{}</value></field>{}</x>"

UNKNOWN = "<field var='pubsub#no'/>"


def test_what_a_publish_request_must_be(server: Any) -> None:
    anna = server.client("anna")
    x = "<x xmlns='urn:x'/>"
    for inner, expected in (
        (f"<publish><item>{x}</item></publish>", ("bad-request", "nodeid-required")),
        ("<publish node='n'/>", ("bad-request", "item-required")),
        ("<publish node='n'><item/></publish>", ("bad-request", "payload-required")),
        (f"<publish node='n'><item>{x}{x}</item></publish>", ("bad-request", "invalid-payload")),
        ("<publish node='n'><item><x xmlns=''/></item></publish>", ("bad-request", "invalid-payload")),
        ("<publish node='n'><item>text</item></publish>", ("bad-request", "invalid-payload")),
        (f"<publish node='{'n' * 513}'><item>{x}</item></publish>", ("not-acceptable", "")),
        (f"<publish node='n'><item id='{'n' * 513}'>{x}</item></publish>", ("not-acceptable", "")),
        (f"<publish node='n'><item>{x}</item></publish><publish-options/>", ("bad-request", "")),
        (
            f"<publish node='n'><item>{x}</item></publish><publish-options>"
            f"{FORM.format(OPTIONS_TYPE, UNKNOWN)}"
            "</publish-options>",
            ("bad-request", ""),
        ),
        ("<nonsense/>", ("feature-not-implemented", "")),
        ("", ("bad-request", "")),
        (
            f"<publish node='n'><item>{x}</item></publish><retract node='n'><item id='1'/></retract>",
            ("bad-request", ""),
        ),
    ):
        assert error(iq(anna, "set", inner)) == expected, inner
    assert error(iq(anna, "get", "<items node='n'/>"))[0] == "item-not-found"


def test_an_id_is_made_and_the_same_id_overwrites(server: Any) -> None:
    bert = server.client("bert")
    answer = publish(bert, "n", max_items="3")
    made = answer.child("pubsub", ns.PUBSUB).child("publish").child("item").get("id")  # type: ignore[union-attr]
    for id_ in ("a", "b", "a", "c"):
        publish(bert, "n", f"<x xmlns='urn:x'>{id_}</x>", id_)
    assert items(bert, "n") == ["b", "a", "c"]
    assert made not in items(bert, "n")


def test_retract(server: Any) -> None:
    carl = server.client("carl")
    publish(carl, "n", id_="1", max_items="3")
    for inner, expected in (
        ("<retract node='n'/>", ("bad-request", "item-required")),
        ("<retract node='n'><item/></retract>", ("bad-request", "item-required")),
        ("<retract><item id='1'/></retract>", ("bad-request", "nodeid-required")),
        ("<retract node='n'><item id='2'/></retract>", ("item-not-found", "")),
        ("<retract node='m'><item id='1'/></retract>", ("item-not-found", "")),
    ):
        assert error(iq(carl, "set", inner)) == expected
    assert iq(carl, "set", "<retract node='n' notify='1'><item id='1'/></retract>").get("type") == "result"
    assert items(carl, "n") == []


def test_items_by_id_by_number_and_page_by_page(server: Any) -> None:
    dora = server.client("dora")
    for i in range(10):
        publish(dora, "n", f"<x xmlns='urn:x'>{i}</x>", str(i), max_items="max")
    assert items(dora, "n") == [str(i) for i in range(10)]
    assert items(dora, "n", more=" max_items='2'") == ["8", "9"]
    one = iq(dora, "get", "<items node='n'><item id='3'/><item id='7'/><item id='no'/></items>").to_xml()
    assert "<item id='3'>" in one
    assert "<item id='7'>" in one
    assert one.count("<item ") == 2
    assert error(iq(dora, "get", "<items node='n'><item id='no'/></items>"))[0] == "item-not-found"
    page = "<set xmlns='http://jabber.org/protocol/rsm'>{}</set>"
    assert items(dora, "n", after=page.format("<max>3</max>")) == ["0", "1", "2"]
    assert items(dora, "n", after=page.format("<max>3</max><after>2</after>")) == ["3", "4", "5"]
    assert items(dora, "n", after=page.format("<max>3</max><before/>")) == ["7", "8", "9"]
    assert items(dora, "n", after=page.format("<max>3</max><before>7</before>")) == ["4", "5", "6"]
    assert items(dora, "n", after=page.format("<max>0</max>")) == []
    whole = iq(dora, "get", f"<items node='n'/>{page.format('<max>3</max>')}").to_xml()
    assert "<first index='0'>0</first><last>2</last><count>10</count>" in whole
    wrong = iq(dora, "get", f"<items node='n'/>{page.format('<after>no</after>')}")
    assert error(wrong)[0] == "item-not-found"
    for bad in ("<max>many</max>", "<max>\u0663</max>"):
        assert error(iq(dora, "get", f"<items node='n'/>{page.format(bad)}"))[0] == "bad-request"
    assert error(iq(dora, "get", "<items node='n' max_items='few'/>"))[0] == "bad-request"


def test_create_with_a_configuration(server: Any) -> None:
    emil = server.client("emil")
    configure = FORM.format(
        f"{ns.PUBSUB}#node_config", "<field var='pubsub#access_model'><value>whitelist</value></field>"
    )
    assert iq(emil, "set", f"<create node='n'/><configure>{configure}</configure>").get("type") == "result"
    assert error(iq(emil, "set", "<create node='n'/>"))[0] == "conflict"
    assert error(iq(emil, "set", "<create/>")) == ("not-acceptable", "nodeid-required")
    assert publish(emil, "n", access_model="whitelist").get("type") == "result"
    other = server.client("emilia")
    assert error(iq(other, "set", "<create node='m'/>", "emil@localhost"))[0] == "forbidden"
    assert error(publish(other, "n", to="emil@localhost"))[0] == "not-authorized"
