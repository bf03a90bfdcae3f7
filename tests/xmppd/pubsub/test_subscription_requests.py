"""Subscriptions and affiliations, on the wire."""

from __future__ import annotations

from typing import Any

from tests.support.pep_client import befriend, error, events, iq, items, publish
from xmpp_core import ns

OWNER, HOST = ns.PUBSUB_OWNER, "pubsub.localhost"


def bare(client: Any) -> str:
    found: str = client.jid.partition("/")[0]
    return found


def subscribe(client: Any, node: str, to: str = HOST, jid: str = "") -> Any:
    return iq(client, "set", f"<subscribe node='{node}' jid='{jid or bare(client)}'/>", to)


def test_who_subscribes_is_told_until_it_unsubscribes(server: Any) -> None:
    anna, bert = server.client("anna"), server.client("bert")
    publish(anna, "news", id_="1", to=HOST)
    bert.send("<presence/>")
    answer = subscribe(bert, "news").to_xml()
    assert "<subscription node='news' jid='bert@localhost' subscription='subscribed'/>" in answer
    publish(anna, "news", id_="2", to=HOST)
    first, second = events(server, bert)
    assert "<item id='1'" in first
    assert "urn:xmpp:delay" in first
    assert f"from='{HOST}' to='bert@localhost'" in second
    assert "publisher='anna@localhost'" in second
    listed = iq(bert, "get", "<subscriptions/>", HOST).to_xml()
    assert "<subscription node='news' jid='bert@localhost' subscription='subscribed'/>" in listed
    for wrong, expected in (
        ("<unsubscribe node='news'/>", ("bad-request", "jid-required")),
        ("<unsubscribe node='news' jid='anna@localhost'/>", ("forbidden", "")),
        ("<unsubscribe node='news' jid='bert@localhost' subid='1'/>", ("not-acceptable", "invalid-subid")),
        ("<unsubscribe jid='bert@localhost'/>", ("bad-request", "nodeid-required")),
        ("<unsubscribe node='none' jid='bert@localhost'/>", ("item-not-found", "")),
        ("<options node='news' jid='bert@localhost'/>", ("feature-not-implemented", "unsupported")),
    ):
        assert error(iq(bert, "set", wrong, HOST)) == expected, wrong
    gone = "<unsubscribe node='news' jid='bert@localhost'/>"
    assert iq(bert, "set", gone, HOST).get("type") == "result"
    assert error(iq(bert, "set", gone, HOST)) == ("unexpected-request", "not-subscribed")
    publish(anna, "news", id_="3", to=HOST)
    assert len(events(server, bert)) == 2
    assert error(subscribe(bert, "news", jid="anna@localhost")) == ("bad-request", "invalid-jid")
    assert error(subscribe(bert, "")) == ("bad-request", "nodeid-required")
    assert error(subscribe(bert, "none")) == ("item-not-found", "")


def test_an_owner_decides_by_a_form(server: Any) -> None:
    carl, dora, emil = server.client("carl"), server.client("dora"), server.client("emil")
    for client in (carl, dora, emil):
        client.send("<presence/>")
    publish(carl, "closed", id_="1", to=HOST, access_model="authorize", notify_sub="1")
    assert "subscription='pending'" in subscribe(dora, "closed").to_xml()
    assert "subscription='pending'" in subscribe(emil, "closed").to_xml()
    assert error(subscribe(dora, "closed")) == ("not-authorized", "pending-subscription")
    assert error(iq(dora, "get", "<items node='closed'/>", HOST)) == ("not-authorized", "pending-subscription")
    server.settle()
    assert carl.seen.count(f"<value>{ns.PUBSUB}#subscribe_authorization</value>") == 2
    form = (
        "<message to='pubsub.localhost'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>"
        f"<value>{ns.PUBSUB}#subscribe_authorization</value></field><field var='pubsub#node'><value>closed</value>"
        "</field><field var='pubsub#subscriber_jid'><value>{}@localhost</value></field><field var='pubsub#allow'>"
        "<value>{}</value></field></x></message>"
    )
    emil.send(form.format("emil", "true"))
    assert "<forbidden" in emil.expect("<message [^>]*type='error'.*?</message>")
    carl.send(form.format("dora", "true"))
    carl.send(form.format("emil", "0"))
    server.settle()
    assert items(dora, "closed", HOST) == ["1"]
    assert "subscription='subscribed'" in events(server, dora)[0]
    assert "<item id='1'" in events(server, dora)[1]
    assert "subscription='none'" in events(server, emil)[0]
    assert error(iq(emil, "get", "<items node='closed'/>", HOST)) == ("not-authorized", "not-subscribed")


