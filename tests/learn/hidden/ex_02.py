"""The checks of exercise 2. Reading them gives the answer away."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from otp.erts import process
from otp.erts.exits import Crash, ProcessExit, ReceiveTimeout
from otp.erts.pid import Pid
from otp.erts.process import self_, send


async def guarded(exercise: ModuleType, seconds: float, fn: Any, *args: Any) -> Any:
    """attempt() in a process of its own, so that one that never returns is seen."""
    me = self_()

    async def caller() -> None:
        send(me, ("returned", await exercise.attempt(seconds, fn, *args)))

    _, ref = process.spawn_monitor(caller)
    try:
        news = await process.receive(timeout=1.0)
    except ReceiveTimeout:
        raise AssertionError("attempt() did not return within 1 s") from None
    assert isinstance(news, tuple), f"attempt() itself ended with {getattr(news, 'reason', news)!r}"
    await process.receive(lambda message: getattr(message, "ref", None) is ref)
    return news[1]


async def check_a_value(exercise: ModuleType) -> None:
    """The value of a plain function comes back as ("ok", value)."""
    got = await guarded(exercise, 1.0, max, 3, 7)
    assert got == ("ok", 7), f"attempt(1.0, max, 3, 7) returned {got!r}"


async def check_an_async_function(exercise: ModuleType) -> None:
    """So does that of an async function, also None."""

    async def nap(value: object) -> object:
        await process.sleep(0.01)
        return value

    for value in ("rested", None):
        got = await guarded(exercise, 1.0, nap, value)
        assert got == ("ok", value), f"the function returned {value!r}, attempt() {got!r}"


async def check_an_exception(exercise: ModuleType) -> None:
    """An exception in fn comes back as ("exit", reason), and does not end the caller."""
    got = await guarded(exercise, 1.0, int, "forty")
    assert isinstance(got, tuple), f"attempt() returned {got!r}"
    assert got[0] == "exit", f"int('forty') raises, but attempt() returned {got!r}"
    assert isinstance(got[1], Crash), f"the reason should be the Crash that the runtime made, it is {got[1]!r}"
    assert got[1].kind == "ValueError", f"the reason was {got[1]!r}"


async def check_an_exit(exercise: ModuleType) -> None:
    """A fn that ends its process on purpose gives its reason."""

    def leave() -> None:
        raise ProcessExit("enough")

    got = await guarded(exercise, 1.0, leave)
    assert got == ("exit", "enough"), f"raise ProcessExit('enough') gave {got!r}"


async def check_too_slow(exercise: ModuleType) -> None:
    """Who takes too long gives ("timeout",), and is killed."""
    pids = []

    async def slow() -> None:
        pids.append(self_())
        await process.sleep(30)

    got = await guarded(exercise, 0.05, slow)
    assert got == ("timeout",), f"a function of 30 s, given 0.05 s, gave {got!r}"
    await process.sleep(0.01)
    assert not process.is_alive(pids[0]), "the time is over, but the process still runs"


async def check_other_mail_stays(exercise: ModuleType) -> None:
    """Messages for the caller that come meanwhile stay in its mailbox, in order, and nothing is added to them."""
    boss = self_()

    async def work(caller: Pid) -> str:
        send(caller, "first")
        send(caller, ("ok", "not the answer"))
        await process.sleep(0.01)
        return "done"

    async def caller() -> None:
        send(self_(), "before")
        got = await exercise.attempt(1.0, work, self_())
        await process.sleep(0.05)
        send(boss, (got, await process.flush()))

    process.spawn(caller)
    try:
        got, mail = await process.receive(timeout=1.0)
    except ReceiveTimeout:
        raise AssertionError("attempt() did not return within 1 s") from None
    assert got == ("ok", "done"), f"attempt() took another message for the answer: {got!r}"
    assert mail == ["before", "first", ("ok", "not the answer")], f"afterwards the caller's mailbox held {mail!r}"


async def check_late_mail(exercise: ModuleType) -> None:
    """After a time-out nothing comes late: no Down, no value."""
    boss = self_()

    async def slow() -> str:
        await process.sleep(0.05)
        return "late"

    async def caller() -> None:
        await exercise.attempt(0.02, slow)
        await process.sleep(0.1)
        send(boss, await process.flush())

    process.spawn(caller)
    try:
        mail = await process.receive(timeout=1.0)
    except ReceiveTimeout:
        raise AssertionError("attempt() did not return within 1 s") from None
    assert mail == [], f"later the caller found in its mailbox: {mail!r}"
