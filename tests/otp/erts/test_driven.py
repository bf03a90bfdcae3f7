"""test_driven — async code by hand: what may be awaited, and what becomes of code whose process is dead."""

from __future__ import annotations

import asyncio
import gc
import logging
import weakref
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from otp.erts import driven, process, runtime
from otp.erts.exits import Crash
from otp.erts.pid import Pid


async def ended(fn: Callable[..., Any], *args: Any) -> Any:
    """Run fn in a process and return the reason of its end."""
    _, ref = process.spawn_monitor(fn, *args)
    return (await process.receive(lambda m: getattr(m, "ref", None) is ref, 20)).reason


def test_what_is_no_future_cannot_be_awaited() -> None:
    class Odd:
        def __await__(self) -> Any:
            yield "odd"

    async def main() -> Any:
        async def awaits() -> None:
            await Odd()

        return await ended(awaits)

    assert runtime.run(main) == Crash("TypeError", "a process cannot await 'odd'")


BEGUN = "begun"


async def unwound(
    wait: Callable[[list[str]], Coroutine[Any, Any, Any]], end: Callable[[Pid], None], expect: list[str]
) -> None:
    """End a process while it is in `wait`, which notes what it sees; it is dead at once, the rest is seen soon."""
    seen: list[str] = []
    pid = process.spawn(wait, seen)
    await begun(seen)
    ref = process.monitor(pid)
    end(pid)
    assert not process.is_alive(pid)
    await process.receive(lambda m: getattr(m, "ref", None) is ref, 20)
    async with asyncio.timeout(20):
        while len(seen) < len(expect):
            await asyncio.sleep(0.001)
    assert seen == expect


async def begun(seen: list[str]) -> None:
    """Return when the innermost code is where it waits."""
    async with asyncio.timeout(20):
        while seen != [BEGUN]:
            await asyncio.sleep(0.001)
    seen.clear()


async def plain_finally(seen: list[str]) -> None:
    try:
        seen.append(BEGUN)
        await process.receive()
    finally:
        seen.append("finally")


async def in_timeout(seen: list[str]) -> None:
    try:
        async with asyncio.timeout(100):
            seen.append(BEGUN)
            await process.sleep(100)
    except TimeoutError:
        seen.append("took it for its timeout")
    finally:
        seen.append("finally")


async def in_group(seen: list[str]) -> None:
    async def child() -> None:
        try:
            seen.append(BEGUN)
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.001)
            seen.append("child")

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(child())
            await process.receive()
    finally:
        seen.append("parent")


async def awaits_task(seen: list[str]) -> None:
    async def child() -> None:
        try:
            seen.append(BEGUN)
            await asyncio.Event().wait()
        finally:
            seen.append("child")

    try:
        await asyncio.create_task(child())
    finally:
        seen.append("parent")


async def waits_in_finally(seen: list[str]) -> None:
    try:
        seen.append(BEGUN)
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0.001)
        await process.sleep(0.001)
        await process.give_way()
        seen.append("after waits")


def by_kill(pid: Pid) -> None:
    process.exit_(pid, "kill")


def by_signal(pid: Pid) -> None:
    process.exit_(pid, "enough")


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
@pytest.mark.parametrize("end", [by_kill, by_signal], ids=lambda fn: fn.__name__)
@pytest.mark.parametrize(
    ("wait", "expect"),
    [
        (plain_finally, ["finally"]),
        (in_timeout, ["finally"]),
        (in_group, ["child", "parent"]),
        (awaits_task, ["child", "parent"]),
        (waits_in_finally, ["after waits"]),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_an_exit_signal_cancels_what_a_process_waits_for(wait: Any, expect: list[str], end: Any, loop: str) -> None:
    runtime.run(lambda: unwound(wait, end, expect), loop=loop)


def test_a_linked_exit_does_the_same() -> None:
    seen: list[str] = []

    async def partner(other: Pid) -> None:
        process.link(other)
        await process.receive()
        raise process.exits.ProcessExit("linked")

    async def main() -> None:
        pid = process.spawn(in_group, seen)
        await begun(seen)
        process.send(process.spawn(partner, pid), "go")
        async with asyncio.timeout(20):
            while len(seen) < 2:
                await asyncio.sleep(0.001)

    runtime.run(main)
    assert seen == ["child", "parent"]


def test_code_that_will_not_end_with_its_process_is_dropped(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(driven, "LAST_WORDS", 0.01)
    seen: list[str] = []

    async def stubborn() -> None:
        while True:
            try:
                await asyncio.sleep(1000)
            except asyncio.CancelledError:
                seen.append("ignored")
            except GeneratorExit:
                seen.append("dropped")
                raise

    async def main() -> None:
        pid = process.spawn(stubborn)
        await asyncio.sleep(0)
        process.exit_(pid, "kill")
        async with asyncio.timeout(20):
            while len(seen) < 2:
                await asyncio.sleep(0.001)

    with caplog.at_level(logging.ERROR):
        runtime.run(main)
    assert seen == ["ignored", "dropped"]
    assert "went on waiting" in caplog.text


def test_what_a_dead_process_raises_while_it_cleans_up_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def fails() -> None:
        try:
            await process.receive()
        finally:
            raise ValueError("in its last words")

    async def main() -> None:
        pid = process.spawn(fails)
        await asyncio.sleep(0)
        process.exit_(pid, "kill")

    runtime.run(main)
    assert "in its last words" in caplog.text


def test_a_dead_process_is_freed_without_a_garbage_collection() -> None:
    class Held:
        pass

    async def waits(held: Held) -> None:
        process.put("held", held)
        await process.receive()

    async def body() -> None:
        held = Held()
        freed = weakref.ref(held)
        pid = process.spawn(waits, held)
        del held
        await process.sleep(0)
        assert freed() is not None
        process.send(pid, "end")
        while process.is_alive(pid):
            await process.sleep(0)
        assert freed() is None

    gc.collect()
    gc.disable()
    try:
        runtime.run(body)
    finally:
        gc.enable()