def test_affiliations(server: Any) -> None:
    fred, gina = server.client("fred"), server.client("gina")
    publish(fred, "team", id_="1", to=HOST, access_model="whitelist")
    assert error(subscribe(gina, "team")) == ("not-allowed", "closed-node")

    def affiliate(jid: str, affiliation: str) -> Any:
        inner = f"<affiliations node='team'><affiliation jid='{jid}' affiliation='{affiliation}'/></affiliations>"
        return iq(fred, "set", inner, HOST, OWNER)

    assert affiliate("gina@localhost", "member").get("type") == "result"
    assert "subscription='subscribed'" in subscribe(gina, "team").to_xml()
    assert error(publish(gina, "team", to=HOST)) == ("forbidden", "")
    assert affiliate("gina@localhost", "publish-only").get("type") == "result"
    assert publish(gina, "team", id_="2", to=HOST).get("type") == "result"
    assert error(iq(gina, "get", "<items node='team'/>", HOST)) == ("forbidden", "")
    own = iq(gina, "get", "<affiliations/>", HOST).to_xml()
    assert "<affiliation node='team' affiliation='publish-only'/>" in own
    listed = iq(fred, "get", "<affiliations node='team'/>", HOST, OWNER).to_xml()
    assert "<affiliation jid='fred@localhost' affiliation='owner'/>" in listed
    assert affiliate("gina@localhost", "outcast").get("type") == "result"
    assert error(publish(gina, "team", to=HOST)) == ("forbidden", "")
    assert "gina" not in iq(fred, "get", "<subscriptions node='team'/>", HOST, OWNER).to_xml()
    assert error(affiliate("fred@localhost", "none")) == ("not-acceptable", "")
    assert error(affiliate("gina@localhost", "king")) == ("bad-request", "")
    assert error(iq(gina, "get", "<affiliations node='team'/>", HOST, OWNER)) == ("forbidden", "")


def test_owners_manage_subscriptions(server: Any) -> None:
    hugo, ines = server.client("hugo"), server.client("ines")
    publish(hugo, "list", id_="1", to=HOST)
    ines.send("<presence/>")
    one = "<subscriptions node='list'><subscription jid='ines@localhost' subscription='{}'/></subscriptions>"
    assert iq(hugo, "set", one.format("subscribed"), HOST, OWNER).get("type") == "result"
    assert "ines@localhost" in iq(hugo, "get", "<subscriptions node='list'/>", HOST, OWNER).to_xml()
    assert iq(hugo, "set", one.format("none"), HOST, OWNER).get("type") == "result"
    assert error(iq(hugo, "set", one.format("maybe"), HOST, OWNER)) == ("not-acceptable", "")
    assert error(iq(hugo, "set", "<subscriptions node='list'/>", HOST, OWNER)) == ("bad-request", "")
    told = [event.split("subscription='")[1].split("'")[0] for event in events(server, ines)]
    assert told == ["subscribed", "none"]


def test_a_contact_subscribes_to_a_node_of_an_account_and_the_owner_decides_with_its_own_form(server: Any) -> None:
    jan, kim = server.client("jan"), server.client("kim")
    befriend(server, jan, kim)
    for client in (jan, kim):
        client.send("<presence/>")
    publish(jan, "diary", id_="1", access_model="authorize")
    assert "subscription='pending'" in subscribe(kim, "diary", "jan@localhost").to_xml()
    server.settle()
    assert "subscribe_authorization" in jan.seen
    jan.send(
        "<message to='jan@localhost'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>"
        f"<value>{ns.PUBSUB}#subscribe_authorization</value></field><field var='pubsub#node'><value>diary</value>"
        "</field><field var='pubsub#subscriber_jid'><value>kim@localhost</value></field><field var='pubsub#allow'>"
        "<value>1</value></field></x></message>"
    )
    server.settle()
    assert items(kim, "diary", "jan@localhost") == ["1"]
    publish(jan, "diary", id_="2")
    assert "<item id='2'>" in events(server, kim)[-1]
