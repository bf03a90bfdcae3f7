"""One process for each key: found, asked, refused."""

from __future__ import annotations

import pytest

from otp.erts import process
from otp.erts.pid import Pid
from tests.support.core_server import CoreServer
from tests.support.node import until
from tests.support.placed_counter import COUNTERS, MOD, HowMany, message, play_counters
from xmpp_core.errors import StanzaError
from xmppd.routing import router
from xmppd.routing.placed.placed import bare_jid, place

ONE, TWO = "one@count.localhost", "two@count.localhost"


def test_each_key_has_its_process() -> None:
    async def body(core: CoreServer) -> None:
        for to in (ONE, ONE, TWO):
            await router.route(message("x", f"{to}/whoever"))
        assert await COUNTERS.call(MOD, ONE, HowMany()) == 2
        assert await COUNTERS.call(MOD, TWO, HowMany()) == 1
        pid = await COUNTERS.whereis(MOD, ONE)
        assert pid is await COUNTERS.whereis(MOD, ONE)
        assert pid is not await COUNTERS.whereis(MOD, TWO)

    play_counters(body)


def test_a_process_that_was_killed_is_found_again() -> None:
    async def body(core: CoreServer) -> None:
        pid = await COUNTERS.whereis(MOD, ONE)
        process.exit_(pid, "kill")
        assert await COUNTERS.call(MOD, ONE, HowMany()) == 0
        assert await COUNTERS.whereis(MOD, ONE) is not pid

    play_counters(body)


def test_what_its_start_refuses_is_told() -> None:
    async def body(core: CoreServer) -> None:
        with pytest.raises(StanzaError) as caught:
            await COUNTERS.call(MOD, "nobody@count.localhost", HowMany())
        assert caught.value.condition == "item-not-found"
        romeo = await core.login("romeo@localhost/r")
        await router.route(message("x", "nobody@count.localhost"))
        await until(lambda: bool(romeo.got))
        assert "<item-not-found " in romeo.take()[0]

    play_counters(body)


def test_a_key_is_at_one_place_whoever_asks() -> None:
    async def body(core: CoreServer) -> None:
        one, two = (process.spawn(process.sleep, 60) for _ in range(2))
        assert place("k", (one,)) is one
        assert isinstance(place("k", (one, two)), Pid)
        assert bare_jid(message("x", f"{ONE}/r")) == ONE

    play_counters(body)
