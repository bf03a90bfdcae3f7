"""mod_csi on the wire: what an inactive client gets, when, in which order, and how it is counted."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from tests.proof.test_tiny_carbons import ENABLE as COPIES
from tests.support import node
from tests.support.login_client import ENABLE, bind, come, request
from tests.support.sm_client import SM, back, detached, enabled, message
from xmpp_core import ns
from xmppd.routing.sm import sm
from xmppd.testing.client import Client
from xmppd.testing.server import Server, serve

INACTIVE, ACTIVE = f"<inactive xmlns='{ns.CSI}'/>", f"<active xmlns='{ns.CSI}'/>"
PING = "<iq type='get' id='{}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"
TYPING = "<message to='{}' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>"
AWAY = "<presence to='{}'><show>{}</show></presence>"


def play(body: Callable[[Server], Awaitable[None]], **settings: Any) -> None:
    async def whole() -> None:
        async with serve(**settings) as server:
            await body(server)

    node.run(whole)


async def two(server: Server) -> tuple[Client, Client]:
    """A phone that is inactive, and somebody who talks to it."""
    phone, bob = await server.client("alice", "phone"), await server.client("bob", "desk")
    phone.send(INACTIVE)
    await server.settle()
    return phone, bob


def said(text: str) -> list[str]:
    """What stands in stanzas, in their order."""
    return re.findall(r"<show>(\w+)</show>|<(composing)|<body>(.*?)</body>", text)


def words(text: str) -> list[str]:
    return ["".join(one) for one in said(text)]


def test_it_is_offered_once_the_client_has_logged_in() -> None:
    async def body(server: Server) -> None:
        await server.account("alice")
        assert "<csi" not in await (await server.connect()).open()
        client = await server.connect()
        await client.plain("alice", "secret")
        assert f"<csi xmlns='{ns.CSI}'/>" in await client.open()

    play(body)


def test_presence_and_typing_wait_for_what_is_urgent_and_come_before_it() -> None:
    async def body(server: Server) -> None:
        phone, bob = await two(server)
        to = phone.jid
        bob.send(AWAY.format(to, "away") + TYPING.format(to) + AWAY.format(to, "dnd"))
        await server.settle()
        assert phone.nothing_more()
        bob.send(message("hello", to) + message("again", to))
        await phone.expect("again")
        assert words(phone.seen) == ["composing", "dnd", "hello", "again"]
        bob.send(AWAY.format(to, "xa"))
        await server.settle()
        assert "xa" not in phone.seen

    play(body)


def test_what_waits_comes_before_the_answer_to_what_the_client_asks_once_it_is_active() -> None:
    async def body(server: Server) -> None:
        phone, bob = await two(server)
        bob.send(AWAY.format(phone.jid, "away"))
        await server.settle()
        when = server.clock.now()
        await server.clock.advance(60)
        phone.send(ACTIVE + PING.format("p"))
        got = await phone.expect("<presence.*id='p'")
        assert f"<delay xmlns='{ns.DELAY}' from='localhost' stamp='{when:%Y-%m-%dT%H:%M}" in got
        assert got.index("<show>away") < got.index("id='p'")
        bob.send(AWAY.format(phone.jid, "dnd"))
        await phone.expect("<show>dnd")
        phone.send(ACTIVE)  # to say it twice is to say it once
        bob.send(AWAY.format(phone.jid, "xa"))
        await phone.expect("<show>xa")

    play(body)


def test_an_error_to_the_client_itself_overtakes_nothing() -> None:
    async def body(server: Server) -> None:
        phone, bob = await two(server)
        bob.send(AWAY.format(phone.jid, "away"))
        await server.settle()
        phone.send("<message to='@'/>")
        await phone.expect("<show>away.*jid-malformed")

    play(body)


def test_it_waits_no_longer_than_the_operator_says() -> None:
    async def body(server: Server) -> None:
        phone, bob = await two(server)
        for show in ("away", "dnd"):
            bob.send(AWAY.format(phone.jid, show))
            await server.settle()
            await server.clock.advance(59)
        await server.clock.advance(2)
        await phone.expect("<show>dnd")
        bob.send(AWAY.format(phone.jid, "xa"))
        await server.settle()
        assert phone.nothing_more(), "it is still inactive"

    play(body, modules={"mod_csi": {"max_seconds": 120}})


def test_not_more_of_it_than_the_operator_says() -> None:
    async def body(server: Server) -> None:
        phone, bob = await two(server)
        other = await server.client("carol", "desk")
        for number, client in enumerate((bob, other, bob)):
            client.send(AWAY.format(phone.jid, "away") if number < 2 else TYPING.format(phone.jid))
            await server.settle()
            assert phone.nothing_more() == (number < 2)
            phone.mark = len(phone.seen)

    play(body, modules={"mod_csi": {"max_stanzas": 2}})


def test_a_kind_that_the_operator_takes_out_does_not_wait() -> None:
    async def body(server: Server) -> None:
        phone, bob = await two(server)
        bob.send(TYPING.format(phone.jid) + AWAY.format(phone.jid, "away"))
        await phone.expect("<composing.*<show>away")

    play(body, modules={"mod_csi": {"presence": False}})


def test_a_copy_is_as_urgent_as_what_it_is_of() -> None:
    async def body(server: Server) -> None:
        phone, bob = await two(server)
        phone.send(COPIES.format(id="c"))
        await phone.expect("id='c'")
        desk = await server.client("alice", "desk")
        await server.settle()
        phone.mark = len(phone.seen)
        desk.send(TYPING.format(bob.jid))
        bob.send(TYPING.format(desk.jid))
        await server.settle()
        assert phone.nothing_more()
        bob.send(message("hello", desk.jid))
        await phone.expect("hello</body>")
        assert words(phone.seen) == ["composing", "composing", "hello"]

    play(body)


def test_a_session_begins_inactive_if_its_client_says_so_when_it_binds() -> None:
    async def body(server: Server) -> None:
        await server.account("alice")
        bob = await server.client("bob", "desk")
        for state, waits in ((INACTIVE, True), (ACTIVE, False), ("", False)):
            phone, answer = await come(server, request(bind(state)))
            assert f"<bound xmlns='{ns.BIND2}'" in answer
            assert ns.CSI not in answer
            await server.settle()
            phone.mark = len(phone.seen)
            bob.send(AWAY.format(sm.sessions("alice@localhost")[-1].jid.full, "away"))
            await server.settle()
            assert phone.nothing_more() == waits
            phone.send("</stream:stream>")
            await phone.gone()

    play(body)


def test_bind_2_says_that_it_can() -> None:
    async def body(server: Server) -> None:
        client = await server.connect()
        features = await client.open()
        [inline] = re.findall(f"<bind xmlns='{ns.BIND2}'><inline>(.*?)</inline></bind>", features)
        assert f"<feature var='{ns.CSI}'/>" in inline

    play(body)


# --- with stream management


def test_what_waits_is_not_counted_before_it_is_written() -> None:
    async def body(server: Server) -> None:
        phone, _ = await enabled(server, resource="phone")
        bob = await server.client("bob", "desk")
        phone.send(INACTIVE)
        await server.settle()
        for show in ("away", "dnd", "xa"):
            bob.send(AWAY.format(phone.jid, show))
        await server.settle()
        await server.clock.advance(5)
        assert phone.nothing_more(), "not even asked what it has got"
        phone.send(f"<a xmlns='{SM}' h='0'/>")
        bob.send(message("hello", phone.jid))
        await phone.expect("hello")
        phone.send(f"<a xmlns='{SM}' h='2'/>" + PING.format("p"))
        await phone.expect("id='p'")  # a count that cannot be would have ended the stream
        phone.send(f"<a xmlns='{SM}' h='4'/>")
        assert "handled-count-too-high" in await phone.gone()

    play(body)


def test_what_waits_comes_with_the_rest_when_the_session_is_resumed_which_is_active_then() -> None:
    async def body(server: Server) -> None:
        phone, id_ = await enabled(server, resource="phone")
        bob = await server.client("bob", "desk")
        phone.send(INACTIVE)
        await server.settle()
        bob.send(AWAY.format(phone.jid, "away"))
        await server.settle()
        phone.drop()
        await detached()
        bob.send(AWAY.format(phone.jid, "dnd") + message("hello", phone.jid))
        await server.settle()
        again = await back(server, id_, 0)
        got = await again.expect("<resumed .*hello</body>")
        assert words(got) == ["away", "dnd", "hello"]
        bob.send(AWAY.format(phone.jid, "xa"))
        await again.expect("<show>xa")

    play(body)


def test_so_it_does_if_the_first_connection_is_still_there() -> None:
    async def body(server: Server) -> None:
        phone, id_ = await enabled(server, resource="phone")
        bob = await server.client("bob", "desk")
        bob.send(message("old", phone.jid))
        await phone.expect("old")
        phone.send(INACTIVE)
        await server.settle()
        bob.send(AWAY.format(phone.jid, "away"))
        await server.settle()
        again = await back(server, id_, 0)
        got = await again.expect("<resumed .*<show>away</show>")
        assert words(got) == ["old", "away"]
        again.send(f"<a xmlns='{SM}' h='2'/>" + PING.format("p"))
        await again.expect("id='p'")

    play(body)


def test_a_session_that_ends_takes_what_waits_along() -> None:
    async def body(server: Server) -> None:
        phone, _ = await come(server, request(bind(ENABLE + INACTIVE), user="alice"))
        bob = await server.client("bob", "desk")
        [row] = sm.sessions("alice@localhost")
        bob.send(AWAY.format(row.jid.full, "away") + TYPING.format(row.jid.full))
        await server.settle()
        phone.mark = len(phone.seen)
        phone.send("</stream:stream>")
        assert "<show>" not in await phone.gone()
        await server.settle()
        assert bob.nothing_more()

    async def whole(server: Server) -> None:
        await server.account("alice")
        await body(server)

    play(whole)


def test_neither_is_answered_nor_told_to_others() -> None:
    async def body(server: Server) -> None:
        phone, desk = await server.client("alice", "phone"), await server.client("alice", "desk")
        for client in (phone, desk):
            client.send("<presence/>")
        await server.settle()
        for client in (phone, desk):
            client.mark = len(client.seen)
        for said_ in (INACTIVE, ACTIVE, INACTIVE):
            phone.send(said_)
            await server.settle()
        assert phone.nothing_more()
        assert desk.nothing_more()
        assert sm.sessions("alice@localhost")[0].priority == 0, "it is as available as it was"

    play(body)
