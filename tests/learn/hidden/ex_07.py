"""The checks of exercise 7. Reading them gives the answer away."""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import Any

from otp.erts import process
from otp.erts.pid import Pid
from otp.stdlib import introspect


def somebody() -> Pid:
    async def wait() -> None:
        await process.receive()

    return process.spawn(wait)


async def found(exercise: ModuleType, name: str) -> Any:
    """What lookup gives, awaited or not: that it needs no await is a check of its own."""
    answer = exercise.lookup(name)
    return await answer if inspect.isawaitable(answer) else answer


async def end(pid: Pid) -> None:
    process.exit_(pid, "kill")
    await process.sleep(0.02)


async def check_enter_and_look_up(exercise: ModuleType) -> None:
    """Who was entered is found; others are None."""
    await exercise.start_link()
    ann = somebody()
    await exercise.enter("ann", ann)
    got = await found(exercise, "ann")
    assert got is ann, f"ann was entered; lookup('ann') gave {got!r}"
    got = await found(exercise, "bob")
    assert got is None, f"bob was not entered; lookup('bob') gave {got!r}"
    assert await exercise.size() == 1, f"with one name in it, size() is {await exercise.size()!r}"


async def check_strike(exercise: ModuleType) -> None:
    """Who was struck out is found no more; to strike out nobody is no error."""
    pid = await exercise.start_link()
    await exercise.enter("ann", somebody())
    await exercise.strike("ann")
    got = await found(exercise, "ann")
    assert got is None, f"ann was struck out; lookup('ann') gave {got!r}"
    await exercise.strike("nobody")
    assert process.is_alive(pid), "the server crashed when a name was struck out that is not there"


async def check_no_queue(exercise: ModuleType) -> None:
    """lookup asks nobody: it needs no await, and works while the server is suspended."""
    pid = await exercise.start_link()
    ann = somebody()
    await exercise.enter("ann", ann)
    await introspect.suspend(pid)
    answer = exercise.lookup("ann")
    if inspect.iscoroutine(answer):
        answer.close()
        raise AssertionError("lookup is an async function; a reader that asks nobody has nothing to wait for")
    assert answer is ann, f"while the server was suspended lookup('ann') gave {answer!r}"
    waiting = process.process_info(pid).message_queue_len  # type: ignore[union-attr]
    assert not waiting, "lookup sent the server a message"


async def check_the_dead_are_forgotten(exercise: ModuleType) -> None:
    """The pid of a process that has ended is found no more, and takes no room."""
    await exercise.start_link()
    ann = somebody()
    await exercise.enter("ann", ann)
    await end(ann)
    got = await found(exercise, "ann")
    assert got is None, "ann has ended, and lookup('ann') still gives her pid"
    assert await exercise.size() == 0, f"nobody is left, but size() is {await exercise.size()!r}"
    await exercise.enter("ann", ann)
    await process.sleep(0.02)
    assert await found(exercise, "ann") is None, "ann was entered after her end, and is found; a monitor tells"


async def check_the_successor_stays(exercise: ModuleType) -> None:
    """When a name was entered anew, the end of the old process does not take the new one out."""
    await exercise.start_link()
    old, new = somebody(), somebody()
    await exercise.enter("ann", old)
    await exercise.enter("ann", new)
    got = await found(exercise, "ann")
    assert got is new, f"ann was entered anew; lookup('ann') gave {got!r}"
    await end(old)
    got = await found(exercise, "ann")
    assert got is new, f"the process that bore the name before has ended; lookup('ann') gave {got!r}, not the new one"


async def check_two_names(exercise: ModuleType) -> None:
    """One process may have two names; striking one leaves the other, and its end takes both."""
    await exercise.start_link()
    ann = somebody()
    for name in ("ann", "annie", "anna"):
        await exercise.enter(name, ann)
    await exercise.strike("anna")
    got = [await found(exercise, name) for name in ("ann", "annie", "anna")]
    assert got == [ann, ann, None], f"of three names of one process the third was struck out; lookup gave {got!r}"
    await end(ann)
    got = [await found(exercise, name) for name in ("ann", "annie")]
    assert got == [None, None], f"the process of two names has ended; lookup gave {got!r}"
