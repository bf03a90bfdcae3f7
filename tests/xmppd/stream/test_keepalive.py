"""A client that says nothing is asked, and is gone if it does not answer; one that says anything is not."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from xmppd import audit
from xmppd.config.schema import KeepaliveSection
from xmppd.routing.sm import sm
from xmppd.stream.keepalive import PERIODS, KeepaliveTick, schedule_of, specs
from xmppd.testing.clock import MovableClock
from xmppd.testing.server import Server, serve

PING = r"<iq[^>]*type='get'[^>]*><ping xmlns='urn:xmpp:ping'/></iq>"


def played(body: Callable[[Server, MovableClock], Awaitable[Any]], **keepalive: Any) -> None:
    async def whole() -> None:
        async with serve(keepalive=keepalive) as server:
            await body(server, server.clock)

    asyncio.run(whole())


def test_a_client_that_does_not_answer_is_taken_for_gone_and_others_are_told() -> None:
    async def body(server: Server, clock: MovableClock) -> None:
        silent, friend = await server.client("alice", "phone"), await server.client("alice", "desk")
        for one in (silent, friend):
            one.send("<presence/>")
        await friend.expect("from='alice@localhost/phone'")
        before = audit.COUNTS[audit.VANISHED]
        await clock.advance(30)
        await silent.expect(PING)
        friend.send(" ")
        await server.settle()
        await clock.advance(7)
        assert len(sm.sessions("alice@localhost")) == 2
        await clock.advance(8)
        await friend.expect("type='unavailable'")
        await silent.gone()
        assert [one.jid.resource for one in sm.sessions("alice@localhost")] == ["desk"]
        assert audit.COUNTS[audit.VANISHED] == before + 1

    played(body, mode="ping", interval=30, timeout=10)


def test_any_word_of_the_client_will_do() -> None:
    async def body(server: Server, clock: MovableClock) -> None:
        client = await server.client("alice")
        for answer in ("<iq type='result' id='{}' to='localhost'/>", "<iq type='error' id='{}' to='localhost'/>", " "):
            await clock.advance(30)
            ping = await client.expect(PING)
            found = re.search("id='([^']*)'", ping)
            assert found
            client.send(answer.format(found[1]))
            await server.settle()
        await clock.advance(29)
        assert client.nothing_more()
        assert not client.closed

    played(body, mode="ping", interval=30, timeout=10)


def test_a_space_is_sent_and_nothing_is_asked() -> None:
    async def body(server: Server, clock: MovableClock) -> None:
        client = await server.client("alice")
        heard = len(client.seen)
        await clock.advance(100)
        assert client.seen[heard:] == "   "
        assert not client.closed

    played(body, mode="whitespace", interval=30)


def test_without_a_wish_there_is_no_process() -> None:
    assert specs(KeepaliveSection()) == []
    assert len(specs(KeepaliveSection(mode="whitespace"))) == 1


@pytest.mark.parametrize(("interval", "timeout", "end"), [(120, 30, 5), (120, 31, 6), (10, 5, 6), (60, 60, 8)])
def test_the_answer_has_at_least_its_time(interval: int, timeout: int, end: int) -> None:
    schedule = schedule_of(KeepaliveSection("ping", interval, timeout))
    assert schedule.seconds == interval / PERIODS
    assert schedule.tick == KeepaliveTick(True, PERIODS, end)


def test_nothing_is_sent_while_a_client_logs_in() -> None:
    async def body(server: Server, clock: MovableClock) -> None:
        await server.account("alice")
        client = await server.connect()
        await client.open()
        first = base64.b64encode(b"n,,n=alice,r=nonce").decode()
        client.send(
            "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='SCRAM-SHA-256'>"
            f"<initial-response>{first}</initial-response></authenticate>"
        )
        await client.expect("<challenge.*?</challenge>")
        heard = len(client.seen)
        await clock.advance(25)
        assert client.seen[heard:] == ""
        assert not client.closed

    played(body, mode="whitespace", interval=10)
