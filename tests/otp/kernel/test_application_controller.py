"""Starting and stopping applications: order, rollback, and what the end of one means (after application_SUITE)."""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts import process, runtime
from otp.erts.exits import StartError
from otp.erts.process import exit_, receive, spawn_link, trap_exit, whereis
from otp.erts.signals import Exit
from otp.kernel import application
from otp.kernel import application_controller as controller
from otp.kernel.app_resource import AppSpec
from otp.kernel.application import Application
from otp.kernel.application_controller import ApplicationError

HERE = __name__
trail: list[Any] = []


class Plain(Application):
    async def start(self, type_, args):
        name = args["name"]
        trail.append(("start", name))
        if args.get("fail"):
            raise StartError(("no", name))
        return spawn_link(_tree, name, name=f"{name}_sup"), name

    def prep_stop(self, state):
        trail.append(("prep_stop", state, process.is_alive(whereis(f"{state}_sup"))))
        return state

    async def stop(self, state):
        trail.append(("stop", state, whereis(f"{state}_sup")))


class Odd(Application):
    def start(self, type_, args):
        return "not a pid"


class FailsDown(Plain):
    def prep_stop(self, state):
        raise ValueError("on the way down")


async def _tree(name):
    trap_exit(True)
    message = await receive(lambda m: isinstance(m, Exit))
    trail.append(("ended", name))
    raise process.exits.ProcessExit(message.reason)


def _spec(name: str, *needs: str, mod: str | None = "Plain", **env: Any) -> AppSpec:
    target = None if mod is None else f"{HERE}:{mod}"
    return AppSpec(name, "1", mod=target, applications=needs, env={"name": name, **env})


def _run(body, *specs: AppSpec) -> None:
    async def main() -> None:
        trail.clear()
        trap_exit(True)
        await controller.start_link()
        for spec in specs:
            controller.load(spec)
        try:
            await body()
        finally:
            if whereis(controller.NAME) is not None:
                await controller.gen_server.stop(controller.NAME)
            for spec in specs:
                application.forget_env(spec.name)

    import sys

    sys.modules.setdefault(HERE, sys.modules[main.__module__])
    runtime.run(main, node="test")


def _names() -> list[str]:
    return [name for name, _description, _vsn in controller.which_applications()]


def test_start_and_stop() -> None:
    async def body() -> None:
        await controller.start("a")
        assert _names() == ["a"]
        await controller.stop("a")
        assert _names() == []
        assert trail == [("start", "a"), ("prep_stop", "a", True), ("ended", "a"), ("stop", "a", None)]
        await controller.start("a")

    _run(body, _spec("a"))


def test_a_dependency_must_run_first() -> None:
    async def body() -> None:
        with pytest.raises(ApplicationError) as error:
            await controller.start("b")
        assert error.value.reason == ("not_started", "a")
        await controller.start("a")
        await controller.start("b")
        with pytest.raises(ApplicationError) as again:
            await controller.start("b")
        assert again.value.reason == ("already_started", "b")

    _run(body, _spec("a"), _spec("b", "a"))


def test_ensure_all_started() -> None:
    async def body() -> None:
        assert await controller.ensure_all_started("c") == ["lib", "a", "b", "c"]
        assert await controller.ensure_all_started(["c", "a"]) == []
        assert _names() == ["lib", "a", "b", "c"]

    _run(body, _spec("a", "lib"), _spec("b", "a"), _spec("c", "a", "b"), _spec("lib", mod=None))
    assert [step[1] for step in trail if step[0] == "ended"] == ["c", "b", "a"]


def test_a_failure_rolls_back_in_reverse() -> None:
    async def body() -> None:
        await controller.start("before")
        with pytest.raises(ApplicationError) as error:
            await controller.ensure_all_started("c")
        assert (error.value.name, error.value.reason) == ("c", ("no", "c"))
        assert _names() == ["before"]
        assert [step[1] for step in trail if step[0] == "ended"] == ["b", "a"]

    _run(body, _spec("before"), _spec("a"), _spec("b", "a"), _spec("c", "b", "before", fail=True))


def test_a_circle_is_told() -> None:
    async def body() -> None:
        with pytest.raises(ApplicationError) as error:
            await controller.ensure_all_started("a")
        assert error.value.reason == ("circular", ("a", "b", "a"))

    _run(body, _spec("a", "b"), _spec("b", "a"))


def test_a_bad_return_and_a_missing_class_are_errors_of_start() -> None:
    async def body() -> None:
        with pytest.raises(ApplicationError) as odd:
            await controller.start("odd")
        assert odd.value.reason == ("bad_return", "not a pid")
        with pytest.raises(ApplicationError, match="Nowhere"):
            await controller.start("nowhere")
        with pytest.raises(ApplicationError) as wrong:
            await controller.start("wrong")
        assert wrong.value.reason[0] == "not_an_application"
        assert _names() == []

    _run(body, _spec("odd", mod="Odd"), _spec("nowhere", mod="Nowhere"), _spec("wrong", mod="AppSpec"))


def test_a_permanent_application_takes_the_controller_and_the_others_down() -> None:
    async def body() -> None:
        await controller.start("a", "temporary")
        await controller.start("b", "permanent")
        pid = whereis(controller.NAME)
        exit_(whereis("b_sup"), "boom")
        down = await receive(lambda m: isinstance(m, Exit), timeout=10)
        assert down == Exit(pid, ("application_terminated", "b", "boom"))
        assert ("ended", "a") in trail

    _run(body, _spec("a"), _spec("b"))


@pytest.mark.parametrize(
    ("type_", "reason", "fatal"),
    [
        ("temporary", "boom", False),
        ("transient", "normal", False),
        ("transient", "shutdown", True),
        ("permanent", "normal", True),
    ],
)
def test_restart_types(type_: str, reason: str, fatal: bool) -> None:
    async def body() -> None:
        await controller.start("a", type_)
        exit_(whereis("a_sup"), reason)
        if fatal:
            down = await receive(lambda m: isinstance(m, Exit), timeout=10)
            assert down.reason == ("application_terminated", "a", reason)
        else:
            while _names():
                await process.sleep(0.001)
            assert whereis(controller.NAME) is not None
        assert trail[-1] == ("stop", "a", None)

    _run(body, _spec("a"))


def test_a_crash_on_the_way_down_does_not_hold_it_up() -> None:
    async def body() -> None:
        await controller.start("a")
        await controller.stop("a")
        assert trail[-2:] == [("ended", "a"), ("stop", "a", None)]

    _run(body, _spec("a", mod="FailsDown"))


def test_load_and_unload() -> None:
    async def body() -> None:
        assert application.get_env("a", "name") == "a"
        await controller.start("a")
        with pytest.raises(ApplicationError, match="running"):
            controller.unload("a")
        await controller.stop("a")
        controller.unload("a")
        assert application.get_env("a", "name") is None
        with pytest.raises(ApplicationError, match="not_loaded"):
            controller.unload("a")

    _run(body, _spec("a"))
