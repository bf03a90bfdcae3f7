"""test_gen — calls and replies, from processes, tasks and threads."""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts import process
from otp.erts.exits import CallError
from otp.erts.future import LoopFuture
from otp.erts.process import receive, self_
from otp.erts.scheduler import THIS
from otp.stdlib import gen
from tests.support.node import run


async def echo() -> None:
    """Answer every call with its request, twice."""
    while True:
        message = await receive()
        if isinstance(message, gen.Call):
            gen.reply(message.from_, message.request)
            gen.reply(message.from_, "a second answer is dropped")


def test_gen__a_plain_process_can_answer_calls() -> None:
    async def body() -> None:
        pid = process.spawn(echo)
        assert await gen.call(pid, "hi") == "hi"
        assert process.process_info(self_()).message_queue_len == 0  # type: ignore[union-attr]

    run(body)


def test_gen__a_call_may_come_from_an_asyncio_task() -> None:
    async def body() -> Any:
        pid, answer = process.spawn(echo), LoopFuture[Any]()

        async def task() -> None:
            answer.resolve(await gen.call(pid, "hi"))

        held = THIS.loop.create_task(task())
        assert held
        return await answer

    assert run(body) == "hi"


def test_gen__a_dead_server_leaves_no_watcher_and_no_timer_behind() -> None:
    async def body() -> None:
        pid = process.spawn(echo)
        for i in range(100):
            await gen.call(pid, i)
        assert process.process_info(pid).monitored_by == 0  # type: ignore[union-attr]
        process.exit_(pid, "gone")
        with pytest.raises(CallError) as failed:
            await gen.call(pid, "hi")
        assert failed.value.why == "noproc"

    run(body)


class Late:
    """A process that holds up the loop before it answers, or ends, or does nothing."""

    def __init__(self, end: str) -> None:
        self.end = end

    async def __call__(self) -> None:
        message = await receive()
        until = process.monotonic_time() + 0.05
        while process.monotonic_time() < until:
            pass
        if self.end == "crash":
            raise ValueError("late")
        if self.end == "answer":
            gen.reply(message.from_, "late")
        await receive()


@pytest.mark.parametrize("end", ["answer", "crash", "silence"])
def test_gen__what_comes_after_the_callers_time_is_up_comes_too_late_though_the_loop_stood_still(end: str) -> None:
    async def body() -> None:
        pid = process.spawn(Late(end))
        with pytest.raises(CallError) as failed:
            await gen.call(pid, "hi", 0.01)
        assert failed.value.why == "timeout"
        assert process.process_info(self_()).message_queue_len == 0  # type: ignore[union-attr]

    run(body)


def test_gen__an_answer_that_came_in_time_is_taken_though_the_loop_stood_still() -> None:
    async def answers() -> None:
        message = await receive()
        gen.reply(message.from_, "in time")
        until = process.monotonic_time() + 0.6
        while process.monotonic_time() < until:
            pass

    async def body() -> None:
        assert await gen.call(process.spawn(answers), "hi", 0.5) == "in time"

    run(body)


def test_gen__an_uncaught_call_error_is_the_callers_reason() -> None:
    async def body() -> None:
        pid, ref = process.spawn_monitor(gen.call, "nobody", "hi")
        down = await receive(timeout=5)
        assert (down.ref, down.pid) == (ref, pid)
        assert down.reason == ("noproc", ("call", "nobody", "hi"))

    run(body)
