"""test_blocking — threads for what blocks, and the loop goes on meanwhile."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Sequence
from typing import Any

import pykka
import pytest

from otp.erts import blocking, process
from otp.erts.blocking import BlockingActor, Job, run_blocking
from tests.support.node import run, until


def test_run_blocking_runs_elsewhere_and_brings_back_the_result() -> None:
    async def body() -> None:
        assert await run_blocking(threading.get_ident) != threading.get_ident()
        with pytest.raises(ZeroDivisionError):
            await run_blocking(divmod, 1, 0)

    run(body)


def test_the_loop_goes_on_while_a_thread_blocks() -> None:
    async def body() -> None:
        gate = threading.Event()
        done: list[bool] = []

        async def wait() -> None:
            done.append(await run_blocking(gate.wait, 5))

        process.spawn(wait)
        await process.sleep(0.005)
        assert not done
        gate.set()
        await until(lambda: done == [True])

    run(body)


class Batcher(BlockingActor):
    """Remembers how many jobs came at once."""

    max_batch = 10

    def __init__(self, gate: threading.Event) -> None:
        super().__init__()
        self.gate, self.sizes = gate, []  # type: ignore[var-annotated]

    def handle_batch(self, jobs: Sequence[Job[Any]]) -> None:
        self.gate.wait(5)
        self.sizes.append(len(jobs))
        for job in jobs:
            if job.message == "bad":
                raise ValueError("bad")
            job.resolve(job.message)


def test_an_owner_thread_takes_what_waits_in_batches() -> None:
    async def body() -> None:
        gate = threading.Event()
        ref = Batcher.start(gate)
        futures = [blocking.ask(ref, i) for i in range(25)]
        gate.set()
        assert [await f for f in futures] == list(range(25))
        sizes = await run_blocking(lambda: ref.proxy().sizes.get(timeout=5))
        assert sum(sizes) == 25
        assert max(sizes) == 10
        ref.stop(block=False)

    run(body)


def test_a_failing_batch_rejects_who_has_no_answer_yet() -> None:
    async def body() -> None:
        gate = threading.Event()
        ref = Batcher.start(gate)
        good, bad = blocking.ask(ref, "good"), blocking.ask(ref, "bad")
        gate.set()
        assert await good == "good"
        with pytest.raises(ValueError, match="bad"):
            await bad
        ref.stop(block=False)
        await until(lambda: not ref.is_alive())
        with pytest.raises(pykka.ActorDeadError):
            await blocking.ask(ref, "late")

    run(body)


def test_a_full_pool_sheds_work() -> None:
    async def body() -> None:
        blocking._POOL.limit = 0
        try:
            with pytest.raises(blocking.Busy):
                await run_blocking(int)
        finally:
            blocking._POOL.limit = 1000

    run(body)


class Large:
    """What somebody wants to have worked at."""


def test_of_work_that_has_failed_nothing_stays_for_the_collector() -> None:
    async def body() -> None:
        gone = []

        def fail(large: Large) -> None:
            gone.append(weakref.ref(large))
            raise ValueError(large)

        async def ask_for_it() -> None:
            large = Large()
            with pytest.raises(ValueError, match="Large"):
                await run_blocking(fail, large)

        gc.collect()
        gc.disable()
        try:
            for _ in range(20):
                await ask_for_it()
            await until(lambda: not any(one() for one in gone))
        finally:
            gc.enable()
        assert len(gone) == 20

    run(body)
