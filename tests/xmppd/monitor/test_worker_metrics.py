"""What is read of a worker's sessions."""

from __future__ import annotations

import asyncio

from xmppd.monitor import worker_metrics
from xmppd.testing.server import serve


def test_sessions_by_whether_they_have_a_connection() -> None:
    async def body() -> None:
        async with serve(modules={"tests.proof.mod_resume": True}) as server:
            for _ in range(2):
                await server.client("alice")
            assert worker_metrics._sessions() == {"attached": 2, "detached": 0}

    asyncio.run(body())
