"""fairly — a loop over what a client can make long, that lets the others have their turn by time.

Way:      stream, mods → [fairly] → whatever the loop does
OTP:      the reductions of erts, after which a process gives way by itself; here it has to

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


async def fairly(items: Iterable[T]) -> AsyncIterator[T]:
    """The items, one after the other."""
    since = process.busy_time()
    for item in items:
        yield item
        if process.busy_time() - since > SLICE:
            await process.give_way()
            since = process.busy_time()
