"""Process groups: on one node, and over nodes that come and go (after pg_SUITE)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otp.erts import process, runtime
from otp.erts.pid import intern
from otp.kernel import pg
from tests.support import mesh
from tests.support.mesh import Mesh, call, receive
from tests.support.node import until


def _alone(body: Callable[[], Any]) -> None:
    async def main() -> None:
        await pg.start_link()
        await body()

    runtime.run(main, node="alone")


def test_a_process_joins_and_leaves() -> None:
    async def body() -> None:
        a, b = process.spawn(process.receive), process.spawn(process.receive)
        await pg.join("g", [a, b])
        assert pg.get_members("g") == pg.get_local_members("g") == [a, b]
        assert await pg.leave("g", a)
        assert pg.get_members("g") == [b]
        assert not await pg.leave("g", a)
        assert pg.which_groups() == ["g"]
        await pg.leave("g", b)
        assert pg.which_groups() == []

    _alone(body)


def test_twice_joined_is_twice_a_member() -> None:
    async def body() -> None:
        a = process.spawn(process.receive)
        await pg.join("g", a)
        await pg.join("g", [a])
        assert pg.get_members("g") == [a, a]
        await pg.leave("g", a)
        assert pg.get_members("g") == [a]

    _alone(body)


def test_a_member_that_ends_is_out_of_all_its_groups() -> None:
    async def body() -> None:
        a = process.spawn(process.receive)
        await pg.join("g", [a, a])
        await pg.join(("other", 1), a)
        process.exit_(a, "kill")
        await until(lambda: pg.which_groups() == [])

    _alone(body)


def test_a_dead_process_does_not_join() -> None:
    async def body() -> None:
        a = process.spawn(lambda: None)
        await until(lambda: not process.is_alive(a))
        await pg.join("g", a)
        assert pg.get_members("g") == []

    _alone(body)


def test_a_foreign_process_does_not_join() -> None:
    async def body() -> None:
        with pytest.raises(ValueError, match="not a process of this node"):
            await pg.join("g", intern("w1", 1, 5))

    _alone(body)


def test_a_watcher_is_told() -> None:
    async def body() -> None:
        a = process.spawn(process.receive)
        ref, members = await pg.watch("g")
        assert members == []
        await pg.join("g", a)
        await pg.join("other", a)
        assert await receive(lambda m: True) == pg.Joined(ref, "g", (a,))
        process.exit_(a, "kill")
        assert await receive(lambda m: True) == pg.Left(ref, "g", (a,))

    _alone(body)


def test_groups_span_nodes_and_a_dead_node_is_cleaned_away() -> None:
    async def body(nodes: Mesh) -> None:
        mine = process.spawn(process.receive)
        await pg.join("g", mine)
        first, second = await call("w1", "join", "g"), await call("w2", "join", "g")
        everyone = {mine, first, second}
        await until(lambda: set(pg.get_members("g")) == everyone)
        assert pg.get_local_members("g") == [mine]
        for name in ("w1", "w2"):
            await _sees(name, everyone)
        nodes.kill("w1")
        await until(lambda: set(pg.get_members("g")) == {mine, second})
        await _sees("w2", {mine, second})

        # who comes back is told all, and has forgotten nothing it ever was
        nodes.start("w1", creation=2)
        await mesh.node.await_nodes({"w1"}, mesh.SECONDS)
        await mesh._until_it_serves("w1")
        await _sees("w1", {mine, second})
        process.exit_(mine, "kill")
        await _sees("w1", {second})

    mesh.run(body, "w1", "w2")


async def _sees(name: str, expected: set[Any]) -> None:
    for _ in range(500):
        if set(await call(name, "members", "g")) == expected:
            return
        await process.sleep(0.01)
    raise AssertionError(f"{name} never saw {expected}")


def test_many_join_and_die() -> None:
    async def body() -> None:
        pids = [process.spawn(process.receive) for _ in range(300)]
        for pid in pids:
            await pg.join("g", pid)
        assert len(pg.get_members("g")) == 300
        for pid in pids:
            process.exit_(pid, "kill")
        await until(lambda: pg.get_members("g") == [])

    _alone(body)
