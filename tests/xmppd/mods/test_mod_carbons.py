"""mod_carbons — which messages are copied, to whom, and how they look."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.proof.test_tiny_carbons import DISABLE, ENABLE, come, copy, devices, said
from tests.support import core_cluster, node
from tests.support.core_cluster import CoreCluster
from tests.support.login_client import ENABLE as MANAGED
from tests.support.login_client import bind, request
from tests.support.login_client import come as log_in
from xmpp_core import ns
from xmpp_core.element import el
from xmpp_core.jid import JID
from xmpp_core.stanza import Message
from xmppd.mods.mod_carbons import is_copied
from xmppd.routing.account import stages
from xmppd.testing.server import Server, serve

BODY, STATE = el("body", ns.CLIENT, None, "hello"), el("composing", ns.CHATSTATES)
RECEIPT, MARKER = el("received", ns.RECEIPTS, {"id": "1"}), el("displayed", ns.MARKERS, {"id": "1"})
PRIVATE, NO_COPY = el("private", ns.CARBONS), el("no-copy", ns.HINTS)
ROOM, DIRECT = el("x", ns.MUC_USER), el("x", ns.INVITE, {"jid": "room@rooms"})
INVITE = el("x", ns.MUC_USER, None, el("invite", ns.MUC_USER, {"from": "a@x"}))
ERROR = el("error", ns.CLIENT, {"type": "cancel"}, el("gone", ns.STANZAS))


def message(type_: str, *children: Any) -> Message:
    return Message(el("message", ns.CLIENT, {"type": type_}, *children), JID.parse("a@x/r"), JID.parse("b@x"))


@pytest.mark.parametrize(
    ("type_", "children", "ways"),
    [
        ("chat", (BODY,), "sent received"),
        ("chat", (STATE,), "sent received"),
        ("chat", (), "sent received"),
        ("normal", (BODY,), "sent received"),
        ("normal", (), ""),
        ("normal", (el("subject", ns.CLIENT, None, "news"),), ""),
        ("normal", (RECEIPT,), "sent received"),
        ("normal", (MARKER,), "sent received"),
        ("normal", (DIRECT,), "sent received"),
        ("normal", (INVITE,), "sent received"),
        ("normal", (el("event", ns.PUBSUB_EVENT),), ""),
        ("error", (ERROR,), "sent received"),
        ("groupchat", (BODY,), ""),
        ("headline", (BODY,), ""),
        ("chat", (BODY, ROOM), "sent"),
        ("chat", (BODY, PRIVATE), ""),
        ("chat", (BODY, NO_COPY), ""),
        ("chat", (BODY, el("sent", ns.CARBONS)), ""),
        ("chat", (BODY, el("received", ns.CARBONS)), ""),
    ],
)
def test_which_messages_are_copied(type_: str, children: tuple[Any, ...], ways: str) -> None:
    assert [way for way in ("sent", "received") if is_copied(message(type_, *children), way)] == ways.split()


@given(st.sampled_from(["chat", "normal", "error"]), st.lists(st.sampled_from([BODY, STATE, RECEIPT, ROOM, DIRECT])))
def test_what_is_for_one_device_is_never_copied(type_: str, children: list[Any]) -> None:
    for mark in (PRIVATE, NO_COPY):
        assert not any(is_copied(message(type_, *children, mark), way) for way in ("sent", "received"))


def play(body: Callable[[Server], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with serve() as server:
            await body(server)

    node.run(whole)


def test_the_other_devices_see_what_one_sends_and_receives_once() -> None:
    async def body(server: Server) -> None:
        [plain] = await devices(server, "romeo/plain", copies=False)
        desk, phone, juliet = await devices(server, "romeo/desk", "romeo/phone", "juliet/balcony")
        plain.mark = len(plain.seen)
        plain.send(said("juliet@localhost", "from one that wants no copies"))
        assert (await juliet.receive()).child_text("body") == "from one that wants no copies"
        for client in (desk, phone):
            assert (await copy(client, "sent")).get("from") == plain.jid
        juliet.send(said(f"{desk.jid}", "for the desk", f"<active xmlns='{ns.CHATSTATES}'/>"))
        assert (await desk.receive()).child_text("body") == "for the desk"
        received = await copy(phone, "received")
        assert received.child("active", ns.CHATSTATES) is not None
        await server.settle()
        assert all(client.nothing_more() for client in (desk, phone, plain, juliet))

    play(body)


def test_a_session_begins_with_copies_if_its_client_says_so_when_it_binds() -> None:
    async def body(server: Server) -> None:
        features = await (await server.connect()).open()
        assert f"<feature var='{ns.CARBONS}'/>" in features
        [desk, juliet] = await devices(server, "romeo/desk", "juliet/balcony", copies=False)
        wanted = f"<enable xmlns='{ns.CARBONS}'/>"
        for inside, copied in ((wanted + MANAGED, True), (MANAGED + wanted, True), (MANAGED, False)):
            phone, answer = await log_in(server, request(bind(inside), user="romeo"))
            assert "<enabled" in answer
            assert ns.CARBONS not in answer, "it has no answer, since it must not fail"
            await server.settle()
            phone.mark = len(phone.seen)
            desk.send(said("juliet@localhost", "hello"))
            await juliet.expect("hello")
            await server.settle()
            assert ("hello" in phone.seen[phone.mark :]) == copied
            phone.send("</stream:stream>")
            await phone.gone()

    play(body)


def test_one_with_a_negative_priority_gets_copies_too() -> None:
    async def body(server: Server) -> None:
        desk, phone, juliet = await devices(server, "romeo/desk", "romeo/phone", "juliet/balcony")
        phone.send("<presence><priority>-1</priority></presence>")
        await server.settle()
        phone.mark = len(phone.seen)
        juliet.send(said("romeo@localhost", "hello"))
        await desk.expect("hello")
        assert (await copy(phone, "received")).child_text("body") == "hello"

    play(body)


def test_what_no_priority_takes_is_stored_and_copied_once() -> None:
    async def body(server: Server) -> None:
        desk, phone, juliet = await devices(server, "romeo/desk", "romeo/phone", "juliet/balcony")
        for device in (desk, phone):
            device.send("<presence><priority>-1</priority></presence>")
        await server.settle()
        for device in (desk, phone):
            device.mark = len(device.seen)
        juliet.send(said("romeo@localhost", "hello"))
        for device in (desk, phone):
            assert (await copy(device, "received")).child_text("body") == "hello"
        desk.send("<presence/>")
        await desk.expect("hello.*?Offline Storage")

    play(body)


def test_to_ask_twice_is_to_ask_once_and_the_devices_of_others_are_theirs() -> None:
    async def body(server: Server) -> None:
        desk, phone, juliet = await devices(server, "romeo/desk", "romeo/phone", "juliet/balcony")
        for what in (ENABLE, ENABLE, DISABLE, DISABLE):
            assert (await phone.ask(what.format(id="again"))).get("type") == "result"
        desk.send(said("juliet@localhost", "hello"))
        await juliet.receive()
        await server.settle()
        assert phone.nothing_more()
        refused = await desk.ask(ENABLE.format(id="e").replace("id=", "to='juliet@localhost' id="))
        assert refused.get("type") == "error"
        for place in ("localhost", "romeo@localhost"):
            info = (
                await desk.ask(f"<iq type='get' id='i' to='{place}'><query xmlns='{ns.DISCO_INFO}'/></iq>")
            ).to_xml()
            assert f"<feature var='{ns.CARBONS}'/>" in info
            assert f"<feature var='{ns.CARBONS_RULES}'/>" in info

    play(body)


def test_the_others_see_that_a_message_was_refused() -> None:
    async def body(server: Server) -> None:
        desk, phone, juliet = await devices(server, "romeo/desk", "romeo/phone", "juliet/balcony")
        juliet.send(f"<message type='error' to='{desk.jid}'>{ERROR.to_xml('')}</message>")
        assert (await desk.receive()).get("type") == "error"
        assert (await copy(phone, "received")).get("type") == "error"

    play(body)


def test_presence_is_spared_the_stages_of_accounts_in_a_server_as_it_is() -> None:
    async def body(server: Server) -> None:
        assert stages.are_wanted("localhost")
        assert not stages.are_wanted_of_presence("localhost")

    play(body)


def test_copies_cross_to_devices_on_other_workers() -> None:
    async def body(cluster: CoreCluster) -> None:
        desk = await cluster.client("w1", "romeo@localhost/desk")
        phone = await cluster.client("w2", "romeo@localhost/phone")
        juliet = await cluster.client("w2", "juliet@localhost/j")
        for client in (desk, phone):
            assert "type='result'" in await client.do("ask", ENABLE.format(id="on"))
        await phone.do("send", said("juliet@localhost", "from the phone"))
        await juliet.do("send", said(phone.jid, "to the phone"))
        assert ["<sent " in text for text in await come(desk, 2)] == [True, False]

    core_cluster.run(body, "w1", "w2", modules=("mod_carbons",))
