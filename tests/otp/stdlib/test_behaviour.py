"""test_behaviour — what all behaviours have in common: options of their start, whose exit they obey, sleep."""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts import process
from otp.erts.exits import ProcessExit, ReceiveTimeout
from otp.erts.process import exit_, is_alive, process_info, receive, self_
from otp.erts.signals import Exit
from otp.stdlib import gen_event, gen_fsm, gen_server, gen_statem, introspect
from tests.support.node import run, until
from tests.support.scripted_fsm import ScriptedFsm
from tests.support.scripted_server import Server
from tests.support.scripted_statem import Lamp

STARTS: list[Any] = [
    lambda **options: gen_server.start(Server, **options),
    lambda **options: gen_statem.start(Lamp, **options),
    lambda **options: gen_fsm.start(ScriptedFsm, **options),
    lambda **options: gen_event.start(**options),
]


@pytest.mark.parametrize("start", STARTS)
def test_debug_functions_of_the_start_see_the_first_message(start: Any) -> None:
    async def body() -> None:
        seen: list[object] = []
        pid = await start(debug=[lambda _way, message, _state: seen.append(message)])
        process.send(pid, "first")
        await introspect.get_state(pid)
        assert seen == ["first"]

    run(body)


@pytest.mark.parametrize("start", STARTS)
def test_code_is_changed_while_it_is_suspended_only(start: Any) -> None:
    """As sys:change_code/4; suspending twice is suspending once."""

    async def body() -> None:
        pid = await start()
        before = await introspect.get_status(pid)
        with pytest.raises(RuntimeError, match="not suspended"):
            await introspect.change_code(pid, pid.target.module)
        assert await introspect.get_status(pid) == before
        for _ in range(2):
            await introspect.suspend(pid)
        await introspect.change_code(pid, pid.target.module)
        await introspect.resume(pid)
        with pytest.raises(RuntimeError, match="not suspended"):
            await introspect.change_code(pid, pid.target.module)

    run(body)


@pytest.mark.parametrize("start", STARTS)
def test_one_started_without_a_link_is_its_own_parent(start: Any) -> None:
    """gen:start: its own exit signal, if it traps exits, ends it in order; no callback or debug function sees it."""

    async def body() -> None:
        seen: list[object] = []
        pid = await start(debug=[lambda _way, message, _state: seen.append(message)])
        ref = process.monitor(pid)
        process.send(pid, Exit(pid, "why"))
        down = await receive(timeout=5.0)
        assert (down.ref, down.reason) == (ref, "why")
        assert seen == []

    run(body)


@pytest.mark.parametrize("start", STARTS)
def test_a_debug_function_that_is_installed_twice_sees_a_message_once(start: Any) -> None:
    async def body() -> None:
        pid, seen = await start(), list[object]()

        def debug(_way: str, message: object, _state: object) -> None:
            seen.append(message)

        for _ in range(2):
            await introspect.install(pid, debug)
        process.send(pid, "first")
        await introspect.remove(pid, debug)
        process.send(pid, "second")
        await introspect.get_state(pid)
        assert seen == ["first"]

    run(body)


@pytest.mark.parametrize("how", ["plain", "async"])
def test_a_throw_in_terminate_is_as_good_as_a_return(how: str) -> None:
    class Throws(gen_server.GenServer[None]):
        def init(self) -> None:
            return None

        def terminate(self, reason: object, state: None) -> Any:
            return self._later() if how == "async" else self._now()

        def _now(self) -> None:
            raise gen_server.Throw("bye")

        async def _later(self) -> None:
            await process.sleep(0)
            self._now()

    class Handler(gen_event.EventHandler[None]):
        def init(self) -> None:
            return None

        def terminate(self, why: object, state: None) -> None:
            raise gen_server.Throw("bye")

    async def body() -> None:
        pid: Any = await gen_server.start(Throws)
        await gen_server.stop(pid, "why")  # it would raise if the reason were another
        manager: Any = await gen_event.start()
        await gen_event.add_handler(manager, Handler)
        assert await gen_event.delete_handler(manager, Handler) == "bye"

    run(body)


@pytest.mark.parametrize("start", STARTS)
def test_only_the_parent_it_is_linked_with_is_obeyed(start: Any) -> None:
    """To one started without a link, an exit of who started it is a message like any other."""

    async def body() -> None:
        pid = await start()
        process.send(pid, Exit(self_(), "forged"))
        assert await introspect.get_state(pid) is not None
        assert is_alive(pid)
        info = process_info(pid)
        assert info is not None
        assert info.parent is self_()

    run(body)


def test_a_linked_parent_is_obeyed_even_by_a_suspended_one() -> None:
    async def body() -> None:
        me = self_()

        async def parent() -> None:
            pid: Any = await gen_server.start_link(Server, "trap", me)
            await introspect.suspend(pid)
            raise ProcessExit("bye")

        process.spawn(parent)
        assert await receive(timeout=5) == ("terminated", "bye")

    run(body)


def test_the_timer_of_one_that_would_sleep_ends_with_it() -> None:
    async def body() -> None:
        pid: Any = await gen_server.start(Server, hibernate_after=0.002)
        await until(lambda: process_info(pid).status == "hibernating")  # type: ignore[union-attr]
        gen_server.cast(pid, "wake")
        exit_(pid, "kill")
        with pytest.raises(ReceiveTimeout):
            await receive(timeout=0.01)

    run(body)
