"""pg — groups and scopes, by the cases of pg_SUITE."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from otp.erts import process, runtime
from otp.erts.exits import CallError, ReceiveTimeout
from otp.erts.pid import Pid, intern
from otp.erts.process import receive, self_, spawn
from otp.kernel import pg
from otp.kernel.pg import Joined, Left
from otp.kernel.rpc import RpcError
from otp.stdlib import gen_server
from tests.support import mesh
from tests.support.mesh import Mesh, call
from tests.support.node import until


def alone(body: Callable[[], Any]) -> None:
    async def main() -> None:
        await pg.start_link()
        await pg.start("scope")
        await body()

    runtime.run(main, node="alone")


async def for_ever() -> None:
    await receive(lambda _m: False)


def died(pid: Pid) -> None:
    process.exit_(pid, "kill")


async def sees(node: str, group: str, expected: list[Pid], scope: str = pg.NAME) -> None:
    """Wait until the other node has these members."""
    for _ in range(500):
        if sorted(await call(node, "members", group, scope)) == sorted(expected):
            return
        await process.sleep(0.005)
    raise AssertionError(f"{node} never saw {expected} in {group}")


async def news() -> tuple[Any, ...]:
    told = await receive(lambda m: isinstance(m, Joined | Left), timeout=5)
    return type(told), told.ref, told.group, told.pids


async def silent() -> bool:
    await process.sleep(0.005)
    with pytest.raises(ReceiveTimeout):
        await receive(timeout=0)
    return True


def test_pg__pg() -> None:
    """The default scope: start, join, members, leave; another scope has groups of its own."""

    async def body() -> None:
        a = spawn(for_ever)
        await pg.join("arg", a)
        assert pg.get_local_members("arg") == pg.get_members("arg") == [a]
        assert pg.which_groups() == pg.which_local_groups() == ["arg"]
        assert pg.which_groups("scope") == []
        assert await pg.leave("arg", a)
        assert pg.which_groups() == pg.get_members("arg") == []

    alone(body)


def test_pg__errors() -> None:
    """A request that is none ends the server, and its caller hears why; pids that are none are refused before."""

    async def body() -> None:
        for wrong in ("garbage", ("join", "g")):
            server = process.whereis("scope")
            with pytest.raises(CallError) as error:
                await gen_server.call("scope", wrong)
            assert error.value.why[0] == "badarg"
            assert not process.is_alive(server)  # type: ignore[arg-type]
            await pg.start("scope")
        gen_server.cast("scope", "garbage")
        with pytest.raises(CallError, match=r"noproc|undef"):
            await pg.join("g", self_(), "scope")
        for pids in ("x", [17], [self_(), None]):
            with pytest.raises(TypeError):
                await pg.join("g", pids)  # type: ignore[arg-type]
        assert pg.get_members("g") == []

    alone(body)


def test_pg__leave_exit_race() -> None:
    """A process that ends while it joins and leaves: the server goes on, and keeps nothing of it."""

    async def body() -> None:
        server = process.whereis(pg.NAME)
        for _ in range(100):
            pid = spawn(lambda: None)
            await pg.join("test", pid)
            await pg.leave("test", pid)
        dying = [spawn(for_ever) for _ in range(20)]
        await pg.join("test", dying)
        for pid in dying:
            died(pid)
            await pg.leave("test", pid)
        assert process.whereis(pg.NAME) is server
        assert pg.get_members("test") == []
        state = (await gen_server_state(server)).monitors
        assert state == {}

    alone(body)


async def gen_server_state(pid: Any) -> Any:
    await process.sleep(0.002)
    return pid.target.state


def test_pg__single() -> None:
    async def body() -> None:
        me = self_()
        await pg.join("g", me)
        await pg.join("g", [me, me])
        assert pg.get_members("g") == pg.get_local_members("g") == [me, me, me]
        assert not await pg.leave("other", me)
        assert await pg.leave("g", me)
        assert pg.get_members("g") == [me, me]
        assert await pg.leave("g", [me, me])
        assert not await pg.leave("g", me)
        assert pg.which_groups() == pg.get_members("g") == []
        # one that joined often leaves for good when it ends
        a = spawn(for_ever)
        await pg.join("g", [a, me, a])
        died(a)
        await until(lambda: pg.get_members("g") == [me])

    alone(body)


def test_pg__process_owner_check() -> None:
    """Only a process of this node joins or leaves here; a list with one foreigner is refused whole."""

    async def body() -> None:
        far = intern("elsewhere", 1, 7)
        for pids in (far, [self_(), far]):
            for fn in (pg.join, pg.leave):
                with pytest.raises(ValueError, match="not a process of this node"):
                    await fn("g", pids)
        assert pg.get_members("g") == []

    alone(body)


def test_pg__nolocal() -> None:
    """Members on another node only."""

    async def body(_mesh: Mesh) -> None:
        far = await call("w1", "join", "g")
        await until(lambda: pg.get_members("g") == [far])
        assert pg.get_local_members("g") == []
        assert (pg.which_groups(), pg.which_local_groups()) == (["g"], [])
        assert await call("w1", "leave", "g", far)
        await until(lambda: pg.which_groups() == [])

    mesh.run(body, "w1")


def test_pg__double() -> None:
    """Joined twice before and twice after the other node is there: it sees four, and two when two have left."""

    async def body(nodes: Mesh) -> None:
        a = spawn(for_ever)
        await pg.join("g", a)
        await pg.join("g", [a])
        await sees("w1", "g", [a, a])
        await pg.join("g", [a, a])
        await sees("w1", "g", [a] * 4)
        await nodes.kill_and_see("w1")
        await pg.leave("g", [a, a])
        nodes.start("w1", 2)
        await mesh.node.await_nodes({"w1"}, mesh.SECONDS)
        await mesh._until_it_serves("w1")
        await sees("w1", "g", [a, a])

    mesh.run(body, "w1")


def test_pg__scope_restart() -> None:
    """The server of a scope ends and starts again: other nodes' members come back, its own are gone everywhere."""

    async def body(_mesh: Mesh) -> None:
        await pg.start("s")
        await call("w1", "start_scope", "s")
        a = spawn(for_ever)
        await pg.join("g", [a, a], "s")
        far = await call("w1", "join", "g", "s")
        await until(lambda: sorted(pg.get_members("g", "s")) == sorted([a, a, far]))
        await sees("w1", "g", [a, a, far], "s")
        await gen_server.stop("s")
        assert pg.get_members("g", "s") == []
        await sees("w1", "g", [far], "s")
        await pg.start("s")
        await until(lambda: pg.get_members("g", "s") == [far])
        await sees("w1", "g", [far], "s")

    mesh.run(body, "w1")


