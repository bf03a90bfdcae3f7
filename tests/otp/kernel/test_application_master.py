"""The master's word to the controller, and its end as the application's."""

from __future__ import annotations

from typing import Any

from otp.erts import process, runtime
from otp.erts.signals import Exit
from otp.kernel import application_master
from otp.kernel.app_resource import AppSpec
from otp.kernel.application_master import Started, StopNow

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


def test_the_end_of_the_controller_stops_it_in_order() -> None:
    async def body(master: Any) -> None:
        await process.receive(timeout=5)
        process.exit_(process.self_(), "normal")
        controller = process.self_()
        process.send(master, Exit(controller, "shutdown"))
        end = await process.receive(lambda m: isinstance(m, Exit) and m.pid is master, timeout=5)
        assert end.reason == "normal"

    _run(body, "")
