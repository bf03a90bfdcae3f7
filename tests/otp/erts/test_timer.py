"""test_timer — one heap: order, cancelling, compaction."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from otp.erts import process
from otp.erts.timer import TIMERS
from tests.support.node import run, until


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=30))
def test_timers_fire_by_time_then_by_order_and_cancelled_ones_never(plan: list[tuple[int, bool]]) -> None:
    async def body() -> tuple[list[int], list[int]]:
        fired: list[int] = []
        timers = [TIMERS.after(ms * 0.004, fired.append, i) for i, (ms, _) in enumerate(plan)]
        for timer, (_, cancel) in zip(timers, plan, strict=True):
            if cancel:
                assert TIMERS.cancel(timer) is not None
        kept = [i for i, (_, cancel) in enumerate(plan) if not cancel]
        await until(lambda: len(fired) == len(kept))
        return fired, sorted(kept, key=lambda i: timers[i].due)

    fired, by_time_then_order = run(body)
    assert fired == by_time_then_order


def test_cancelled_timers_do_not_pile_up() -> None:
    async def body() -> None:
        for _ in range(5000):
            TIMERS.cancel(TIMERS.after(1000, print))
        assert len(TIMERS.heap) < 1500

    run(body)


def test_a_timer_may_start_another_one() -> None:
    async def body() -> list[int]:
        fired: list[int] = []

        def again(n: int) -> None:
            fired.append(n)
            if n < 3:
                TIMERS.after(0, again, n + 1)

        TIMERS.after(0, again, 0)
        await until(lambda: len(fired) == 4)
        return fired

    assert run(body) == [0, 1, 2, 3]


def test_an_earlier_timer_is_not_held_up_by_a_later_one() -> None:
    async def body() -> None:
        TIMERS.after(60, print)
        await process.sleep(0.001)

    run(body)
