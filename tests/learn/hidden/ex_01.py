"""The checks of exercise 1. Reading them gives the answer away."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from otp.erts import process
from otp.erts.exits import ReceiveTimeout
from otp.erts.pid import Pid
from otp.erts.process import self_, send


async def answer() -> Any:
    try:
        return await process.receive(timeout=0.3)
    except ReceiveTimeout:
        return None


def get(store: Pid) -> None:
    send(store, ("get", self_()))


async def check_gives_out(exercise: ModuleType) -> None:
    """What was put there is given to who asks, as ("thing", thing)."""
    store = process.spawn(exercise.storeroom)
    send(store, ("put", "broom"))
    get(store)
    got = await answer()
    assert got is not None, "no answer came within 0.3 s; is it sent to the pid in the message?"
    assert got == ("thing", "broom"), f"the answer was {got!r}"


async def check_oldest_first(exercise: ModuleType) -> None:
    """The oldest thing goes first, and each is given out once."""
    store = process.spawn(exercise.storeroom)
    for thing in ("broom", "bucket", "rope"):
        send(store, ("put", thing))
    for thing in ("broom", "bucket", "rope"):
        get(store)
        got = await answer()
        assert got == ("thing", thing), f"{thing} should come now, but the answer was {got!r}"


async def check_waits(exercise: ModuleType) -> None:
    """Who asks while it is empty waits, and gets what is put there next."""
    store = process.spawn(exercise.storeroom)
    get(store)
    got = await answer()
    assert got is None, f"it was empty, yet it answered {got!r}; there was nothing to say yet"
    assert process.is_alive(store), "it crashed when it was asked while empty"
    send(store, ("put", "rope"))
    got = await answer()
    assert got == ("thing", "rope"), f"a rope was put there while somebody waited, but the answer was {got!r}"


async def check_rests(exercise: ModuleType) -> None:
    """While somebody waits and nothing comes, it rests."""
    store = process.spawn(exercise.storeroom)
    get(store)
    await process.sleep(0.02)
    before = process.process_info(store)
    await process.sleep(0.05)
    after = process.process_info(store)
    assert before is not None, "it ended while somebody waited"
    assert after is not None, "it ended while somebody waited"
    handled = after.reductions - before.reductions
    assert handled == 0, (
        f"nobody sent it anything, yet it took {handled} messages in 50 ms: does it send "
        "the question to itself again and again? That burns the processor; leave the question in the mailbox"
    )


async def check_first_come(exercise: ModuleType) -> None:
    """Of two who wait, the first to ask is the first to get."""
    store, me = process.spawn(exercise.storeroom), self_()

    async def asker(name: str) -> None:
        get(store)
        send(me, (name, await process.receive()))

    for name in ("ann", "bob"):
        process.spawn(asker, name)
        await process.sleep(0)
    send(store, ("put", "broom"))
    send(store, ("put", "bucket"))
    got = [await answer(), await answer()]
    assert got == [("ann", ("thing", "broom")), ("bob", ("thing", "bucket"))], f"they got {got!r}"


async def check_stops(exercise: ModuleType) -> None:
    """It ends with reason "normal" when it is sent "stop", empty or not."""
    for things in ((), ("broom",)):
        store = process.spawn(exercise.storeroom)
        process.monitor(store)
        for thing in things:
            send(store, ("put", thing))
        send(store, "stop")
        down = await answer()
        assert down is not None, f"it still runs (things in it: {len(things)})"
        assert down.reason == "normal", f"it ended with {down.reason!r}"
