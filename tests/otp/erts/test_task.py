"""test_task — inside a process asyncio finds a current task: timeouts, task groups, cancellation."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from otp.erts import process, runtime
from otp.erts.exits import Crash
from otp.erts.task import ProcessTask
from otp.stdlib import gen_server
from otp.stdlib.gen_server import GenServer, NoReply, Reply

Kinds = pytest.mark.parametrize("loop", ["uvloop", "asyncio"])


class Runner(GenServer[None]):
    """Runs the async function it is asked with, in each kind of callback."""

    async def init(self, fn: Callable[[], Coroutine[Any, Any, Any]] | None = None) -> None:
        if fn is not None:
            await fn()

    async def handle_call(self, fn: Any, from_: gen_server.From, state: None) -> Reply[None]:
        return Reply(await fn(), state)

    async def handle_cast(self, fn: Any, state: None) -> NoReply[None]:
        await fn()
        return NoReply(state)

    async def terminate(self, reason: object, state: None) -> None:
        if isinstance(reason, tuple):
            await reason[1]()


async def in_all_callbacks(fn: Callable[[], Coroutine[Any, Any, Any]]) -> None:
    """Run `fn` in a plain process, in init, in handle_call, in handle_cast and in terminate."""
    done: list[str] = []

    async def noted() -> None:
        await fn()
        done.append("done")

    async def plain() -> None:
        await noted()

    pid, ref = process.spawn_monitor(plain)
    down = await process.receive(lambda m: getattr(m, "ref", None) is ref, 20)
    assert down.reason == "normal", pid
    server = await gen_server.start(Runner, noted)
    assert server is not None
    await gen_server.call(server, noted, 20)
    gen_server.cast(server, noted)
    await gen_server.call(server, noted, 20)
    await gen_server.stop(server, ("shutdown", noted), 20)
    assert len(done) == 6


async def timeout_passes() -> None:
    async with asyncio.timeout(10):
        await asyncio.sleep(0.001)


async def timeout_strikes() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await asyncio.Event().wait()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await process.receive(lambda _m: False)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await process.sleep(100)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def timeout_in_the_past() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(-1):
            await asyncio.sleep(0)


async def group_gathers() -> None:
    async def square(n: int) -> int:
        await asyncio.sleep(0)
        return n * n

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(square(n)) for n in range(5)]
    assert [task.result() for task in tasks] == [0, 1, 4, 9, 16]


async def group_fails() -> None:
    seen: list[str] = []

    async def wrong() -> None:
        raise ValueError("wrong")

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    async def together() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(waits())
            await asyncio.sleep(0)
            group.create_task(wrong())
            await process.sleep(100)

    with pytest.raises(ExceptionGroup) as failed:
        await together()
    assert isinstance(failed.value.exceptions[0], ValueError)
    assert seen == ["cancelled"]


async def waits_for() -> None:
    async def soon() -> str:
        await asyncio.sleep(0)
        return "soon"

    assert await asyncio.wait_for(soon(), 10) == "soon"
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), 0.001)
    assert await asyncio.gather(soon(), soon()) == ["soon", "soon"]


async def cancels_itself() -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel("of my own")
    with pytest.raises(asyncio.CancelledError, match="of my own"):
        await asyncio.sleep(0)
    assert task.uncancel() == 0
    await asyncio.sleep(0)


async def locks() -> None:
    lock = asyncio.Lock()
    async with lock:
        assert lock.locked()


@Kinds
@pytest.mark.parametrize(
    "fn",
    [
        timeout_passes,
        timeout_strikes,
        timeout_in_the_past,
        group_gathers,
        group_fails,
        waits_for,
        cancels_itself,
        locks,
    ],
    ids=lambda fn: fn.__name__,
)
def test_asyncio_works_in_every_callback(fn: Any, loop: str) -> None:
    runtime.run(lambda: in_all_callbacks(fn), loop=loop)


def test_the_current_task_is_the_same_for_the_life_of_a_process_and_of_no_other() -> None:
    async def which() -> Any:
        return asyncio.current_task()

    async def main() -> None:
        one, two = await gen_server.start(Runner), await gen_server.start(Runner)
        assert one is not None
        assert two is not None
        of_one = await gen_server.call(one, which)
        assert isinstance(of_one, ProcessTask)
        assert await gen_server.call(one, which) is of_one
        assert await gen_server.call(two, which) is not of_one
        assert asyncio.current_task() not in (None, of_one)

    runtime.run(main)


def test_a_callback_started_in_the_midst_of_a_task_gives_it_back() -> None:
    async def main() -> None:
        mine = asyncio.current_task()
        await gen_server.start(Runner, timeout_passes)
        assert asyncio.current_task() is mine

        async def of_asyncio() -> tuple[Any, Any]:
            before = asyncio.current_task()
            server = await gen_server.start(Runner, timeout_passes)
            assert server is not None
            process.exit_(server, "kill")
            return before, asyncio.current_task()

        before, after = await asyncio.create_task(of_asyncio())
        assert before is after
        assert before is not mine

    runtime.run(main)


def test_plain_callbacks_are_in_no_task() -> None:
    class Plain(GenServer[None]):
        def init(self) -> None:
            return None

        def handle_call(self, request: object, from_: object, state: None) -> Reply[None]:
            return Reply(asyncio.current_task(), state)

    async def main() -> Any:
        server = await gen_server.start(Plain)
        assert server is not None
        return await gen_server.call(server, "?")

    assert runtime.run(main) is None


def test_cancel_from_outside_ends_what_a_process_waits_for_and_loses_no_message() -> None:
    async def waits(main: Any) -> None:
        task = asyncio.current_task()
        process.send(main, task)
        try:
            await process.receive(lambda m: m == "never")
        except asyncio.CancelledError:
            process.send(main, ("cancelled", await process.receive(timeout=10)))

    async def main() -> Any:
        pid = process.spawn(waits, process.self_())
        task = await process.receive(timeout=10)
        process.send(pid, "kept")
        assert task.cancel()
        return await process.receive(timeout=10)

    assert runtime.run(main) == ("cancelled", "kept")


def test_a_process_that_lets_a_cancellation_through_ends_with_it() -> None:
    async def cancelled() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(10)

    async def main() -> Any:
        _, ref = process.spawn_monitor(cancelled)
        return (await process.receive(lambda m: m.ref is ref, 10)).reason

    assert runtime.run(main) == Crash("CancelledError", "")


def test_the_task_tells_who_asked_when_the_process_has_ended() -> None:
    async def waits(main: Any) -> None:
        process.send(main, asyncio.current_task())
        await process.receive()

    async def main() -> None:
        ended: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        pid = process.spawn(waits, process.self_(), name="waiter")
        task = await process.receive(timeout=10)
        task.add_done_callback(ended.set_result)
        assert (task.get_name(), task.done(), task.cancelled()) == ("waiter", False, False)
        assert task.get_coro().cr_frame is not None
        assert len(task.get_stack()) == 1
        with pytest.raises(asyncio.InvalidStateError):
            task.result()
        process.exit_(pid, "kill")
        assert await ended is task
        assert task.done()
        assert not task.cancel()
        assert task.result() is None

    runtime.run(main)


VAR: contextvars.ContextVar[str] = contextvars.ContextVar("VAR", default="nobody's")


def test_each_process_has_context_variables_of_its_own_and_begins_with_its_spawner_s() -> None:
    class Plain(GenServer[None]):
        def init(self, value: str) -> None:
            VAR.set(f"{VAR.get()}, {value}")

        def handle_call(self, value: str, from_: object, state: None) -> Reply[None]:
            before = VAR.get()
            VAR.set(value)
            return Reply(before, state)

    async def function(main: Any) -> None:
        before = VAR.get()
        VAR.set("the function's")
        await asyncio.sleep(0)
        process.send(main, (before, VAR.get()))

    async def main() -> None:
        VAR.set("the root's")
        one, two = await gen_server.start(Plain, "one"), await gen_server.start(Plain, "two")
        assert one is not None
        assert two is not None
        assert await gen_server.call(one, "changed") == "the root's, one"
        assert await gen_server.call(two, "x") == "the root's, two"
        assert await gen_server.call(one, "x") == "changed"
        process.spawn(function, process.self_())
        assert await process.receive(timeout=10) == ("the root's", "the function's")
        assert VAR.get() == "the root's"

        async def task() -> str:
            VAR.set("the task's")
            await gen_server.call(one, "x")  # a process answers; the task goes on with its own
            return VAR.get()

        assert await asyncio.create_task(task()) == "the task's"

    runtime.run(main)
    assert VAR.get() == "nobody's"
