"""test_scheduler — a fair share for everybody."""

from __future__ import annotations

import asyncio
import gc
import threading
import time

from otp.erts import process
from otp.erts.scheduler import BUDGET, RUNS_PER_TURN, SHORT, THIS, TURN
from tests.support.node import run


def test_a_flooded_process_does_not_starve_its_neighbour() -> None:
    async def body() -> list[str]:
        order: list[str] = []

        async def reader(name: str, count: int) -> None:
            for _ in range(count):
                await process.receive()
            order.append(name)

        flooded = process.spawn(reader, "flooded", BUDGET * 50)
        neighbour = process.spawn(reader, "neighbour", 1)
        for i in range(BUDGET * 50):
            process.send(flooded, i)
        process.send(neighbour, 1)
        while len(order) < 2:
            await process.sleep(0.001)
        return order

    assert sorted(run(body)) == ["flooded", "neighbour"]


def test_a_process_that_never_rests_lets_the_loop_see_its_timers() -> None:
    async def body() -> int:
        turns = 0

        def tick() -> None:
            nonlocal turns
            turns += 1

        async def forever() -> None:
            while True:
                process.send(process.self_(), "again")
                await process.receive()

        process.spawn(forever)
        process.spawn(forever)
        for _ in range(3):
            await process.sleep(0.001)
            tick()
        return turns

    assert run(body) == 3


def test_a_process_with_long_runs_does_not_fill_a_turn() -> None:
    async def body() -> int:
        runs, seen = 0, 0

        def look() -> None:
            nonlocal seen
            seen = runs

        THIS.loop.call_soon(look)
        while not seen:
            runs += 1
            time.sleep(TURN / 4)
            await asyncio.sleep(0)
        return seen

    assert run(body) < RUNS_PER_TURN / 4


def test_call_on_loop_works_from_a_thread() -> None:
    async def body() -> object:
        me = process.self_()
        threading.Thread(target=process.send, args=(me, "hi")).start()
        return await process.receive(timeout=5)

    assert run(body) == "hi"


def test_nothing_runs_outside_of_a_node() -> None:
    assert THIS.running is None


def spin(seconds: float) -> None:
    """Work for so many seconds of the processor, however much of it others want."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def test_the_time_that_a_process_runs_is_counted_and_not_that_in_which_it_waits() -> None:
    async def body() -> list[float]:
        before = process.busy_time()
        spin(0.05)
        ran = process.busy_time() - before
        other = process.spawn(spin, 0.8)
        while process.is_alive(other):
            await process.sleep(0.01)
        return [ran, process.busy_time() - before]

    ran, with_waiting = run(body)
    assert ran >= 0.05 - SHORT
    assert with_waiting < 0.7
    assert process.busy_time() == 0.0


def test_what_the_machine_gives_to_other_programs_is_no_work_of_the_process() -> None:
    async def body() -> list[float]:
        before = process.busy_time()
        time.sleep(0.5)  # as one that is not let onto the processor: the loop stands still, and nothing is worked
        within = process.busy_time() - before
        spin(0.05)
        await process.give_way()
        return [within, process.busy_time() - before]

    within, with_work = run(body)
    assert within < 0.25
    assert 0.05 - SHORT <= with_work < 0.3


def test_what_the_garbage_collector_takes_is_no_work_of_the_process() -> None:
    async def body() -> float:
        before, end = process.busy_time(), time.thread_time() + 0.5
        while time.thread_time() < end:
            gc.collect()
        await process.give_way()
        return process.busy_time() - before

    assert run(body) < 0.25


def test_the_time_of_a_process_never_goes_back() -> None:
    async def body() -> list[float]:
        seen, end = [process.busy_time()], time.perf_counter() + 10 * SHORT
        while time.perf_counter() < end:
            if len(seen) % 100 == 0:
                time.sleep(SHORT / 5)
            seen.append(process.busy_time())
        return seen

    seen = run(body)
    assert seen == sorted(seen)
