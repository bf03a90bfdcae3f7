"""The bench of the stages runs and gives figures; how high they are is not asserted."""

from __future__ import annotations

from tests.bench import bench_stages
from tests.support import node
from xmppd.testing.server import serve


def test_both_ways_are_measured() -> None:
    async def body() -> str:
        async with serve(limits={"rate": None}) as server:
            return bench_stages.report(*await bench_stages.measure(server, 1, rounds=1))

    assert " µs without, " in node.run(body)
