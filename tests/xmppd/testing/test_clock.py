"""clock — what the server does after a time is done when the clock has moved by it, step by step and in order."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Unpack

import pytest

from otp.erts import process
from otp.erts.clock import CLOCK
from otp.erts.timer import TIMERS
from otp.stdlib import timer
from tests.support import node
from xmppd.store import store
from xmppd.testing.clock import MovableClock
from xmppd.testing.server import Server, serve
from xmppd.testing.settings import Settings

TIME = "<iq type='get' id='t' to='localhost'><time xmlns='urn:xmpp:time'/></iq>"


def served(body: Callable[[Server], Awaitable[Any]], **chosen: Unpack[Settings]) -> None:
    async def whole() -> None:
        async with serve(**chosen) as server:
            await body(server)

    asyncio.run(whole())


def test_timers_fire_in_their_order_and_each_at_its_time() -> None:
    clock, told = MovableClock(), list[tuple[str, int]]()

    async def body() -> None:
        begin = CLOCK.monotonic()

        def tell(what: str) -> None:
            told.append((what, round(CLOCK.monotonic() - begin)))

        async def sleeper() -> None:
            await process.sleep(90)
            tell("slept")
            await process.sleep(30)
            tell("slept again")

        process.spawn(sleeper)
        tick = timer.apply_interval(60, tell, "tick")
        await clock.advance(timedelta(minutes=2.5))
        timer.cancel(tick)

    node.run(body)
    assert told[:2] == [("tick", 60), ("slept", 90)]
    assert sorted(told[2:]) == [("slept again", 120), ("tick", 120)]


def test_all_that_the_server_tells_of_the_time_has_moved() -> None:
    async def body(server: Server) -> None:
        bob = await server.client("bob")
        before = server.clock.now()
        assert abs((before - datetime.now(UTC)).total_seconds()) < 60
        await server.clock.advance(timedelta(days=400))
        told = await bob.ask(TIME)
        answer = told.first()
        assert answer is not None
        for now in (datetime.fromisoformat(str(answer.child_text("utc"))), server.clock.now()):
            assert abs(now - before - timedelta(days=400)) < timedelta(minutes=5)

    served(body)


def test_a_server_at_rest_is_woken_a_few_times_an_hour_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[float] = []

    async def body(server: Server) -> None:
        await server.client("bob")
        fire = TIMERS.fire
        monkeypatch.setattr(TIMERS, "fire", lambda: (steps.append(CLOCK.monotonic()), fire()))
        await server.clock.advance(timedelta(hours=10))

    served(body)
    assert 0 < len(steps) < 100


def test_a_message_kept_for_a_month_says_so() -> None:
    async def body(server: Server) -> None:
        await server.account("alice")
        bob = await server.client("bob")
        bob.send("<message to='alice@localhost' type='chat'><body>kept</body></message>")
        await server.settle()
        sent = server.clock.now()
        await server.clock.advance(timedelta(days=30))
        alice = await server.client("alice")
        alice.send("<presence/>")
        stamp = re.search("stamp='([^']*)'", await alice.expect("<message.*?</message>"))
        assert stamp is not None
        assert abs(datetime.fromisoformat(stamp[1]) - sent) < timedelta(minutes=5)
        assert server.clock.now() - sent >= timedelta(days=30)

    served(body)


def test_a_stream_that_does_not_negotiate_ends_in_its_time() -> None:
    async def body(server: Server) -> None:
        slow = await server.connect()
        await slow.open()
        await server.clock.advance(29)
        assert not slow.closed
        await server.clock.advance(2)
        assert "<connection-timeout" in await slow.gone()

    served(body, limits={"negotiation_seconds": 30})


def test_a_client_that_sends_too_fast_is_read_again_later() -> None:
    async def body(server: Server) -> None:
        alice = await server.client("alice")
        alice.send(f"<message to='nobody@localhost'><body>{'x' * 20000}</body></message>" * 4)
        alice.send("<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
        await server.settle()
        assert "id='p'" not in alice.seen
        await server.clock.advance(100)
        await alice.expect("<iq[^>]*id='p'")

    served(body, limits={"rate": 1024, "burst": 4096})


def test_time_does_not_go_back_and_begins_anew_with_each_server() -> None:
    async def body(server: Server) -> None:
        with pytest.raises(ValueError, match="does not go back"):
            await server.clock.advance(-1)
        await server.clock.advance(1000)
        assert CLOCK.offset == pytest.approx(1000, abs=1)

    served(body)
    assert CLOCK.time is time.time
    served(body)


def test_rest_comes_when_the_database_has_answered() -> None:
    done: list[str] = []

    async def body(server: Server) -> None:
        async def slowly() -> None:
            for what in ("first", "second"):
                await store.transaction(lambda _tx: time.sleep(0.05))
                done.append(what)

        process.spawn(slowly)
        await server.settle()
        assert done == ["first", "second"]

    served(body, store="sqlite")
