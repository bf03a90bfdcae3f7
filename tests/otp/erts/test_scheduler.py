"""test_scheduler — a fair share for everybody."""

from __future__ import annotations

import asyncio
import threading
import time

from otp.erts import process
from otp.erts.scheduler import BUDGET, RUNS_PER_TURN, THIS, TURN
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


def test_the_time_that_a_process_runs_is_counted_and_not_that_in_which_it_waits() -> None:
    def spin(seconds: float) -> None:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            pass

    async def body() -> list[float]:
        before = process.busy_time()
        spin(0.05)
        ran = process.busy_time() - before
        other = process.spawn(lambda: spin(0.8))
        while process.is_alive(other):
            await process.sleep(0.01)
        return [ran, process.busy_time() - before]

    ran, with_waiting = run(body)
    assert ran >= 0.05
    assert with_waiting < 0.7
    assert process.busy_time() == 0.0
