"""What a module does while it runs: handlers registered again, and what is done every so often."""

from __future__ import annotations

import sys

import pytest

from otp.erts import process
from tests.support.core_server import CoreServer, crash, play
from tests.support.node import until
from tests.support.play_modules import modules, with_play
from xmppd import gen_mod_sup
from xmppd.gen_mod import Mod, every, started
from xmppd.routing import hooks, iq
from xmppd.routing.hook_points import StreamFeaturesHook
from xmppd.routing.iq import LOCAL

pytestmark = pytest.mark.usefixtures(modules.__name__)


def test_a_tables_crash_costs_no_handler() -> None:
    async def body(core: CoreServer) -> None:
        for table in ("hooks", "iq"):
            await crash(table)
        assert await hooks.run_fold("localhost", StreamFeaturesHook("localhost"), ()) == (("play.mod_a", 7),)
        assert iq.features("localhost", LOCAL) == ["urn:play"]

    play(body, with_play(limit=7))


def test_what_is_done_every_so_often() -> None:
    done: list[tuple[str, str]] = []

    @every(0.001)
    async def sweep(mod: Mod) -> None:
        done.append(("sweep", mod.host))

    @every(lambda options: options.limit / 1000)
    def fails(mod: Mod) -> None:
        done.append(("fails", mod.host))
        raise RuntimeError("a bug of a module")

    vars(sys.modules["play.mod_a"]).update(sweep=sweep, fails=fails)

    async def body(core: CoreServer) -> None:
        pid = process.whereis("play.mod_a@localhost")
        await until(lambda: min(done.count(("sweep", "localhost")), done.count(("fails", "localhost"))) >= 3)
        assert process.whereis("play.mod_a@localhost") is pid

    play(body, with_play(limit=1))


def test_what_is_done_once_it_serves() -> None:
    begun: list[tuple[str, bool]] = []

    @started
    def begin(mod: Mod) -> None:
        begun.append((mod.host, iq.features("localhost", LOCAL) == ["urn:play"]))

    vars(sys.modules["play.mod_a"])["begin"] = begin

    async def body(core: CoreServer) -> None:
        await until(lambda: begun == [("localhost", True)])
        await crash("play.mod_a@localhost")
        await until(lambda: begun == [("localhost", True)] * 2)

    play(body, with_play(limit=7))


def test_it_is_never_done_twice_at_a_time_and_ends_with_its_module() -> None:
    running: list[str] = []

    @every(0.001)
    async def sweep(mod: Mod) -> None:
        running.append("begun")
        try:
            await process.sleep(3600)
        finally:
            running.append("over")

    vars(sys.modules["play.mod_a"]).update(sweep=sweep)

    async def body(core: CoreServer) -> None:
        await until(lambda: running)
        await process.sleep(0.02)
        assert running == ["begun"]
        [mod] = [mod for mod in gen_mod_sup.mods_of(with_play(), "localhost") if mod.name == "play.mod_a"]
        await gen_mod_sup.stop_mod(mod)
        await until(lambda: running == ["begun", "over"])

    play(body, with_play())
