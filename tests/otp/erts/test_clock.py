"""clock — it is the machine's until it is moved; then everything that reads it is later by the same time."""

from __future__ import annotations

import time

import pytest

from otp.erts import process
from otp.erts.clock import CLOCK, Clock
from otp.erts.exits import ReceiveTimeout
from otp.erts.timer import TIMERS
from tests.support.node import run

HOUR = 3600.0


def test_it_is_the_machines_own_until_it_is_moved() -> None:
    clock = Clock()
    assert (clock.monotonic, clock.time, clock.time_ns) == (time.monotonic, time.time, time.time_ns)
    clock.move(HOUR)
    before = clock.monotonic()
    clock.reset()
    assert (clock.time, clock.time_ns, clock.offset) == (time.time, time.time_ns, 0)
    assert clock.monotonic() >= before, "it never goes back"
    clock.move(HOUR)
    assert clock.time() - time.time() == pytest.approx(HOUR, abs=5)
    assert clock.monotonic() - time.monotonic() == pytest.approx(2 * HOUR, abs=5)


def test_all_its_times_move_together() -> None:
    clock = Clock()
    clock.move(HOUR)
    clock.move(HOUR)
    assert clock.offset == 2 * HOUR
    assert clock.monotonic() - time.monotonic() == pytest.approx(2 * HOUR, abs=5)
    assert clock.time() - time.time() == pytest.approx(2 * HOUR, abs=5)
    assert (clock.time_ns() - time.time_ns()) / 1e9 == pytest.approx(2 * HOUR, abs=5)


@pytest.mark.parametrize("seconds", [-1, float("nan")])
def test_it_does_not_go_back(seconds: float) -> None:
    clock = Clock()
    with pytest.raises(ValueError, match="does not go back"):
        clock.move(seconds)
    assert clock.offset == 0


def test_what_waits_is_woken_by_a_move() -> None:
    async def waits() -> str:
        try:
            await process.receive(timeout=HOUR)
        except ReceiveTimeout:
            return "timed out"
        return "woken"

    async def body() -> list[object]:
        told: list[object] = []

        async def waiter() -> None:
            told.append(await waits())

        pid = process.spawn(waiter)
        timer = process.send_after(HOUR, process.self_(), "later")
        await process.sleep(0)
        due = TIMERS.next_due
        CLOCK.move(HOUR / 2)
        TIMERS.fire()
        left = process.read_timer(timer)
        assert left is not None
        assert left <= HOUR / 2
        assert TIMERS.next_due == due
        CLOCK.move(HOUR / 2)
        TIMERS.fire()
        told.append(await process.receive())
        while process.is_alive(pid):
            await process.sleep(0)
        return told

    assert sorted(map(str, run(body))) == ["later", "timed out"]


def test_a_fresh_node_has_the_machines_clock() -> None:
    run(lambda: CLOCK.move(HOUR))
    assert CLOCK.offset == 0
    assert run(lambda: CLOCK.offset) == 0


def test_the_next_timer_is_one_that_was_not_cancelled() -> None:
    def body() -> None:
        assert TIMERS.next_due is None
        first, second = TIMERS.after(HOUR, print), TIMERS.after(2 * HOUR, print)
        TIMERS.cancel(first)
        assert TIMERS.next_due == second.due
        TIMERS.cancel(second)
        assert TIMERS.next_due is None
        assert TIMERS.heap == []

    run(body)
