"""The supervisor of the processes for keys."""

from __future__ import annotations

from otp.erts import process
from otp.stdlib import supervisor
from tests.support.core_server import CoreServer, crash
from tests.support.node import until
from tests.support.placed_counter import COUNTERS, MOD, HowMany, message, play_counters
from xmppd.routing import router

ONE = "one@count.localhost"


def test_processes_stand_under_the_module_s_own_supervisor() -> None:
    async def body(core: CoreServer) -> None:
        pid = await COUNTERS.whereis(MOD, ONE)
        (child,) = await supervisor.which_children("counter_sup@mod_count@localhost")
        assert (child.id, child.pid) == (ONE, pid)

    play_counters(body)


def test_all_of_them_may_crash() -> None:
    async def body(core: CoreServer) -> None:
        await router.route(message("a"))
        pid = await COUNTERS.whereis(MOD, ONE)
        await crash("counter_sup@mod_count@localhost")
        await until(lambda: not process.is_alive(pid))
        await router.route(message("b"))
        assert await COUNTERS.call(MOD, ONE, HowMany()) == 1

    play_counters(body)
