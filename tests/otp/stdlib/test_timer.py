"""timer — the module timer, by the cases of timer_simple_SUITE."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otp.erts import exits, process
from otp.erts.exits import ReceiveTimeout
from otp.erts.pid import Pid
from otp.erts.process import receive, self_, send, spawn_link
from otp.erts.registry import Via
from otp.erts.signals import Exit
from otp.erts.timer import TIMERS
from otp.stdlib import timer
from tests.support.node import run, until

SOON = 0.01


async def for_ever() -> None:
    await timer.sleep(None)


async def got(*expected: object) -> bool:
    """These messages come, in any order."""
    left = list(expected)
    while left:
        left.remove(await receive(timeout=5))
    return True


async def nothing_comes(seconds: float = 3 * SOON) -> bool:
    with pytest.raises(ReceiveTimeout):
        await receive(timeout=seconds)
    return True


def pending() -> int:
    return sum(t.fn is not None for *_, t in TIMERS.heap)


class Book:
    """A registry of one process under every name."""

    def __init__(self, pid: Pid) -> None:
        self.pid = pid

    def whereis_name(self, _name: object) -> Pid:
        return self.pid


def case(body: Callable[[], Any]) -> Callable[[], None]:
    """A test whose body runs as a process that traps exits."""

    def test() -> None:
        async def whole() -> None:
            process.trap_exit()
            await body()

        run(whole)

    test.__doc__ = body.__doc__
    return test


async def _apply_after(seconds: float) -> None:
    me = self_()

    async def later(word: str) -> None:
        await process.give_way()
        send(me, word)

    timer.apply_after(seconds, send, me, 1)
    timer.apply_after(seconds, later, "2")
    timer.apply_after(seconds, lambda: send(me, 3))
    assert await got(1, "2", 3)


@case
async def test_timer_simple__apply_after1() -> None:
    await _apply_after(0)


@case
async def test_timer_simple__apply_after2() -> None:
    await _apply_after(SOON)


@case
async def test_timer_simple__apply_after3() -> None:
    """No server has to run for it: on a node with nothing but this process a timer works."""
    assert process.processes() == [self_()]
    timer.apply_after(SOON, send, self_(), "done")
    assert process.processes() == [self_()]
    assert await got("done")


@case
async def test_timer_simple__apply_after4() -> None:
    """It works when everybody else was killed after it was set, who had set it as well."""
    me = self_()
    setter = spawn_link(lambda: timer.apply_after(SOON, send, me, "done"))
    assert await receive(timeout=5) == Exit(setter, "normal")
    for pid in process.processes():
        if pid is not me:
            process.exit_(pid, "kill")
    assert await got("done")


@case
async def test_timer_simple__send_after1() -> None:
    timer.send_after(0, self_(), "x")
    assert await receive(timeout=0) == "x"


@case
async def test_timer_simple__send_after2() -> None:
    process.register("me", self_())
    timer.send_after(0, "me", "x")
    assert await got("x")


@case
async def test_timer_simple__send_after3() -> None:
    """To a name in another registry (OTP: a name and a node)."""
    timer.send_after(0, Via(Book(self_()), "me"), "x")
    assert await got("x")


@case
async def test_timer_simple__send_after4() -> None:
    timer.send_after(SOON, self_(), "x")
    assert await got("x")


@case
async def test_timer_simple__send_after5() -> None:
    process.register("me", self_())
    timer.send_after(SOON, "me", "x")
    assert await got("x")


@case
async def test_timer_simple__send_after6() -> None:
    timer.send_after(SOON, Via(Book(self_()), "me"), "x")
    assert await got("x")


@case
async def test_timer_simple__send_after7() -> None:
    """The name is registered after the timer was started."""
    timer.send_after(SOON, "later", "x")
    process.register("later", self_())
    assert await got("x")


@case
async def test_timer_simple__send_after_invalid_args() -> None:
    for seconds in (-1, "1", None, float("inf")):
        with pytest.raises(ValueError, match="no time"):
            timer.send_after(seconds, self_(), "x")  # type: ignore[arg-type]
    for dest in ("", 17, None):
        with pytest.raises(TypeError):
            timer.send_after(0, dest, "x")  # type: ignore[arg-type]
    assert await nothing_comes(0)


@case
async def test_timer_simple__exit_after1() -> None:
    pid = spawn_link(for_ever)
    timer.exit_after(SOON, pid, "test1")
    assert await got(Exit(pid, "test1"))


@case
async def test_timer_simple__exit_after2() -> None:
    pid = spawn_link(for_ever, name="mortal")
    timer.exit_after(SOON, "mortal", "test2")
    assert await got(Exit(pid, "test2"))


@case
async def test_timer_simple__exit_after3() -> None:
    """To itself."""

    async def mortal() -> None:
        timer.exit_after(SOON, self_(), "test3")
        await for_ever()

    pid = spawn_link(mortal)
    assert await got(Exit(pid, "test3"))


@case
async def test_timer_simple__exit_after4() -> None:
    """Nobody bears the name: nothing happens, and other timers go on."""
    timer.exit_after(0, "nobody", "x")
    timer.exit_after(SOON, "nobody", "x")
    timer.send_after(2 * SOON, self_(), "still here")
    assert await got("still here")


@case
async def test_timer_simple__kill_after1() -> None:
    pid = spawn_link(for_ever)
    timer.kill_after(SOON, pid)
    assert await got(Exit(pid, "killed"))


@case
async def test_timer_simple__kill_after2() -> None:
    pid = spawn_link(for_ever, name="mortal")
    timer.kill_after(SOON, "mortal")
    assert await got(Exit(pid, "killed"))


@case
async def test_timer_simple__kill_after3() -> None:
    async def mortal() -> None:
        timer.kill_after(SOON)
        await for_ever()

    pid = spawn_link(mortal)
    assert await got(Exit(pid, "killed"))


@case
async def test_timer_simple__apply_interval1() -> None:
    """Three rounds each, then cancelled; a failing function costs the rounds of nobody; its asker's end stops it."""
    me = self_()
    refs = [timer.apply_interval(SOON, send, me, 1), timer.apply_interval(SOON, lambda: send(me, 2))]
    failing = timer.apply_interval(SOON, lambda: 1 / 0)
    assert await got(1, 1, 1, 2, 2, 2)
    assert all(timer.cancel(ref) for ref in [*refs, failing])
    await process.flush()
    assert await nothing_comes()

    async def asker() -> None:
        timer.apply_interval(SOON, send, me, "tick")
        await for_ever()

    pid = spawn_link(asker)
    assert await got("tick")
    process.exit_(pid, "kill")
    await receive(lambda m: isinstance(m, Exit), timeout=5)
    await process.flush()
    assert await nothing_comes()


