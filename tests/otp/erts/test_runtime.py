"""test_runtime — a node begins, runs its root process and ends."""

from __future__ import annotations

import asyncio
import gc

import pytest

from otp.erts import process, runtime
from otp.erts.actor import PROCESSES
from otp.erts.exits import ProcessExit


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_run_returns_what_the_root_returns_on_either_loop(loop: str) -> None:
    async def body() -> str:
        await process.sleep(0.001)
        return process.node()

    assert runtime.run(body, node="n1", loop=loop) == "n1"
    assert runtime.run(lambda: 5, loop=loop) == 5


def test_run_raises_what_the_root_raises() -> None:
    def body() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        runtime.run(body)


def test_a_root_that_is_killed_ends_the_node() -> None:
    async def body() -> None:
        process.exit_(process.self_(), "kill")
        await process.receive()

    with pytest.raises(ProcessExit):
        runtime.run(body)


def test_nothing_lives_on_afterwards() -> None:
    async def body() -> None:
        for _ in range(10):
            process.spawn(process.receive)

    runtime.run(body)
    assert not PROCESSES


def test_freeze_takes_the_living_out_of_the_collectors_sight() -> None:
    before, thresholds = gc.get_freeze_count(), gc.get_threshold()
    try:
        runtime.freeze()
        assert gc.get_freeze_count() > before
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)


def test_the_end_of_the_node_lets_code_and_tasks_clean_up() -> None:
    seen: list[str] = []

    async def cleans(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.001)
            seen.append(name)

    async def main() -> None:
        process.spawn(cleans, "process")
        task = asyncio.create_task(cleans("task"))
        await process.sleep(0.001)
        assert not task.done()

    runtime.run(main)
    assert sorted(seen) == ["process", "task"]
