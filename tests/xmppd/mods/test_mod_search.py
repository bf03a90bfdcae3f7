"""test_mod_search — users are found by the names in their cards, where that is wanted.

Way:  xmppd.mods.mod_search, by the wire
"""

from __future__ import annotations

from xmpp_core import dataforms, ns
from xmpp_core.element import Element
from xmppd.testing.thread import ThreadClient, ThreadServer, serve_in_thread

ON = {"mod_search": {"enabled": True, "results": 3}}
INFO = f"<iq type='get' id='d' to='localhost'><query xmlns='{ns.DISCO_INFO}'/></iq>"


def ask(client: ThreadClient, inner: str = "", type_: str = "set") -> Element:
    return client.ask(f"<iq type='{type_}' id='s' to='localhost'><query xmlns='{ns.SEARCH}'>{inner}</query></iq>")


def card(server: ThreadServer, user: str, first: str, last: str) -> ThreadClient:
    client = server.client(user)
    name = f"<N><FAMILY>{last}</FAMILY><GIVEN>{first}</GIVEN></N><NICKNAME>{user}</NICKNAME>"
    done = client.ask(f"<iq type='set' id='v'><vCard xmlns='vcard-temp'>{name}</vCard></iq>")
    assert done.get("type") == "result"
    return client


def jids(answer: Element) -> list[str | None]:
    query = answer.child("query", ns.SEARCH)
    assert query is not None, answer.to_xml("")
    return [item.get("jid") for item in query.elements("item", ns.SEARCH)]


def test_who_is_found() -> None:
    with serve_in_thread(modules=ON) as server:
        romeo = card(server, "romeo", "Romeo", "Montague")
        juliet = card(server, "juliet", "Juliet", "Capulet")
        card(server, "tybalt", "Tybalt", "Capulet")
        assert ns.SEARCH in romeo.ask(INFO).to_xml("")
        assert jids(ask(romeo, "<last>capulet</last>")) == ["juliet@localhost", "tybalt@localhost"]
        assert jids(ask(romeo, "<first>ul</first><last>Cap</last>")) == ["juliet@localhost"]
        assert jids(ask(romeo, "<first>x</first>")) == []
        assert jids(ask(romeo)) == [], "not everybody at once"
        item = ask(romeo, "<nick>jul</nick>").child("query", ns.SEARCH)
        assert item is not None
        assert "<first>Juliet</first><last>Capulet</last><nick>juliet</nick>" in item.to_xml("")
        juliet.ask("<iq type='set' id='v'><vCard xmlns='vcard-temp'/></iq>")
        assert jids(ask(romeo, "<last>capulet</last>")) == ["tybalt@localhost"]
        server.command("user del", user="tybalt@localhost")
        assert jids(ask(romeo, "<last>capulet</last>")) == []


def test_the_form() -> None:
    with serve_in_thread(modules=ON) as server:
        romeo = card(server, "romeo", "Romeo", "Montague")
        query = ask(romeo, type_="get").child("query", ns.SEARCH)
        assert query is not None
        assert [one.name for one in query.elements()] == ["instructions", "first", "last", "nick", "email", "x"]
        form = dataforms.find(query, ns.SEARCH)
        assert form is not None
        found = ask(romeo, form.answer({"first": "rom"}).to_element().to_xml("")).child("query", ns.SEARCH)
        assert found is not None
        table = dataforms.find(found)
        assert table is not None
        assert [column.var for column in table.reported] == ["jid", "first", "last", "nick", "email"]
        assert [row[0].value for row in table.items] == ["romeo@localhost"]


def test_so_many_and_no_more() -> None:
    with serve_in_thread(modules=ON) as server:
        for n in range(5):
            card(server, f"user{n}", "Same", "Name")
        assert len(jids(ask(server.client("user0"), "<first>same</first>"))) == 3


def test_for_users_of_the_host_only() -> None:
    with serve_in_thread(modules=ON, components={"c.localhost": "s"}) as server:
        link = server.component("c.localhost")
        link.send(f"<iq type='get' id='s' from='c.localhost' to='localhost'><query xmlns='{ns.SEARCH}'/></iq>")
        assert "<forbidden " in link.expect("<iq.*?</iq>")


def test_it_is_off_unless_it_is_asked_for() -> None:
    with serve_in_thread() as server:
        romeo = card(server, "romeo", "Romeo", "Montague")
        assert ns.SEARCH not in romeo.ask(INFO).to_xml("")
        assert "<service-unavailable " in ask(romeo, "<first>romeo</first>").to_xml("")
