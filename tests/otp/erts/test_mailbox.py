"""test_mailbox — selective receive over long mailboxes: each message is looked at once, and others have their turn."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otp.erts import mailbox, process
from otp.erts.exits import ReceiveTimeout
from otp.erts.mailbox import NOTHING, SLICE, Receive
from otp.erts.process import receive, self_, send, spawn
from tests.support.node import run


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.integers(0, 9), st.just("arrives"))), st.integers(0, 9), st.integers(1, 4))
def test_the_first_match_is_taken_and_the_others_keep_their_order(plan: list[Any], wanted: int, slice_: int) -> None:
    """Whatever is there and arrives between two looks, and however short the slices: each message is looked at once."""
    before, looked = mailbox.SLICE, []

    def match(message: object) -> bool:
        looked.append(message)
        return message == wanted

    queue: deque[Any] = deque()
    taken: Any = NOTHING
    wait = Receive(match)
    sent: list[Any] = []
    mailbox.SLICE = slice_  # type: ignore[misc]
    try:
        for step in [*plan, *["arrives"] * (len(plan) + 1)]:
            if step != "arrives":
                queue.append(step)
                sent.append(step)
            elif taken is NOTHING:
                taken = wait.take(queue)
    finally:
        mailbox.SLICE = before  # type: ignore[misc]
    if taken is NOTHING:
        assert wanted not in sent
        assert list(queue) == sent
        assert looked == sent
    else:
        at = sent.index(wanted)
        assert list(queue) == sent[:at] + sent[at + 1 :]
        assert looked == sent[: at + 1]


def test_a_walk_over_a_long_mailbox_lets_others_run() -> None:
    async def body() -> tuple[int, int]:
        turns, me = [0], self_()

        async def other() -> None:
            while True:
                turns[0] += 1
                await process.give_way()

        for i in range(5 * SLICE):
            send(me, i)
        send(me, "wanted")
        spawn(other)
        assert await receive(lambda m: m == "wanted") == "wanted"
        after_walk = turns[0]
        with pytest.raises(ReceiveTimeout):
            await receive(lambda m: m == "absent", timeout=0)
        assert await process.flush() == list(range(5 * SLICE))
        return after_walk, turns[0]

    walked, polled = run(body)
    assert walked >= 4
    assert polled >= walked + 4


def test_who_waits_with_a_long_mailbox_looks_at_what_is_new_only() -> None:
    async def body() -> int:
        looked, me = [0], self_()

        def match(message: object) -> bool:
            looked[0] += 1
            return message == "wanted"

        async def sender() -> None:
            for i in range(100):
                send(me, ("new", i))
                await process.give_way()
            send(me, "wanted")

        for i in range(3 * SLICE):
            send(me, i)
        spawn(sender)
        await receive(match, timeout=60.0)
        return looked[0]

    assert run(body) == 3 * SLICE + 100 + 1


def test_what_is_sent_after_the_time_is_up_is_too_late_though_the_loop_stood_still() -> None:
    async def body(queued: int) -> None:
        me = self_()

        async def late() -> None:
            send(me, "in time")
            await process.give_way()
            until = process.monotonic_time() + 0.05
            while process.monotonic_time() < until:
                pass
            send(me, "wanted")

        for i in range(queued):
            send(me, i)
        spawn(late)
        with pytest.raises(ReceiveTimeout):
            await receive(lambda m: m == "wanted", timeout=0.01)
        assert await process.flush() == [*range(queued), "in time", "wanted"]

    for queued in (0, 3):
        run(lambda queued=queued: body(queued))


def test_what_was_sent_in_time_is_received_though_the_loop_stood_still() -> None:
    async def body() -> Any:
        me = self_()

        async def blocks() -> None:
            await process.give_way()
            send(me, "wanted")
            until = process.monotonic_time() + 0.6
            while process.monotonic_time() < until:
                pass

        spawn(blocks)
        return await receive(lambda m: m == "wanted", timeout=0.5)

    assert run(body) == "wanted"


@pytest.mark.parametrize("arrives", ["before", "while it waits"])
def test_a_match_that_fails_raises_in_receive_and_takes_nothing(arrives: str) -> None:
    async def body() -> None:
        me = self_()

        def bad(_message: object) -> bool:
            raise ValueError("bad match")

        if arrives == "before":
            send(me, 1)
        else:
            asyncio.get_event_loop().call_soon(send, me, 1)
        with pytest.raises(ValueError, match="bad match"):
            await receive(bad, timeout=5.0)
        assert await receive() == 1

    run(body)