def test_pg__missing_scope_join() -> None:
    async def body(_mesh: Mesh) -> None:
        await call("w1", "stop_server", pg.NAME)
        pid = await call("w1", "start_echo")
        with pytest.raises(RpcError, match="noproc"):
            await call("w1", "join", "g")
        with pytest.raises(RpcError, match="noproc"):
            await call("w1", "leave", "g", pid)
        for fn in (pg.join, pg.leave):
            with pytest.raises(CallError, match="noproc"):
                await fn("g", self_(), "no such scope")
        with pytest.raises(CallError, match="noproc"):
            await pg.watch_scope("no such scope")

    mesh.run(body, "w1")


def test_pg__thundering_herd() -> None:
    """A thousand processes in random groups, then a node comes, then they end: it follows all of it."""
    rng = random.Random(1)

    async def body(nodes: Mesh) -> None:
        await nodes.kill_and_see("w1")
        pids = [spawn(for_ever) for _ in range(1000)]
        for pid in pids:
            await pg.join(f"g{rng.randrange(5)}", pid)
        nodes.start("w1", 2)
        await mesh.node.await_nodes({"w1"}, mesh.SECONDS)
        await mesh._until_it_serves("w1")
        for n in range(5):
            await sees("w1", f"g{n}", pg.get_members(f"g{n}"))
        for pid in pids[:900]:
            died(pid)
        await until(lambda: sum(len(pg.get_members(f"g{n}")) for n in range(5)) == 100)
        for n in range(5):
            await sees("w1", f"g{n}", pg.get_members(f"g{n}"))

    mesh.run(body, "w1")


def test_pg__monitor_nonempty_scope() -> None:
    """Who watches a scope is given what is there, then the news of every group."""

    async def body() -> None:
        a, b = spawn(for_ever), spawn(for_ever)
        await pg.join("one", [a, a], "scope")
        await pg.join("two", b, "scope")
        ref, groups = await pg.watch_scope("scope")
        assert groups == {"one": [a, a], "two": [b]}
        died(a)
        assert await news() == (Left, ref, "one", (a, a))
        await pg.join("three", b, "scope")
        assert await news() == (Joined, ref, "three", (b,))
        assert groups == {"one": [a, a], "two": [b]}

    alone(body)


def test_pg__monitor_scope() -> None:
    """News of this node and of another, of its death too; after unwatch() none, nor any that was on its way."""

    async def body(nodes: Mesh) -> None:
        ref, groups = await pg.watch_scope()
        assert groups == {}
        a = spawn(for_ever)
        await pg.join("g", [a, a])
        assert await news() == (Joined, ref, "g", (a, a))
        await pg.leave("g", a)
        assert await news() == (Left, ref, "g", (a,))
        far = await call("w1", "join", "h")
        assert await news() == (Joined, ref, "h", (far,))
        nodes.kill("w1")
        assert await news() == (Left, ref, "h", (far,))
        await pg.join("late", a)
        assert await pg.unwatch(ref)
        assert not await pg.unwatch(ref)
        await pg.join("later", a)
        assert await silent()

    mesh.run(body, "w1")


def test_pg__monitor() -> None:
    """Who watches a group hears of that one only; several may, one may twice; a dead watcher is forgotten."""

    async def body() -> None:
        a = spawn(for_ever)
        await pg.join("g", a)
        first, members = await pg.watch("g")
        assert members == [a]
        second, _same = await pg.watch("g")
        await pg.join("other", a)
        await pg.join("g", a)
        told: list[tuple[Any, ...]] = [await news(), await news()]
        assert {(kind, ref) for kind, ref, _group, _pids in told} == {(Joined, first), (Joined, second)}
        assert await pg.unwatch(first)
        died(a)
        assert await news() == (Left, second, "g", (a, a))
        assert await silent()

        async def watcher() -> None:
            await pg.watch("g")
            await for_ever()

        pid = spawn(watcher)
        server = process.whereis(pg.NAME)
        await until(lambda: len(server.target.state.watchers) == 2)  # type: ignore[union-attr]
        died(pid)
        await until(lambda: len(server.target.state.watchers) == 1)  # type: ignore[union-attr]

    alone(body)
