"""The process for one key: what it raises, how it ends, and what it leaves to its successor."""

from __future__ import annotations

import pytest

from otp.erts import process
from otp.erts.signals import Down
from tests.support.core_server import CoreServer
from tests.support.node import until
from tests.support.placed_counter import COUNTERS, MOD, End, HowMany, message, play_counters
from xmpp_core.errors import StanzaError
from xmppd.routing import router
from xmppd.routing.deliver import Deliver
from xmppd.routing.placed.placed_server import GivenUp, Relocate, TakeOver

ONE = "one@count.localhost"


def test_what_it_raises_is_answered_and_it_goes_on() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        for text in ("a", "refuse", "b"):
            await router.route(message(text))
        await until(lambda: bool(romeo.got))
        assert "<forbidden " in romeo.take()[0]
        assert await COUNTERS.call(MOD, ONE, HowMany()) == 2

    play_counters(body)


def test_it_ends_when_it_is_not_needed_and_what_came_too_late_finds_the_next_one() -> None:
    async def body(core: CoreServer) -> None:
        pid = await COUNTERS.whereis(MOD, ONE)
        for text in ("end", "a", "b"):
            process.send(pid, Deliver(message(text)))
        await until(lambda: not process.is_alive(pid))
        for _ in range(500):
            if await COUNTERS.call(MOD, ONE, HowMany()) == 2:
                return
            await process.sleep(0.01)
        raise AssertionError("what came too late is lost")

    play_counters(body)


def test_a_request_that_it_refuses_raises_where_it_was_asked_and_it_goes_on() -> None:
    async def body(core: CoreServer) -> None:
        pid = await COUNTERS.whereis(MOD, ONE)
        with pytest.raises(StanzaError) as caught:
            await COUNTERS.call(MOD, ONE, "what?")
        assert (caught.value.condition, caught.value.text) == ("not-acceptable", "only HowMany and End")
        assert await COUNTERS.whereis(MOD, ONE) is pid

    play_counters(body)


def test_it_ends_after_a_request_when_it_is_not_needed() -> None:
    async def body(core: CoreServer) -> None:
        await router.route(message("a"))
        pid = await COUNTERS.whereis(MOD, ONE)
        assert await COUNTERS.call(MOD, ONE, End()) == 1
        await until(lambda: not process.is_alive(pid))
        assert await COUNTERS.call(MOD, ONE, HowMany()) == 0

    play_counters(body)


def test_it_hands_over_and_ends() -> None:
    async def body(core: CoreServer) -> None:
        pid = await COUNTERS.whereis(MOD, ONE)
        process.send(pid, TakeOver(ONE, 5))
        process.send(pid, TakeOver(ONE, None))
        process.send(pid, Deliver(message("a")))
        process.monitor(pid)
        process.send(pid, Relocate(process.self_()))
        assert await process.receive(lambda m: isinstance(m, GivenUp)) == GivenUp(pid, 6)
        down = await process.receive(lambda m: isinstance(m, Down))
        assert down.reason == "normal"

    play_counters(body)
