"""The bench of stream management plays both ways to their end; what they cost is not asserted."""

from __future__ import annotations

from tests.bench import bench_sm
from tests.support import node
from xmppd.routing.sm import sm
from xmppd.testing.server import serve


def test_both_ways_come_to_their_end() -> None:
    async def body() -> None:
        async with serve(limits={"rate": None}) as server:
            for number in range(bench_sm.PAIRS * 2):
                await server.account(f"user{number}")
            await bench_sm.play(server.port, False, 160)
            await node.until(lambda: not sm.all_sessions())
            await bench_sm.play(server.port, True, 160)
            await node.until(lambda: not any(row.attached for row in sm.all_sessions()))
            assert len(sm.all_sessions()) == bench_sm.PAIRS * 2

    node.run(body)
