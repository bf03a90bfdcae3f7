"""global_ — names and locks on all nodes, by the cases of global_SUITE."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from otp.erts import process
from otp.erts.exits import NotRegistered, ReceiveTimeout
from otp.erts.pid import Pid
from otp.erts.process import receive, self_, send, spawn
from otp.erts.registry import Via
from otp.erts.signals import Down
from otp.kernel import global_, global_locks, net_kernel
from otp.kernel.global_ import NameConflict
from otp.stdlib import gen_server
from otp.stdlib.gen_server import GenServer, Reply
from tests.support import mesh
from tests.support.mesh import Mesh, call
from tests.support.node import run, until
from tests.support.remote_node import Echoed


async def for_ever() -> None:
    await receive(lambda _m: False)


def on_nodes(body: Callable[[Mesh], Awaitable[None]], *names: str) -> None:
    """With a name server on each of the nodes."""

    async def whole(nodes: Mesh) -> None:
        await global_.start_link()
        for name in names:
            await call(name, "start_global")
        await body(nodes)

    mesh.run(whole, *names)


async def everywhere(name: str, pid: Pid | None, *nodes: str) -> bool:
    """Wait until all nodes say the same of a name."""
    await until(lambda: global_.whereis_name(name) is pid)
    for node in nodes:
        for _ in range(500):
            if await call(node, "whereis_global", name) is pid:
                break
            await process.sleep(0.005)
        else:
            raise AssertionError(f"{node} never said {pid} of {name}")
    return True


async def hold(node: str, resource: str, *nodes: str) -> tuple[Pid, bool]:
    """Have a process of another node try to take a lock; who it is, and whether it has it."""
    pid = await call(node, "hold_lock", resource, list(nodes), self_())
    _tag, got = await receive(lambda m: isinstance(m, tuple) and m[0] == "lock", timeout=10)
    return pid, got


async def let_go(pid: Pid) -> None:
    send(pid, "go")
    await receive(lambda m: isinstance(m, tuple) and m[0] == "unlocked", timeout=10)


def test_global__names() -> None:
    """Registered anywhere, known everywhere; taken is taken; a node that dies takes its names along."""

    async def body(nodes: Mesh) -> None:
        mine, far, third = spawn(for_ever), await call("w1", "start_echo"), await call("w2", "start_echo")
        assert await global_.register("test1", far)
        assert await call("w1", "register_global", "test2", third)
        assert await call("w2", "register_global", "test3", mine)
        for name, pid in (("test1", far), ("test2", third), ("test3", mine)):
            assert await everywhere(name, pid, "w1", "w2")
        assert not await global_.register("test1", mine)
        assert not await call("w2", "register_global", "test3", third)
        assert sorted(global_.registered_names()) == ["test1", "test2", "test3"]
        assert global_.send("test1", (self_(), "hello")) is far
        assert await receive(timeout=5) == Echoed(far, "hello")
        await call("w2", "unregister_global", "test1")
        assert await everywhere("test1", None, "w1", "w2")
        assert await global_.register("test1", mine)
        assert await everywhere("test1", mine, "w1", "w2")
        nodes.kill("w2")
        assert await everywhere("test2", None, "w1")
        assert sorted(global_.registered_names()) == ["test1", "test3"]
        nodes.start("w2", 2)
        await mesh.node.await_nodes({"w2"}, mesh.SECONDS)
        await mesh._until_it_serves("w2")
        await call("w2", "start_global")
        net_kernel.disconnect("w2")  # who meets anew tells of the names there are
        assert await _knows("w2", "test3", mine)

    on_nodes(body, "w1", "w2")


async def _knows(node: str, name: str, pid: Pid) -> bool:
    for _ in range(1000):
        try:
            if await call(node, "whereis_global", name) is pid:
                return True
        except Exception:
            pass
        await process.sleep(0.01)
    return False


def test_global__locks() -> None:
    """On all nodes or some; taken by one, not by another; the same requester may take it twice; then it is free."""

    async def body(_nodes: Mesh) -> None:
        lock = ("resource", self_())
        assert await global_locks.set_lock(lock)
        assert await global_locks.set_lock(lock)
        assert (await hold("w1", "resource"))[1] is False
        await global_locks.del_lock(lock)
        assert (await hold("w1", "resource"))[1] is False
        await global_locks.del_lock(lock)
        holder, got = await hold("w1", "resource")
        assert got
        assert not await global_locks.set_lock(lock, retries=0)
        assert not await global_locks.set_lock(lock, ["w1"], 1)
        await let_go(holder)
        assert await global_locks.set_lock(lock, retries=0)
        await global_locks.del_lock(lock)

        one, got_one = await hold("w1", "part", "w1")  # different nodes: both may have it
        assert got_one
        assert await global_locks.set_lock(("part", self_()), ["main", "w2"], 0)
        assert not await global_locks.set_lock(("part", self_()), None, 0)
        assert not await global_locks.set_lock(("part", "other"), ["main"], 0)
        await global_locks.del_lock(("part", self_()), ["main", "w2"])
        await let_go(one)
        assert await global_locks.trans(("t", self_()), lambda: "value") == "value"
        taken, got = await hold("w2", "t")
        assert got
        assert await global_locks.trans(("t", self_()), lambda: "value", retries=0) == "aborted"
        await let_go(taken)
        with pytest.raises(ZeroDivisionError):
            await global_locks.trans(("t", self_()), lambda: 1 / 0)
        assert await global_locks.set_lock(("t", "whoever"), retries=0)  # it was given back

    on_nodes(body, "w1", "w2")


def test_global__bad_input() -> None:
    async def body() -> None:
        server = await global_.start_link()
        for lock in ("bad_id", ("one",), ("a", "b", "c"), None):
            for fn in (global_locks.set_lock, global_locks.del_lock):
                with pytest.raises(TypeError):
                    await fn(lock)  # type: ignore[arg-type]
        for fn in (global_locks.set_lock, global_locks.del_lock):
            with pytest.raises(ValueError, match="no such node: bad_node"):
                await fn(("id", self_()), ["bad_node"])
        for retries in (-1, "many", None, True):
            with pytest.raises(ValueError, match="retries"):
                await global_locks.set_lock(("id", self_()), None, retries)  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            await global_locks.trans(("id", self_()), ("m", "f"))  # type: ignore[arg-type]
        for pid in ("bad_pid", None, 17):
            with pytest.raises(TypeError):
                await global_.register("name", pid)  # type: ignore[arg-type]
            with pytest.raises(TypeError):
                global_.re_register_name("name", pid)  # type: ignore[arg-type]
        with pytest.raises(LookupError):
            await global_.register("name", self_(), "no_module:no_function")
        with pytest.raises(NotRegistered):
            global_.send("nobody", "x")
        global_.unregister_name("nobody")
        assert process.whereis(global_.NAME) is server
        assert global_.registered_names() == []

    run(body)


def test_global__names_and_locks() -> None:
    """Names come and go while locks are held; the locks of a node that dies are free, its names are gone."""

    async def body(nodes: Mesh) -> None:
        far, third = await call("w1", "start_echo"), await call("w2", "start_echo")
        assert await global_.register("test1", far)
        _one, got = await hold("w1", "lock", "main", "w1")
        _two, got_other = await hold("w2", "lock2")
        assert (got, got_other) == (True, True)
        assert not await global_locks.set_lock(("lock", self_()), ["main"], 0)
        assert await global_.register("test2", third)  # a name's lock is another
        assert not await global_.register("test2", far)
        nodes.kill("w1")
        assert await everywhere("test1", None, "w2")
        await until(lambda: process.whereis(global_.NAME).target.state.locks.keys() == {"lock2"})  # type: ignore[union-attr]
        assert await global_locks.set_lock(("lock", self_()), ["main"], 0)
        nodes.kill("w2")
        assert await everywhere("test2", None)
        assert await global_locks.set_lock(("lock2", self_()), retries=5)

    on_nodes(body, "w1", "w2")


def test_global__lock_die() -> None:
    """A process that ends gives its locks back, on every node, however often it took them."""

    async def body(_nodes: Mesh) -> None:
        async def takes() -> None:
            for _ in range(3):
                assert await global_locks.set_lock(("lock", self_()))
            await for_ever()

        pid = spawn(takes)
        await until(lambda: len(process.whereis(global_.NAME).target.state.locks.get("lock", [])) == 3)  # type: ignore[union-attr]
        await process.sleep(0.02)
        assert not await global_locks.set_lock(("lock", self_()), retries=0)
        process.exit_(pid, "kill")
        assert await global_locks.set_lock(("lock", self_()), retries=20)
        await global_locks.del_lock(("lock", self_()))
        holder, got = await hold("w1", "lock")
        assert got
        process.exit_(holder, "kill")
        assert await global_locks.set_lock(("lock", self_()), retries=20)
        assert process.whereis(global_.NAME).target.state.locks == {"lock": [(self_(), self_())]}  # type: ignore[union-attr]

    on_nodes(body, "w1")


def test_global__name_die() -> None:
    """The names of a process that ends are free everywhere, by whomever they were registered."""

    async def body(_nodes: Mesh) -> None:
        mine, far = spawn(for_ever), await call("w1", "start_echo")
        for name in ("one", "two"):
            assert await call("w1", "register_global", name, mine)
        assert await global_.register("far", far)
        process.exit_(mine, "kill")
        for name in ("one", "two"):
            assert await everywhere(name, None, "w1")
        process.exit_(far, "kill")
        assert await everywhere("far", None, "w1")
        assert await global_.register("one", self_())
        dead = spawn(lambda: None)
        await until(lambda: not process.is_alive(dead))
        assert not await global_.register("dead", dead)

    on_nodes(body, "w1")


def test_global__re_register_name() -> None:
    """Whoever had the name, the new one has it, everywhere; the end of the old one takes nothing away."""

    async def body(_nodes: Mesh) -> None:
        first, second, far = spawn(for_ever), spawn(for_ever), await call("w1", "start_echo")
        assert await global_.register("name", first)
        for pid in (second, far, second):
            global_.re_register_name("name", pid)
            assert await everywhere("name", pid, "w1")
        process.exit_(first, "kill")
        process.exit_(far, "kill")
        await call("w1", "os_pid")
        assert await everywhere("name", second, "w1")
        global_.re_register_name("fresh", second)
        assert await everywhere("fresh", second, "w1")

    on_nodes(body, "w1")


def test_global__name_exit() -> None:
    """Whoever watches a bearer of a name, by pid, hears of its end after the name is free on its node."""

    async def body(_nodes: Mesh) -> None:
        for reason in ("kill", "boom", ("shutdown", 1)):
            pid = spawn(for_ever)
            assert await global_.register("name", pid)
            ref = process.monitor(Via(global_, "name"))
            process.exit_(pid, reason)
            assert await receive(timeout=5) == Down(ref, "name", "killed" if reason == "kill" else reason)
            assert await everywhere("name", None, "w1")
        with pytest.raises(ReceiveTimeout):
            await receive(timeout=0)

    on_nodes(body, "w1")


class Echo(GenServer[int]):
    def init(self) -> int:
        return 0

    def handle_call(self, request: Any, from_: Any, state: int) -> Any:
        return Reply(request, state)


def test_a_server_under_a_global_name_is_called_from_everywhere() -> None:
    async def body(_nodes: Mesh) -> None:
        process.trap_exit()
        pid = await gen_server.start_link(Echo, name=Via(global_, "echo"))
        assert await gen_server.call(Via(global_, "echo"), 1) == 1
        assert await everywhere("echo", pid, "w1")
        with pytest.raises(process.exits.AlreadyStarted):
            await gen_server.start_link(Echo, name=Via(global_, "echo"))

    on_nodes(body, "w1")


@pytest.mark.parametrize("resolve", [global_.EXIT, global_.NOTIFY, global_.BOTH, "tests.support.remote_node:keeps_far"])
def test_two_nets_that_meet_resolve_their_conflicts(resolve: str) -> None:
    """Both sides register the name while they do not hear each other; all come to the same answer."""

    async def body(_nodes: Mesh) -> None:
        me, mine, far = self_(), spawn(_passes_on, self_()), await call("w1", "start_echo")
        global_._names["name"] = global_._Named("name", mine, resolve)  # as if the other side had not heard
        await call("w1", "register_global", "name", far, resolve)
        assert me
        # the pids sorted: <main…> is before <w1…>
        winner = {global_.BOTH: None, "tests.support.remote_node:keeps_far": far}.get(resolve, mine)
        await until(lambda: global_.whereis_name("name") is winner)
        if resolve == global_.BOTH:
            assert await receive(timeout=5) == NameConflict("name", None)
        elif winner is far:
            assert await receive(timeout=5) == NameConflict("name", far)
        assert process.is_alive(mine)

    on_nodes(body, "w1")


async def _passes_on(to: Pid) -> None:
    send(to, await receive(lambda m: isinstance(m, NameConflict)))
    await for_ever()
