"""global_locks — see test_global__locks; here a lock that is waited for."""

from __future__ import annotations

from otp.erts import process
from otp.erts.process import receive, self_, send, spawn
from otp.kernel import global_, global_locks
from tests.support.node import run


def test_one_at_a_time_and_everyone_in_the_end() -> None:
    async def body() -> None:
        await global_.start_link()
        me, inside = self_(), []

        async def critical() -> None:
            inside.append(self_())
            assert len(inside) == 1
            await process.sleep(0.001)
            inside.remove(self_())

        async def wants() -> None:
            await global_locks.trans(("lock", self_()), critical)
            send(me, "done")

        for _ in range(10):
            spawn(wants)
        assert [await receive(timeout=10) for _ in range(10)] == ["done"] * 10

    run(body)