@case
async def test_timer_simple__apply_interval_invalid_args() -> None:
    for wrong, error in (
        ((-1, lambda: None), ValueError),
        ((0, "no function"), TypeError),
        ((0, lambda _x: None), TypeError),
        ((0, lambda _x: None, "a", "b"), TypeError),
        ((float("nan"), lambda: None), ValueError),
    ):
        for fn in (timer.apply_interval, timer.apply_after):
            with pytest.raises(error):
                fn(*wrong)  # type: ignore[arg-type]
    assert pending() == 0


async def _send_interval(dest: Any, rounds: int) -> None:
    ref = timer.send_interval(SOON, dest, "tick")
    for _ in range(rounds):
        assert await receive(timeout=5) == "tick"
    assert timer.cancel(ref)
    await process.flush()
    assert await nothing_comes()


@case
async def test_timer_simple__send_interval1() -> None:
    await _send_interval(self_(), 5)


@case
async def test_timer_simple__send_interval2() -> None:
    """Three of different pace beside each other: each keeps its own."""
    for n in (1, 2, 4):
        timer.send_interval(n * SOON, self_(), n)
    counts = {1: 0, 2: 0, 4: 0}
    while counts[4] < 3:
        counts[await receive(timeout=5)] += 1
    assert counts[1] > counts[2] > counts[4] == 3


@case
async def test_timer_simple__send_interval3() -> None:
    process.register("me", self_())
    await _send_interval("me", 2)


@case
async def test_timer_simple__send_interval4() -> None:
    await _send_interval(Via(Book(self_()), "me"), 2)


@case
async def test_timer_simple__send_interval5() -> None:
    """It ends with the process it is for."""
    pid = spawn_link(for_ever)
    before = pending()
    ref = timer.send_interval(SOON, pid, "tick")
    await until(lambda: process.process_info(pid, "message_queue_len") == 2)
    process.exit_(pid, "kill")
    assert pending() == before
    assert not timer.cancel(ref)
    dead = timer.send_interval(SOON, pid, "tick")
    assert not dead.active


