"""The master's word to the controller, and its end as the application's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otp.erts import process, runtime
from otp.erts.signals import Exit
from otp.kernel import application_master
from otp.kernel.app_resource import AppSpec
from otp.kernel.application import Application
from otp.kernel.application_master import Started, StopNow
from otp.stdlib import gen_server, supervisor
from tests.support.node import until

SPEC = AppSpec("small", "1", mod="tests.support.small_release:ProbeApp")


def _run(body: Any, mode: str) -> None:
    from otp.kernel import application

    async def main() -> None:
        process.trap_exit(True)
        application.set_env("small", "mode", mode)
        master = process.spawn_link(application_master.run, process.self_(), SPEC, trap=True)
        await body(master)
        application.forget_env("small")

    runtime.run(main)


def test_started_then_stopped() -> None:
    async def body(master: Any) -> None:
        assert await process.receive(timeout=5) == Started("small", master)
        process.send(master, StopNow())
        assert await process.receive(timeout=5) == Exit(master, "normal")

    _run(body, "")


def test_a_failed_start_is_told_with_its_reason() -> None:
    async def body(master: Any) -> None:
        started = await process.receive(timeout=5)
        assert started.failure[0] == "shutdown"
        end = await process.receive(timeout=5)
        assert end == Exit(master, ("shutdown", started.failure))

    _run(body, "fail")


def test_the_end_of_the_tree_is_the_end_of_the_application() -> None:
    async def body(master: Any) -> None:
        await process.receive(timeout=5)
        assert await process.receive(timeout=5) == Exit(master, "the tree is broken")

    _run(body, "crash-later")


def test_each_way_down_goes_through_prep_stop_and_stop() -> None:
    """Its own end, clean or not, a stop, the end of the controller: application(3)."""
    told: list[Any] = []

    class Top(supervisor.Supervisor):
        def init(self) -> Any:
            return {}, []

    class App(Application):
        async def start(self, type_: Any, env: Any) -> Any:
            return await supervisor.start_link(Top, name="top"), "state"

        def prep_stop(self, state: Any) -> Any:
            told.append(("prep_stop", state))
            return "prepared"

        def stop(self, state: Any) -> None:
            told.append(("stop", state))

    async def controller(down: Callable[[Any], object]) -> None:
        process.trap_exit(True)
        master = process.spawn_link(application_master.run, process.self_(), SPEC, trap=True)
        assert await process.receive(timeout=5) == Started("small", master)
        down(master)
        await process.receive(lambda m: isinstance(m, Exit) and m.pid is master, 5)

    ways: list[Callable[[Any], object]] = [
        lambda master: process.exit_(process.whereis("top"), "kill"),  # type: ignore[arg-type]
        lambda master: process.spawn(gen_server.stop, "top", "shutdown"),
        lambda master: process.send(master, StopNow()),
        lambda master: process.exit_(process.self_(), "kill"),
    ]

    async def main() -> None:
        process.trap_exit(True)
        for way in ways:
            told.clear()
            process.spawn(controller, way)
            await until(lambda: len(told) == 2)
            assert told == [("prep_stop", "state"), ("stop", "prepared")]
            await until(lambda: process.whereis("top") is None)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(application_master, "callbacks_of", lambda _spec: App())
        runtime.run(main)


def test_the_end_of_the_controller_stops_it_in_order() -> None:
    async def body(master: Any) -> None:
        await process.receive(timeout=5)
        process.exit_(process.self_(), "normal")
        controller = process.self_()
        process.send(master, Exit(controller, "shutdown"))
        end = await process.receive(lambda m: isinstance(m, Exit) and m.pid is master, timeout=5)
        assert end.reason == "normal"

    _run(body, "")
