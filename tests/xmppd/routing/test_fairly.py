"""Loops that give way."""

from __future__ import annotations

import time

from otp.erts import process
from tests.support import node
from xmppd.routing.fairly import SLICE, fairly


def test_others_run_within_a_long_loop_and_every_item_comes_in_order() -> None:
    async def body() -> None:
        seen: list[int] = []
        turns: list[int] = []

        async def other() -> None:
            while len(seen) < 100:
                turns.append(len(seen))
                await process.give_way()

        process.spawn(other)
        async for item in fairly(range(100)):
            end = time.thread_time() + 2 * SLICE
            while time.thread_time() < end:
                pass
            seen.append(item)
        assert seen == list(range(100))
        assert len(set(turns)) > 50

    node.run(body)


def test_it_may_be_left_early() -> None:
    async def body() -> None:
        async for item in fairly([1, 2, 3]):
            if item == 2:
                break
        assert item == 2

    node.run(body)
