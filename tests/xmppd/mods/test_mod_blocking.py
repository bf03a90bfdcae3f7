"""mod_blocking — who is blocked sees and says nothing, and the user hears nothing of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.support import node
from xmpp_core import ns
from xmppd.testing.client import Client
from xmppd.testing.server import Server, serve

GET = f"<iq type='get' id='g'><blocklist xmlns='{ns.BLOCKING}'/></iq>"


def asked(verb: str, *jids: str) -> str:
    items = "".join(f"<item jid='{jid}'/>" for jid in jids)
    return f"<iq type='set' id='{verb}'><{verb} xmlns='{ns.BLOCKING}'>{items}</{verb}></iq>"


def said(to: str, text: str, type_: str = "chat", inside: str = "") -> str:
    return f"<message to='{to}' type='{type_}' id='{text}'><body>{text}</body>{inside}</message>"


def play(body: Callable[[Server, Client, Client, Client], Awaitable[None]]) -> None:
    """Two devices of Romeo and one of Juliet, who see each other, with nothing unread."""

    async def whole() -> None:
        async with serve() as server:
            desk, phone = await server.client("romeo", "desk"), await server.client("romeo", "phone")
            juliet = await server.client("juliet", "balcony")
            for client in (desk, phone, juliet):
                client.send("<presence/>")
            await server.settle()
            for one, other in ((desk, "juliet"), (juliet, "romeo")):
                one.send(f"<presence to='{other}@localhost' type='subscribe'/>")
                await server.settle()
            for one, other in ((desk, "juliet"), (juliet, "romeo")):
                one.send(f"<presence to='{other}@localhost' type='subscribed'/>")
                await server.settle()
            await read(server, desk, phone, juliet)
            await body(server, desk, phone, juliet)

    node.run(whole)


async def read(server: Server, *clients: Client) -> None:
    await server.settle()
    for client in clients:
        client.mark = len(client.seen)


def test_both_go_dark_for_each_other_and_come_back() -> None:
    async def body(server: Server, desk: Client, phone: Client, juliet: Client) -> None:
        assert (await desk.ask(asked("block", "juliet@localhost"))).get("type") == "result"
        for _ in range(2):
            gone = await juliet.receive()
            assert gone.get("type") == "unavailable"
        await read(server, desk, phone, juliet)
        juliet.send("<presence><show>away</show></presence>")
        desk.send("<presence><show>dnd</show></presence>")
        juliet.send(f"<presence to='{desk.jid}'/><presence to='romeo@localhost' type='probe'/>")
        await server.settle()
        assert "juliet" not in desk.seen[desk.mark :]
        assert "romeo" not in juliet.seen[juliet.mark :]
        await read(server, desk, phone, juliet)
        assert (await desk.ask(asked("unblock", "juliet@localhost"))).get("type") == "result"
        await juliet.expect("<presence[^>]*romeo@localhost/desk[^>]*>.*dnd")
        await desk.expect("<presence[^>]*juliet@localhost/balcony")

    play(body)


def test_what_they_write_does_not_come_and_what_is_written_to_them_does_not_leave() -> None:
    async def body(server: Server, desk: Client, phone: Client, juliet: Client) -> None:
        await desk.ask(asked("block", "juliet@localhost"))
        await read(server, desk, phone, juliet)
        juliet.send(said("romeo@localhost", "one"))
        juliet.send(said(desk.jid, "two"))
        for name in ("one", "two"):
            refused = await juliet.receive()
            assert (refused.get("id"), refused.get("type")) == (name, "error")
            assert "service-unavailable" in refused.to_xml()
        ping = await juliet.ask(f"<iq type='get' id='p' to='{desk.jid}'><ping xmlns='{ns.PING}'/></iq>")
        assert "service-unavailable" in ping.to_xml()
        juliet.send(said("romeo@localhost", "news", "headline"))
        juliet.send(said(desk.jid, "room", inside=f"<x xmlns='{ns.MUC_USER}'/>"))
        desk.send(said("juliet@localhost", "three"))
        refused = await desk.receive()
        assert "not-acceptable" in refused.to_xml()
        assert f"<blocked xmlns='{ns.BLOCKING_ERRORS}'/>" in refused.to_xml()
        await server.settle()
        assert all(client.nothing_more() for client in (desk, phone, juliet))
        await desk.ask(asked("unblock"))
        await read(server, desk, phone, juliet)
        juliet.send(said(desk.jid, "again"))
        assert (await desk.receive()).child_text("body") == "again"

    play(body)


def test_an_invitation_by_somebody_who_is_blocked_does_not_come() -> None:
    async def body(server: Server, desk: Client, phone: Client, juliet: Client) -> None:
        nurse = await server.client("nurse", "n")
        await desk.ask(asked("block", "juliet@localhost"))
        await read(server, desk, phone, juliet)
        invite = f"<x xmlns='{ns.MUC_USER}'><invite from='juliet@localhost/balcony'/></x>"
        nurse.send(f"<message to='{desk.jid}'>{invite}</message>" + said(desk.jid, "hello"))
        assert (await desk.receive()).child_text("body") == "hello"

    play(body)


def test_devices_that_have_asked_hear_of_changes() -> None:
    async def body(server: Server, desk: Client, phone: Client, juliet: Client) -> None:
        for client in (desk, phone):
            assert (await client.ask(GET)).first() is not None
        assert (await desk.ask(asked("block", "a.example", "b@c/d"))).get("type") == "result"
        await server.settle()
        for client in (desk, phone):
            push = "<block xmlns='urn:xmpp:blocking'><item jid='a.example'/><item jid='b@c/d'/></block>"
            assert client.seen.count(push) == 1
        listed = (await phone.ask(GET)).first()
        assert listed is not None
        assert sorted(item.get("jid") or "" for item in listed.elements("item")) == ["a.example", "b@c/d"]
        await desk.ask(asked("unblock"))
        listed = (await phone.ask(GET)).first()
        assert listed is not None
        assert not list(listed.elements("item"))

    play(body)


def test_what_cannot_be_is_refused() -> None:
    async def body(server: Server, desk: Client, phone: Client, juliet: Client) -> None:
        assert "bad-request" in (await desk.ask(asked("block"))).to_xml()
        assert "jid-malformed" in (await desk.ask(asked("block", "@"))).to_xml()
        other = asked("block", "x@y").replace("<iq ", "<iq to='juliet@localhost' ", 1)
        assert (await desk.ask(other)).get("type") == "error"
        many = [f"u{n}@x" for n in range(1001)]
        assert "resource-constraint" in (await desk.ask(asked("block", *many))).to_xml()
        for place in ("localhost", "romeo@localhost"):
            ask = f"<iq type='get' id='i' to='{place}'><query xmlns='{ns.DISCO_INFO}'/></iq>"
            assert f"<feature var='{ns.BLOCKING}'/>" in (await desk.ask(ask)).to_xml()

    play(body)


def test_whoever_asks_is_answered_before_it_is_told_of_the_change() -> None:
    async def body(server: Server, desk: Client, phone: Client, juliet: Client) -> None:
        await desk.ask(GET)
        for verb in ("block", "unblock"):
            desk.send(asked(verb, "a.example"))
            first, second = await desk.receive(), await desk.receive()
            assert (first.get("type"), first.get("id")) == ("result", verb)
            assert (second.get("type"), second.get("from")) == ("set", "romeo@localhost")
            assert second.child(verb, ns.BLOCKING) is not None

    play(body)
