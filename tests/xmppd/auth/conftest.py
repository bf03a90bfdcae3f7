"""A node with a store in memory and auth."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from otp.stdlib import gen_server
from tests.support import node, schemas
from xmppd.auth import auth
from xmppd.store import store
from xmppd.store.backend import StoreConfig

#: the fewest rounds that RFC 7677 allows
ROUNDS = 4096


@pytest.fixture
def play() -> Callable[[Callable[[], Awaitable[Any]]], Any]:
    """Runs an async body while store and auth are up."""

    def run(body: Callable[[], Awaitable[Any]]) -> Any:
        async def started() -> Any:
            await store.start_link(StoreConfig("memory"), schemas.ALL)
            await auth.start_link(ROUNDS)
            try:
                return await body()
            finally:
                await gen_server.stop("auth")
                await gen_server.stop("store")

        return node.run(started)

    return run
