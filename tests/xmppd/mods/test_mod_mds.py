"""mod_mds on the wire: a message that says how far a chat is read tells the own devices, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.pep_client import befriend, come, error, events, iq, items, publish
from xmpp_core import ns
from xmpp_core.errors import StanzaError
from xmppd.mods import mod_mds
from xmppd.pubsub import api
from xmppd.store.backend import StoreError
from xmppd.testing.thread import serve_in_thread

MARKER = f"<displayed xmlns='{ns.MARKERS}' id='the-msg-1'/>"
FIELDS = {key.removeprefix("pubsub#"): value for key, value in mod_mds.OPTIONS.items()}
INFO = "<iq type='get' id='d' to='{}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    with serve_in_thread() as server:
        yield server


def read(id_: str, by: str) -> str:
    return f"<displayed xmlns='{ns.MDS}'><stanza-id xmlns='{ns.STANZA_ID}' by='{by}' id='{id_}'/></displayed>"


def message(to: str, *inside: str, type_: str = "chat") -> str:
    return f"<message to='{to}' type='{type_}' id='m'>{''.join(inside)}</message>"


def friends(server: Any, one: str, other: str) -> tuple[Any, Any, Any]:
    """Two devices of one, and the other: all want to be told."""
    clients = server.client(one, "desk"), server.client(one, "phone"), server.client(other, "balcony")
    befriend(server, clients[0], clients[2])
    for client in clients:
        come(server, client, ns.MDS)
    return clients


def there(server: Any, *users: str) -> list[Any]:
    """Clients that are available."""
    clients = [server.client(user) for user in users]
    for client in clients:
        client.send("<presence/>")
    server.settle()
    return clients


def test_the_account_announces_it_and_nobody_else_does(server: Any) -> None:
    kim = server.client("kim")
    feature = f"<feature var='{ns.MDS_ASSIST}'/>"
    assert feature in kim.ask(INFO.format("kim@localhost")).to_xml()
    assert feature not in kim.ask(INFO.format("localhost")).to_xml()


def test_own_devices_are_told_and_the_recipient_gets_the_rest(server: Any) -> None:
    desk, phone, romeo = friends(server, "juliet", "romeo")
    phone.ask(f"<iq type='set' id='c'><enable xmlns='{ns.CARBONS}'/></iq>")
    desk.send(message("romeo@localhost", MARKER, read("42", "juliet@localhost")))
    server.settle()
    for client in (desk, phone):
        [event] = events(server, client)
        assert f"from='juliet@localhost' to='{client.jid}'" in event
        assert f"<items node='{ns.MDS}'><item id='romeo@localhost'>{read('42', 'juliet@localhost')}" in (
            event.replace("id='42' by='juliet@localhost'", "by='juliet@localhost' id='42'")
        )
    assert not events(server, romeo)
    assert "the-msg-1" in romeo.expect("<message.*?</message>")
    assert f"<sent xmlns='{ns.CARBONS}'>" in phone.seen
    for client in (romeo, phone):
        assert ns.MDS not in "".join(one for one in client.seen.split("<message ") if ns.PUBSUB_EVENT not in one)


def test_it_is_not_in_the_archive_of_either(server: Any) -> None:
    alice, bob = there(server, "alice", "bob")
    alice.send(message("bob@localhost", "<body>seen</body>", read("1", "alice@localhost")))
    bob.expect("seen")
    for client in (alice, bob):
        client.ask(f"<iq type='set' id='q'><query xmlns='{ns.MAM}'/></iq>")
        assert "seen" in client.seen
        assert ns.MDS not in client.seen


def test_each_chat_has_an_item_the_last_one_and_clients_may_publish_too(server: Any) -> None:
    nora = server.client("nora")
    for to, id_ in (("a@x.example", "1"), ("room@localhost/nick", "2"), ("a@x.example", "3")):
        nora.send(message(to, MARKER, read(id_, "nora@localhost"), type_="chat"))
        server.settle()
    assert items(nora, ns.MDS) == ["room@localhost/nick", "a@x.example"]
    assert "id='3'" in iq(nora, "get", f"<items node='{ns.MDS}'><item id='a@x.example'/></items>").to_xml()
    answer = publish(nora, ns.MDS, read("4", "nora@localhost"), "b@x.example", **FIELDS)
    assert answer.get("type") == "result", "its options are those that the node has"
    nora.send(message("room@localhost", MARKER, read("5", "room@localhost"), type_="groupchat"))
    server.settle()
    assert items(nora, ns.MDS)[-1] == "room@localhost"


def test_nobody_else_may_read_it_even_if_a_client_has_made_the_node_carelessly(server: Any) -> None:
    desk, _, romeo = friends(server, "olga", "pavel")
    publish(desk, ns.MDS, read("1", "olga@localhost"), "x@x")
    assert events(server, romeo), "as clients make nodes that say nothing of who may read"
    told = len(events(server, romeo))
    desk.send(message("pavel@localhost", MARKER, read("2", "olga@localhost")))
    server.settle()
    assert len(events(server, romeo)) == told
    assert error(iq(romeo, "get", f"<items node='{ns.MDS}'/>", "olga@localhost")) == ("not-allowed", "closed-node")
    assert items(desk, ns.MDS) == ["x@x", "pavel@localhost"]


def test_what_others_say_is_theirs(server: Any) -> None:
    ruth, sam = there(server, "ruth", "sam")
    ruth.send(message("sam@localhost", "<body>x</body>", read("1", "sam@localhost")))
    sam.expect("<body>x")
    assert error(iq(sam, "get", f"<items node='{ns.MDS}'/>"))[0] == "item-not-found"


def test_the_recipient_gets_its_part_if_there_is_no_room(server: Any, monkeypatch: Any) -> None:
    tom, uma = there(server, "tom", "uma")

    async def full(*_: Any, **__: Any) -> None:
        raise StanzaError("resource-constraint", "there is no room for more items")

    monkeypatch.setattr(api.service, "publish", full)
    tom.send(message("uma@localhost", MARKER, read("1", "tom@localhost")))
    assert ns.MDS not in uma.expect("<message.*?the-msg-1.*?</message>")


def test_a_store_that_fails_is_the_senders_to_hear_of(server: Any, monkeypatch: Any) -> None:
    vera, will = there(server, "vera", "will")

    async def broken(*_: Any, **__: Any) -> None:
        raise StoreError("gone")

    monkeypatch.setattr(api.service, "publish", broken)
    vera.send(message("will@localhost", MARKER, read("1", "vera@localhost")))
    assert "resource-constraint" in vera.expect("<message.*?</message>")
    server.settle()
    assert "the-msg-1" not in will.seen
