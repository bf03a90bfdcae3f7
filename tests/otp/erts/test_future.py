"""test_future — one future for processes, asyncio tasks and threads."""

from __future__ import annotations

import asyncio
import threading

import pykka
import pytest

from otp.erts import process
from otp.erts.future import LoopFuture
from otp.erts.scheduler import THIS
from tests.support.node import run


def test_a_process_waits_for_it() -> None:
    async def body() -> object:
        future: LoopFuture[int] = LoopFuture()
        process.spawn(future.resolve, 7)
        return await future

    assert run(body) == 7


def test_an_asyncio_task_waits_for_it() -> None:
    async def body() -> object:
        future: LoopFuture[int] = LoopFuture()
        seen: LoopFuture[object] = LoopFuture()

        async def task() -> None:
            seen.resolve(await future + 1)

        held = THIS.loop.create_task(task())
        THIS.loop.call_later(0.001, future.resolve, 7)
        assert held
        return await seen

    assert run(body) == 8


def test_a_process_waits_for_an_asyncio_future() -> None:
    async def body() -> object:
        future = THIS.loop.create_future()
        THIS.loop.call_later(0.001, future.set_result, "x")
        return await future

    assert run(body) == "x"


def test_a_thread_waits_for_it_and_the_loops_own_thread_may_not() -> None:
    async def body() -> None:
        future: LoopFuture[int] = LoopFuture()
        got: list[int] = []
        thread = threading.Thread(target=lambda: got.append(future.get(timeout=5)))
        thread.start()
        with pytest.raises(RuntimeError, match="await the future"):
            future.get()
        future.resolve(3)
        while thread.is_alive():
            await process.sleep(0.001)
        assert got == [3]
        assert future.get() == 3

    run(body)


def test_a_thread_gives_up_after_its_timeout() -> None:
    async def body() -> object:
        future: LoopFuture[int] = LoopFuture()
        caught: LoopFuture[object] = LoopFuture()

        def wait() -> None:
            try:
                future.get(timeout=0.01)
            except pykka.Timeout as exc:
                caught.set(exc)

        threading.Thread(target=wait).start()
        return await caught

    assert isinstance(run(body), pykka.Timeout)


def test_it_is_settled_once() -> None:
    async def body() -> None:
        future: LoopFuture[int] = LoopFuture()
        assert future.resolve(1)
        assert not future.resolve(2)
        assert not future.reject(ValueError())
        assert future.result() == 1
        assert future.done()

    run(body)


def test_an_exception_reaches_the_waiter() -> None:
    async def body() -> None:
        future: LoopFuture[int] = LoopFuture()
        process.spawn(future.reject, KeyError("k"))
        with pytest.raises(KeyError):
            await future

    run(body)


def test_a_cancelled_task_lets_go() -> None:
    async def body() -> bool:
        future: LoopFuture[int] = LoopFuture()

        async def wait() -> None:
            await future

        task = THIS.loop.create_task(wait())
        THIS.loop.call_later(0.001, task.cancel)
        while not task.done():
            await asyncio.sleep(0)
        return task.cancelled()

    assert run(body)
