"""A session that outlives its connection, by one file: the seams for stream management can be used by a module."""

from __future__ import annotations

import re

from tests.proof.mod_resume import NS
from tests.support import node
from xmppd.routing.sm import sm
from xmppd.testing.client import Client
from xmppd.testing.server import Server, serve

MODULES = {"tests.proof.mod_resume": {"seconds": 60}}


async def enabled(server: Server) -> Client:
    alice = await server.client("alice", "desk")
    alice.send(f"<enable xmlns='{NS}'/>")
    await alice.expect("<enabled [^>]*seconds='60'/>")
    return alice


async def back(server: Server, h: int) -> Client:
    alice = await server.connect()
    await alice.plain("alice", "secret")
    assert f"<resume xmlns='{NS}'/>" in await alice.open()
    alice.send(f"<resume xmlns='{NS}' resource='desk' h='{h}'/>")
    return alice


async def detached() -> None:
    await node.until(lambda: not sm.sessions("alice@localhost")[0].attached)


def message(text: str) -> str:
    return f"<message to='alice@localhost/desk' type='chat'><body>{text}</body></message>"


def test_what_has_not_come_is_sent_again_in_its_order_and_once() -> None:
    async def body() -> None:
        async with serve(modules=MODULES) as server:
            alice, bob = await enabled(server), await server.client("bob", "phone")
            for text in ("first", "second"):
                bob.send(message(text))
                await alice.expect(text)
            alice.send(f"<a xmlns='{NS}' h='1'/>")
            await server.settle()
            alice.drop()
            await detached()
            bob.send(message("third"))
            await server.settle()
            alice = await back(server, 1)
            bob.send(message("fourth"))
            got = await alice.expect("<resumed .*fourth</body>")
            assert re.findall("<body>(.*?)<", got) == ["second", "third", "fourth"]

    node.run(body)


def test_a_session_that_nobody_comes_for_ends_and_a_client_that_is_too_late_may_bind() -> None:
    async def body() -> None:
        async with serve(modules=MODULES) as server:
            alice = await enabled(server)
            alice.drop()
            await detached()
            await server.clock.advance(61)
            await node.until(lambda: not sm.sessions("alice@localhost"))
            alice = await back(server, 0)
            await alice.expect("<failed [^>]*/>")
            alice.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
            await alice.expect("<jid>alice@localhost/")

    node.run(body)


def test_a_count_that_cannot_be_ends_the_stream() -> None:
    async def body() -> None:
        async with serve(modules=MODULES) as server:
            alice = await enabled(server)
            alice.send(f"<a xmlns='{NS}' h='7'/>")
            assert "<undefined-condition" in await alice.gone()
            await node.until(lambda: not sm.sessions("alice@localhost"))

    node.run(body)
