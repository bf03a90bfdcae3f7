"""Capabilities, on the wire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.pep_client import answer, come, disco, events, presence, publish
from xmppd.testing.thread import serve_in_thread


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    with serve_in_thread(components={"bot.example": "s"}) as server:
        yield server


def test_one_question_for_a_hash_and_none_for_one_that_is_known(server: Any) -> None:
    first, second = server.client("anna", "a"), server.client("anna", "b")
    for client in (first, second):
        client.send(presence("urn:one"))
    server.settle()
    assert ("disco#info" in first.seen) + ("disco#info" in second.seen) == 1
    answer(first, "urn:one")
    answer(second, "urn:one")
    server.settle()
    third = server.client("anna", "c")
    come(server, third, "urn:one")
    assert "disco#info" not in third.seen
    publish(third, "urn:one")
    for client in (first, second, third):
        assert len(events(server, client)) == 1


def test_who_lies_is_not_believed_and_the_next_one_is_asked(server: Any) -> None:
    liar, honest = server.client("bert", "a"), server.client("bert", "b")
    liar.send(presence("urn:two"))
    server.settle()
    honest.send(presence("urn:two"))
    server.settle()
    assert "disco#info" not in honest.seen
    question = liar.expect("<iq [^>]*><query [^>]*disco#info.*?</iq>")
    id_ = question.split("id='")[1].split("'")[0]
    lie = "<query xmlns='http://jabber.org/protocol/disco#info'><feature var='urn:evil+notify'/></query>"
    liar.send(f"<iq type='result' to='localhost' id='{id_}'>{lie}</iq>")
    server.settle()
    assert answer(honest, "urn:two")
    publish(honest, "urn:evil")
    publish(honest, "urn:two")
    assert len(events(server, liar)) == 1
    assert len(events(server, honest)) == 1


def test_who_does_not_answer_holds_up_the_next_for_a_while_only(server: Any) -> None:
    silent, other = server.client("carl", "a"), server.client("carl", "b")
    for client in (silent, other):
        client.send(presence("urn:three"))
        server.settle()
    server.clock.advance(21)
    assert answer(other, "urn:three")
    publish(other, "urn:three")
    assert len(events(server, other)) == 1


def test_the_last_item_comes_when_the_capabilities_are_known(server: Any) -> None:
    dora = server.client("dora", "a")
    come(server, dora)
    publish(dora, "urn:four", id_="last")
    late = server.client("dora", "b")
    late.send(presence("urn:four"))
    server.settle()
    assert not events(server, late)
    answer(late, "urn:four")
    [event] = events(server, late)
    assert "<item id='last'>" in event
    assert "urn:xmpp:delay" in event
    late.send(presence("urn:four").replace("<presence>", "<presence><show>away</show>"))
    assert len(events(server, late)) == 1


def test_contacts_elsewhere_are_told_and_asked(server: Any) -> None:
    anna = server.client("anna", "home")
    bot = server.component("bot.example")
    come(server, anna)
    anna.send("<presence to='bot.example' type='subscribe'/><presence to='eve@bot.example' type='subscribe'/>")
    bot.send("<presence from='eve@bot.example' to='anna@localhost' type='subscribe'/>")
    server.settle()
    anna.send("<presence to='eve@bot.example' type='subscribed'/>")
    bot.send("<presence from='eve@bot.example' to='anna@localhost' type='subscribed'/>")
    server.settle()
    hers = presence("urn:six").replace("<presence>", "<presence from='eve@bot.example/r' to='anna@localhost'>")
    bot.send(hers)
    asked = bot.expect("<iq [^>]*to='eve@bot.example/r'[^>]*><query [^>]*disco#info.*?</iq>")
    id_, node = asked.split("id='")[1].split("'")[0], asked.split("node='")[1].split("'")[0]
    query = disco("urn:six").with_attrs(node=node).to_xml("")
    bot.send(f"<iq type='result' from='eve@bot.example/r' to='localhost' id='{id_}'>{query}</iq>")
    server.settle()
    publish(anna, "urn:six", id_="1")
    told = bot.expect("<message [^>]*from='anna@localhost'[^>]*>.*?</message>")
    assert "to='eve@bot.example/r'" in told
    bot.send("<presence from='eve@bot.example/r' to='anna@localhost' type='unavailable'/>")
    server.settle()
    publish(anna, "urn:six", id_="2")
    server.settle()
    assert "<item id='2'" not in bot.seen
