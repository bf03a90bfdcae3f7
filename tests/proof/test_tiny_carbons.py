"""Carbons in one file: a session property that other workers see, and a copy that is never copied again."""

from __future__ import annotations

from typing import Any

from otp.erts import process
from tests.proof import mod_tiny_archive, mod_tiny_carbons
from tests.support import core_cluster, node
from tests.support.core_cluster import CoreCluster, RemoteClient
from xmpp_core import ns
from xmpp_core.element import Element
from xmppd.testing.client import Client
from xmppd.testing.server import Server, serve

ENABLE = "<iq type='set' id='{id}'><enable xmlns='urn:xmpp:carbons:2'/></iq>"
DISABLE = ENABLE.replace("enable", "disable")


def play(body: Any, *modules: Any) -> None:
    async def whole() -> None:
        off: dict[Any, bool] = {"mod_carbons": False}  # the one that the server has
        async with serve(modules=off | dict.fromkeys((mod_tiny_carbons, *modules), True)) as server:
            await body(server)

    node.run(whole)


async def devices(server: Server, *jids: str, copies: bool = True) -> list[Client]:
    """Available, and with nothing unread of each other's presence."""
    clients = [await server.client(*jid.split("/")) for jid in jids]
    for client in clients:
        if copies:
            assert (await client.ask(ENABLE.format(id="on"))).get("type") == "result"
        client.send("<presence/>")
    await server.settle()
    for client in clients:
        client.mark = len(client.seen)
    return clients


def said(to: str, text: str, inside: str = "", type_: str = "chat") -> str:
    return f"<message to='{to}' type='{type_}'><body>{text}</body>{inside}</message>"


async def copy(client: Client, way: str) -> Element:
    """The message inside the copy that comes next."""
    message = await client.receive()
    envelope = message.child(way, ns.CARBONS)
    assert envelope is not None, message.to_xml()
    assert message.get("from") == client.jid.partition("/")[0]
    assert message.get("to") == client.jid
    forwarded = envelope.child("forwarded", ns.FORWARD)
    assert forwarded is not None
    inner = forwarded.child("message", ns.CLIENT)
    assert inner is not None
    return inner


def test_what_one_device_sends_and_receives_the_others_see_once() -> None:
    async def body(server: Server) -> None:
        [plain] = await devices(server, "romeo/plain", copies=False)
        desk, phone, juliet = await devices(server, "romeo/desk", "romeo/phone", "juliet/balcony")
        plain.mark = len(plain.seen)
        desk.send(said("juliet@localhost", "hello"))
        assert (await juliet.receive()).child_text("body") == "hello"
        sent = await copy(phone, "sent")
        assert (sent.get("from"), sent.get("to"), sent.child_text("body")) == (desk.jid, "juliet@localhost", "hello")
        juliet.send(said(desk.jid, "who is it?"))
        assert (await desk.receive()).child_text("body") == "who is it?"
        assert (await copy(phone, "received")).get("to") == desk.jid
        juliet.send(said("romeo@localhost", "to all"))
        assert [(await c.receive()).child_text("body") for c in (desk, phone, plain)] == ["to all"] * 3
        await server.settle()
        assert all(client.nothing_more() for client in (desk, phone, plain, juliet))

    play(body)


def test_an_account_that_writes_to_itself_gets_no_copy_of_its_copies() -> None:
    async def body(server: Server) -> None:
        desk, phone, tablet = await devices(server, "romeo/desk", "romeo/phone", "romeo/tablet")
        desk.send(said(phone.jid, "note"))
        assert (await phone.receive()).child_text("body") == "note"
        assert (await copy(tablet, "received")).child_text("body") == "note"
        forged = "<received xmlns='urn:xmpp:carbons:2'/>"
        phone.send(said(desk.jid, "forged", forged))
        assert (await desk.receive()).child_text("body") == "forged"
        await server.settle()
        assert all(client.nothing_more() for client in (desk, phone, tablet))

    play(body)


def test_what_is_private_or_nothing_said_stays_on_one_device() -> None:
    async def body(server: Server) -> None:
        desk, phone = await devices(server, "romeo/desk", "romeo/phone")
        juliet, nurse = await devices(server, "juliet/balcony", "juliet/nurse")
        private, hint = f"<private xmlns='{ns.CARBONS}'/>", f"<no-copy xmlns='{ns.HINTS}'/>"
        for text, inside, type_ in (
            ("private", private, "chat"),
            ("no copy", hint, "chat"),
            ("news", "", "headline"),
        ):
            desk.send(said(juliet.jid, text, inside, type_))
            came = await juliet.receive()
            assert came.child_text("body") == text
            assert came.child("private", ns.CARBONS) is None, "the recipient need not know (XEP-0280 §9)"
        desk.send(f"<message to='{juliet.jid}'><subject>nobody says anything</subject></message>")
        await juliet.receive()
        await server.settle()
        assert phone.nothing_more()
        assert nurse.nothing_more()

    play(body)