@case
async def test_timer_simple__send_interval_invalid_args() -> None:
    for seconds in (-1, "1", None):
        with pytest.raises(ValueError, match="no time"):
            timer.send_interval(seconds, self_(), "x")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        timer.send_interval(1, 17, "x")  # type: ignore[arg-type]
    with pytest.raises(exits.NotRegistered):
        timer.send_interval(1, "nobody", "x")
    assert pending() == 0


@case
async def test_timer_simple__cancel1() -> None:
    """What is due at once has been done before anybody can cancel it."""
    assert not timer.cancel(timer.send_after(0, self_(), "x"))
    assert await receive(timeout=0) == "x"


@case
async def test_timer_simple__cancel2() -> None:
    assert timer.cancel(timer.send_after(SOON, self_(), "x"))
    assert await nothing_comes()


@case
async def test_timer_simple__cancel3() -> None:
    assert timer.cancel(timer.apply_after(SOON, send, self_(), "x"))
    assert await nothing_comes()


@case
async def test_timer_simple__cancel4() -> None:
    ref = timer.send_interval(SOON, self_(), "tick")
    assert await got("tick")
    assert timer.cancel(ref)
    timer.send_after(3 * SOON, self_(), "after")
    assert await got("after")


@case
async def test_timer_simple__cancel5() -> None:
    ref = timer.apply_interval(SOON, send, self_(), "tick")
    assert await got("tick")
    assert timer.cancel(ref)
    await process.flush()
    timer.send_after(3 * SOON, self_(), "after")
    assert await got("after")


@case
async def test_timer_simple__cancel6() -> None:
    """Cancelling what has fired, or was cancelled: nothing happens, however often."""
    fired, gone = timer.send_after(SOON, self_(), "x"), timer.send_interval(SOON, self_(), "y")
    timer.cancel(gone)
    assert await got("x")
    for _ in range(3):
        assert not timer.cancel(fired)
        assert not timer.cancel(gone)


@case
async def test_timer_simple__cancel_invalid_args() -> None:
    for wrong in (None, "ref", 1, process.make_ref(), ("once", "x")):
        with pytest.raises(TypeError):
            timer.cancel(wrong)  # type: ignore[arg-type]


@case
async def test_timer_simple__sleep1() -> None:
    before = process.monotonic_time()
    await timer.sleep(SOON)
    assert process.monotonic_time() - before >= SOON - 0.001
    with pytest.raises(ValueError, match="no time"):
        await timer.sleep(-1)


@case
async def test_timer_simple__sleep2() -> None:
    """For longer than a machine word of milliseconds, and for ever."""

    async def sleeper(seconds: float | None) -> None:
        timer.kill_after(SOON)
        await timer.sleep(seconds)

    for seconds in (2.0**34, None):
        pid = spawn_link(sleeper, seconds)
        assert await got(Exit(pid, "killed"))


@case
async def test_timer_simple__tc() -> None:
    seconds, value = await timer.tc(timer.sleep, SOON)
    assert (seconds >= SOON - 0.001, value) == (True, None)
    assert (await timer.tc(lambda a, b: a + b, 1, 2))[1] == 3
    assert (await timer.tc(self_))[1] is self_()
    with pytest.raises(ZeroDivisionError):
        await timer.tc(lambda: 1 / 0)
    assert timer.hms(4, 4, 4) == 4 * timer.hours + 4 * timer.minutes + 4
    assert timer.now_diff(3.5, 1.0) == 2.5


@case
async def test_timer_simple__nonexistent1() -> None:
    """There is no server that could be told of a timer it does not know: what looks like its word is a message."""
    forged = ("timeout", process.make_ref(), ("apply_once", send, self_(), "x"))
    send(self_(), forged)
    assert await got(forged)
    assert await nothing_comes()


@case
async def test_timer_simple__nonexistent2() -> None:
    """A timer that is ended in the very turn in which it is due does not fire, nor does its next round."""
    TIMERS.after(SOON, lambda: timer.cancel(ref))
    ref = timer.send_interval(SOON, self_(), "tick")
    assert await nothing_comes()
    assert not ref.active
