"""fairly — iterates over what a client can make long, and lets other processes run after a slice of time.

Way:      stream, mods → [fairly] → whatever the loop does
OTP:      the reductions of erts, after which BEAM preempts a process; a process of ours has to yield

    async for contact in fairly(contacts):
        await router.route(…)
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Final, TypeVar

from otp.erts import process

T = TypeVar("T")
#: seconds of a worker's time that one process takes before the others have their turn
SLICE: Final = 0.001


def fairly(items: Iterable[T]) -> AsyncIterator[T]:
    """The items, one after the other."""
    return _Fairly(items)


class _Fairly(AsyncIterator[T]):
    """No async generator: most of these loops are over nothing or one thing, for which nothing is measured, and asyncio
    keeps a register of all such generators."""

    __slots__ = ("_items", "_since")

    def __init__(self, items: Iterable[T]) -> None:
        self._items = iter(items)
        self._since: float | None = None  # busy_time() when the slice began: with the first item

    async def __anext__(self) -> T:
        for item in self._items:
            if self._since is None:
                self._since = process.busy_time()
            elif process.busy_time() - self._since > SLICE:
                await process.give_way()
                self._since = process.busy_time()
            return item
        raise StopAsyncIteration