def test_who_has_enough_of_copies_gets_none_and_nobody_chooses_for_others() -> None:
    async def body(server: Server) -> None:
        desk, phone, _ = await devices(server, "romeo/desk", "romeo/phone", "juliet/balcony")
        assert (await phone.ask(DISABLE.format(id="off"))).get("type") == "result"
        desk.send(said("juliet@localhost", "hello"))
        await server.settle()
        assert phone.nothing_more()
        refused = await desk.ask(ENABLE.format(id="e").replace("id=", "to='juliet@localhost' id="))
        assert refused.get("type") == "error"
        info = await desk.ask(f"<iq type='get' id='i' to='localhost'><query xmlns='{ns.DISCO_INFO}'/></iq>")
        assert f"<feature var='{ns.CARBONS}'/>" in info.to_xml()

    play(body)


def test_a_copy_bears_the_id_that_the_archive_of_its_account_has_given() -> None:
    async def body(server: Server) -> None:
        desk, phone, juliet = await devices(server, "romeo/desk", "romeo/phone", "juliet/balcony")
        desk.send(said("juliet@localhost", "hello"))
        sent = await copy(phone, "sent")
        juliet.send(said(desk.jid, "yes"))
        received = await copy(phone, "received")
        answer = await phone.ask("<iq type='get' id='q'><query xmlns='urn:example:archive'/></iq>")
        query = answer.first()
        assert query is not None
        kept = [result.get("id") for result in query.elements("result")]
        ids = [mark.get("id") for el in (sent, received) for mark in el.elements("stanza-id")]
        assert ids == kept
        assert len(kept) == 2

    play(body, mod_tiny_archive)


MODULES = ("tests.proof.mod_tiny_carbons",)


async def come(client: RemoteClient, count: int) -> list[str]:
    """All messages that have come to it, once they are so many."""
    for _ in range(500):
        found = [text for text in await core_cluster.call(client.node, "texts", client.jid) if "<message" in text]
        if len(found) >= count:
            return found
        await process.sleep(0.01)
    raise AssertionError(f"{client.jid} has {found}")


def test_copies_come_to_devices_on_other_workers() -> None:
    """Whatever worker makes them: the account's home is w1, and its sender there sees what w2's device sends."""

    async def body(cluster: CoreCluster) -> None:
        desk = await cluster.client("w1", "romeo@localhost/desk")
        phone = await cluster.client("w2", "romeo@localhost/phone")
        juliet = await cluster.client("w2", "juliet@localhost/j")
        for client in (desk, phone, juliet):
            assert "type='result'" in await client.do("ask", ENABLE.format(id="on"))
        await phone.do("send", said("juliet@localhost", "from the phone"))
        assert "<sent " in (await come(desk, 1))[0]
        await juliet.do("send", said(desk.jid, "to the desk"))
        await juliet.do("send", said(phone.jid, "to the phone"))
        at_desk, at_phone = await come(desk, 3), await come(phone, 2)
        assert ["<received " in text for text in at_desk] == [False, False, True]
        assert ["<received " in text for text in at_phone] == [True, False]
        for client in (desk, phone):
            await client.do("send", said("romeo@localhost", "the last one"))
        # each device has got what it was sent, and behind it nothing but the two last ones
        assert sum("the last one" in text for text in await come(desk, 5)) == 2
        assert len(await come(juliet, 1)) == 1

    core_cluster.run(body, "w1", "w2", modules=MODULES)


def test_a_device_that_ends_hands_no_copy_on() -> None:
    """What it was sent goes to another device; the copies of what others were sent do not."""

    async def body(cluster: CoreCluster) -> None:
        desk = await cluster.client("w1", "romeo@localhost/desk")
        phone = await cluster.client("w2", "romeo@localhost/phone")
        juliet = await cluster.client("w1", "juliet@localhost/j")
        for client in (desk, phone):
            await client.do("ask", ENABLE.format(id="on"))
        ends = process.spawn(core_cluster.call, "w2", "close", phone.jid, 0.3)  # it reads nothing more, then ends
        await process.sleep(0.1)
        await juliet.do("send", said(desk.jid, "to the desk"))
        await juliet.do("send", said(phone.jid, "to the phone"))
        while process.is_alive(ends):
            await process.sleep(0.01)
        await juliet.do("send", said(desk.jid, "the last one"))
        texts = await come(desk, 4)
        assert sum("to the desk" in text for text in texts) == 1, "the phone's copy of it has not come back"
        assert "to the phone" in texts[-2], "what was its own has"
        assert "<received " not in texts[-2]

    core_cluster.run(body, "w1", "w2", modules=MODULES)
