"""Locators that come, go and crash; on several nodes: tests/proof/test_tiny_room.py."""

from __future__ import annotations

from otp.erts import process
from otp.kernel import pg
from tests.support.core_server import CoreServer, crash
from tests.support.placed_counter import COUNTERS, MOD, HowMany, message, play_counters
from xmppd.routing import router

ONE = "one@count.localhost"


def test_a_locator_finds_what_its_predecessor_has_started() -> None:
    async def body(core: CoreServer) -> None:
        await router.route(message("a"))
        pid = await COUNTERS.whereis(MOD, ONE)
        await crash("counter@mod_count@localhost")
        await router.route(message("b"))
        assert await COUNTERS.whereis(MOD, ONE) is pid
        assert await COUNTERS.call(MOD, ONE, HowMany()) == 2

    play_counters(body)


def test_groups_that_are_lost_are_joined_again() -> None:
    async def body(core: CoreServer) -> None:
        pid = await COUNTERS.whereis(MOD, ONE)
        old = process.whereis("pg")
        assert old is not None
        process.unlink(old)
        process.exit_(old, "kill")
        await pg.start_link()
        assert await COUNTERS.whereis(MOD, ONE) is pid

    play_counters(body)
