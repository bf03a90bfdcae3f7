"""test_blocking — threads for what blocks, and the loop goes on meanwhile."""

from __future__ import annotations

import threading
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
