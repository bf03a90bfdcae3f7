"""timer_bif — timers of processes, by the cases of timer_bif_SUITE."""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts import process
from otp.erts.exits import ReceiveTimeout
from otp.erts.pid import intern
from otp.erts.process import receive, self_, send_after, spawn, start_timer
from otp.erts.timer import TIMERS
from tests.support.node import run, until

DAY = 86_400.0


async def for_ever() -> None:
    await receive(lambda _m: False)


async def silence(seconds: float = 0.02) -> bool:
    with pytest.raises(ReceiveTimeout):
        await receive(timeout=seconds)
    return True


def pending() -> int:
    return sum(timer.fn is not None for *_, timer in TIMERS.heap)


def test_timer_bif__start_timer_1() -> None:
    async def body() -> None:
        timer = start_timer(0.01, self_(), "hello")
        assert await receive(timeout=5) == ("timeout", timer, "hello")
        first, second = start_timer(0.01, self_(), "same"), start_timer(0.0, self_(), "same")
        assert await receive(timeout=5) == ("timeout", second, "same")
        assert process.cancel_timer(first) is not None
        assert await silence()

    run(body)


def test_timer_bif__send_after_1() -> None:
    async def body() -> None:
        before = process.monotonic_time()
        send_after(0.02, self_(), "plain")
        assert await receive(timeout=5) == "plain"
        assert process.monotonic_time() - before >= 0.019
        send_after(process.monotonic_time() + 0.01, self_(), "absolute", absolute=True)
        assert await receive(timeout=5) == "absolute"

    run(body)


def test_timer_bif__send_after_2() -> None:
    """Several at once come in the order of their times, and those of one time in the order they were made."""

    async def body() -> None:
        for n, seconds in enumerate((0.03, 0.01, 0.02, 0.01)):
            send_after(seconds, self_(), n)
        assert [await receive(timeout=5) for _ in range(4)] == [1, 3, 2, 0]
        for n in range(50):
            send_after(0, self_(), n)
        assert [await receive(timeout=5) for _ in range(50)] == list(range(50))

    run(body)


def test_timer_bif__cancel_timer_1() -> None:
    async def body() -> None:
        timer = start_timer(DAY, self_(), "never")
        left = process.cancel_timer(timer)
        assert left is not None
        assert DAY - 10 < left <= DAY
        assert process.cancel_timer(timer) is None
        fired = send_after(0, self_(), "now")
        assert await receive(timeout=5) == "now"
        assert process.cancel_timer(fired) is None
        assert await silence(0)

    run(body)


def test_timer_bif__cancel_timer_sync() -> None:
    """A synchronous cancel answers at once; an asynchronous one by a message, with the same word."""

    async def body() -> None:
        timer = send_after(DAY, self_(), "never")
        assert process.cancel_timer(timer, asynchronous=True) is None
        tag, same, left = await receive(timeout=5)
        assert (tag, same) == ("cancel_timer", timer)
        assert DAY - 10 < left <= DAY
        process.cancel_timer(timer, asynchronous=True)
        assert await receive(timeout=5) == ("cancel_timer", timer, None)

    run(body)


WRONG_TIMES: list[Any] = [-1, -0.001, "1", None, float("inf"), float("nan"), True]


def test_timer_bif__start_timer_e() -> None:
    def body() -> None:
        for wrong in WRONG_TIMES:
            with pytest.raises(ValueError, match="no time"):
                start_timer(wrong, self_(), "x")
        with pytest.raises(ValueError, match="another node"):
            start_timer(1, intern("elsewhere", 1, 1), "x")
        assert pending() == 0

    run(body)


def test_timer_bif__send_after_e() -> None:
    def body() -> None:
        for wrong in WRONG_TIMES:
            with pytest.raises(ValueError, match="no time"):
                send_after(wrong, self_(), "x")
        with pytest.raises(ValueError, match="another node"):
            send_after(1, intern("elsewhere", 1, 1), "x")
        assert pending() == 0

    run(body)


def test_timer_bif__cancel_timer_e() -> None:
    def body() -> None:
        for wrong in (1, "timer", None, self_(), process.make_ref()):
            with pytest.raises(TypeError):
                process.cancel_timer(wrong)  # type: ignore[arg-type]
            with pytest.raises(TypeError):
                process.read_timer(wrong)  # type: ignore[arg-type]

    run(body)


def _big(start: Any) -> None:
    async def body() -> None:
        timers = [start(2.0**n, self_(), n) for n in range(20, 45)]
        for n, timer in enumerate(timers, 20):
            left = process.cancel_timer(timer)
            assert 2.0**n - 100 < left <= 2.0**n
        assert await silence(0.001)

    run(body)


def test_timer_bif__start_timer_big() -> None:
    _big(start_timer)


def test_timer_bif__send_after_big() -> None:
    _big(send_after)


def test_timer_bif__read_timer_trivial() -> None:
    async def body() -> None:
        timer = send_after(0, self_(), "x")
        await receive(timeout=5)
        assert process.read_timer(timer) is None
        cancelled = send_after(DAY, self_(), "x")
        process.cancel_timer(cancelled)
        assert process.read_timer(cancelled) is None

    run(body)


def test_timer_bif__read_timer() -> None:
    async def body() -> None:
        timer = start_timer(DAY, self_(), "x")
        first = process.read_timer(timer)
        await process.sleep(0.003)
        second = process.read_timer(timer)
        assert first is not None
        assert second is not None
        assert DAY - 10 < second < first <= DAY
        assert (process.cancel_timer(timer) or 0) <= second

    run(body)


def test_timer_bif__cleanup() -> None:
    """The timers of a process end with it; one for a name does not, and finds whoever bears it then."""

    async def body() -> None:
        pid = spawn(for_ever, name="mortal")
        base = pending()
        for _ in range(100):
            send_after(DAY, pid, "x")
        named = send_after(DAY, "mortal", "x")
        assert pending() == base + 101
        process.exit_(pid, "kill")
        assert pending() == base + 1
        assert process.read_timer(named)
        done = spawn(for_ever)
        for _ in range(10):
            send_after(0, done, "x")
        await until(lambda: process.process_info(done, "message_queue_len") == 10)
        assert not done.target.timers

    run(body)


def test_timer_bif__registered_process() -> None:
    async def body() -> None:
        timer = start_timer(0.005, "later", "to whoever bears the name then")
        process.register("later", self_())
        assert await receive(timeout=5) == ("timeout", timer, "to whoever bears the name then")
        send_after(0.001, "later", "lost")
        process.unregister("later")
        assert await silence()

    run(body)
