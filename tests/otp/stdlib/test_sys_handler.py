"""test_sys_handler — system messages: suspend, resume, install, code_change; and pykka's view of a behaviour."""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts import process
from otp.erts.exits import CallError
from otp.erts.process import receive, self_
from otp.erts.signals import Down
from otp.stdlib import gen, gen_server
from otp.stdlib.gen_server import GenServer, NoReply, Reply
from tests.support.node import run


class Adder(GenServer[int]):
    """Adds what it is given."""

    def init(self, start: int = 0) -> int:
        return start

    def handle_call(self, request: Any, from_: gen_server.From, total: int) -> Any:
        return Reply(total + request, total + request)

    def handle_cast(self, request: Any, total: int) -> Any:
        return NoReply(total + request)

    def handle_info(self, message: Any, total: int) -> Any:
        return NoReply(total + message)


class Doubler(Adder):
    """The next version."""

    def code_change(self, old_vsn: object, state: int, extra: object) -> int:
        return state * 2


async def adder(start: int = 0) -> Any:
    return await gen_server.start(Adder, start)


def test_sys__suspend() -> None:
    async def body() -> None:
        pid = await adder()
        await gen.system(pid, "suspend")
        with pytest.raises(CallError) as failed:
            await gen_server.call(pid, 1, timeout=0.01)
        assert failed.value.why == "timeout"
        gen_server.cast(pid, 10)
        assert await gen.system(pid, "get_state") == 0
        await gen.system(pid, "resume")
        assert await gen_server.call(pid, 100) == 111

    run(body)


def test_sys__install_sees_messages_until_it_is_done() -> None:
    async def body() -> None:
        pid, seen = await adder(), []

        def look(event: str, message: object, state: object) -> str | None:
            seen.append((event, state))
            return "done" if len(seen) == 2 else None

        await gen.system(pid, "install", look)
        for i in range(4):
            gen_server.cast(pid, i)
        assert await gen.system(pid, "get_state") == 6
        assert seen == [("in", 0), ("in", 0)]

    run(body)


def test_sys__a_failing_debug_function_is_removed() -> None:
    async def body() -> None:
        pid = await adder()
        await gen.system(pid, "install", lambda *_a: 1 / 0)
        assert await gen_server.call(pid, 1) == 1

    run(body)


def test_sys__code_change_while_suspended() -> None:
    async def body() -> None:
        pid = await adder(21)
        await gen.system(pid, "suspend")
        await gen.system(pid, "code_change", Doubler(), None, None)
        await gen.system(pid, "resume")
        assert await gen_server.call(pid, 0) == 42
        assert (await gen.system(pid, "get_status"))["module"] == "Doubler"

    run(body)


def test_sys__terminate_while_suspended() -> None:
    async def body() -> None:
        pid = await adder()
        ref = process.monitor(pid)
        await gen.system(pid, "suspend")
        await gen_server.stop(pid, "shutdown")
        assert await receive(timeout=5) == Down(ref, pid, "shutdown")

    run(body)


def test_sys__an_unknown_request_is_refused_and_the_server_lives() -> None:
    async def body() -> None:
        pid = await adder()
        with pytest.raises(RuntimeError, match="dance"):
            await gen.system(pid, "dance")
        assert process.is_alive(pid)

    run(body)


def test_pykka_tell_is_info_and_ask_is_a_call() -> None:
    async def body() -> None:
        pid = await adder()
        ref = pid.target.actor_ref
        ref.tell(5)
        assert await ref.ask(1, block=False) == 6
        ref.stop(block=False)
        down = process.monitor(pid)
        assert (await receive(timeout=5)).ref is down

    run(body)


def test_pykka_ask_of_a_server_that_crashes_raises() -> None:
    async def body() -> None:
        pid = await adder()
        with pytest.raises(CallError):
            await pid.target.actor_ref.ask("not a number", block=False)
        assert not process.is_alive(pid)

    run(body)


def test_a_started_server_knows_its_parent() -> None:
    async def body() -> None:
        pid = await adder()
        assert process.process_info(pid).parent is self_()  # type: ignore[union-attr]

    run(body)
