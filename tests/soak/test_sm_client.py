"""A user that is told to end does so, whatever it is at: else a test that stops it waits for ever."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine

import pytest

from tests.soak.sm_client import SmClient


@pytest.mark.parametrize("deed", [SmClient.close, lambda client: client.ask("get", "<query/>")])
def test_who_waits_for_the_server_ends_when_it_is_told_to(
    deed: Callable[[SmClient], Coroutine[object, object, object]],
) -> None:
    async def body() -> None:
        client = SmClient(lambda: 0, "user", "r", lambda element, number: None)
        client.running = asyncio.create_task(asyncio.sleep(3600))
        client.up = True
        task = asyncio.create_task(deed(client))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert task.cancelled()
        client.drop()

    asyncio.run(body())
