"""mod_carbons — where copies of other servers have gone wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.proof.test_tiny_carbons import copy, devices, said
from tests.support import node
from tests.support.archive_client import page
from xmpp_core import ns
from xmpp_core.element import Element
from xmppd.testing.client import Client
from xmppd.testing.server import Server, serve


def play(body: Callable[[Server, Client, Client, Client], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with serve() as server:
            desk, phone, juliet = await devices(server, "romeo/desk", "romeo/phone", "juliet/balcony")
            await body(server, desk, phone, juliet)

    node.run(whole)


def mark_of(message: Element) -> list[str | None]:
    return [one.get("id") for one in message.elements("stanza-id", ns.STANZA_ID)]


def test_a_copy_has_the_id_of_the_archive_inside() -> None:
    async def body(server: Server, desk: Client, phone: Client, juliet: Client) -> None:
        desk.send(said("juliet@localhost", "out"))
        sent = await copy(phone, "sent")
        await juliet.receive()
        juliet.send(said(desk.jid, "in"))
        received = await copy(phone, "received")
        await desk.receive()
        kept = [id_ for id_, _ in (await page(phone))[0]]
        assert [mark_of(sent), mark_of(received)] == [[kept[0]], [kept[1]]]
        assert len(kept) == 2, "the copies are not archived"

    play(body)


def test_a_copy_is_of_the_type_of_what_it_is_of() -> None:
    async def body(server: Server, desk: Client, phone: Client, juliet: Client) -> None:
        for type_ in ("chat", "normal"):
            juliet.send(said(desk.jid, type_, type_=type_))
            outer = await phone.receive()
            assert (outer.get("type") or "normal", outer.get("to")) == (type_, phone.jid)
            assert outer.child("received", ns.CARBONS) is not None

    play(body)


def test_what_is_for_a_device_that_has_gone_is_for_the_account() -> None:
    async def body(server: Server, desk: Client, phone: Client, juliet: Client) -> None:
        tablet = await server.client("romeo", "tablet")
        await tablet.ask(f"<iq type='set' id='c'><enable xmlns='{ns.CARBONS}'/></iq>")
        tablet.send("<presence><priority>-1</priority></presence>")
        await server.settle()
        for client in (desk, phone, tablet):
            client.mark = len(client.seen)
        juliet.send(said("romeo@localhost/gone", "whoever is there"))
        for client in (desk, phone):
            assert (await client.receive()).child_text("body") == "whoever is there"
        assert (await copy(tablet, "received")).get("to") == "romeo@localhost/gone"
        await server.settle()
        assert all(client.nothing_more() for client in (desk, phone, tablet, juliet))

    play(body)


def test_a_note_to_oneself_comes_to_each_device_once() -> None:
    async def body(server: Server, desk: Client, phone: Client, juliet: Client) -> None:
        desk.send(said("romeo@localhost", "note"))
        for client in (desk, phone):
            assert (await client.receive()).child_text("body") == "note"
        await server.settle()
        assert all(client.nothing_more() for client in (desk, phone, juliet))

    play(body)


def test_a_device_that_refuses_its_copy_is_heard_by_nobody() -> None:
    async def body(server: Server, desk: Client, phone: Client, juliet: Client) -> None:
        juliet.send(said(desk.jid, "hello"))
        await desk.receive()
        await copy(phone, "received")
        error = "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
        phone.send(f"<message type='error' to='romeo@localhost'>{error}</message>")
        await server.settle()
        assert juliet.nothing_more()
        assert desk.nothing_more()

    play(body)


def test_a_private_mark_reaches_the_recipient() -> None:
    async def body(server: Server, desk: Client, phone: Client, juliet: Client) -> None:
        marks = f"<private xmlns='{ns.CARBONS}'/><no-copy xmlns='{ns.HINTS}'/>"
        desk.send(said(juliet.jid, "for you", marks))
        got = await juliet.receive()
        assert got.child("private", ns.CARBONS) is not None
        assert got.child("no-copy", ns.HINTS) is not None
        await server.settle()
        assert phone.nothing_more()

    play(body)
