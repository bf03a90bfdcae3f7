"""test_gen_server__start — names, enter_loop, and the ways a server is stopped.

OTP:  gen_server_SUITE
"""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts import process
from otp.erts.exits import AlreadyStarted, CallError, Crash, Ignored, ProcessExit, StartError
from otp.erts.process import exit_, is_alive, receive, register, self_, send, trap_exit, whereis
from otp.erts.signals import Down, Exit, Timeout
from otp.kernel import global_
from otp.stdlib import gen_server, proc_lib
from otp.stdlib.gen_server import IGNORE, GenServer, Reply, StopInit
from tests.support.node import run, until
from tests.support.scripted_server import Bare, Server, server
from tests.support.via_names import LocalRegistry, everywhere, run_globally


async def heard() -> Any:
    return await receive(timeout=5)


async def entering(ready: Any, name: Any = None, **options: Any) -> None:
    """Registers itself, says that it is ready, and becomes a server."""
    if isinstance(name, str):
        register(name, self_())
    elif name is not None:
        assert name.registry.register_name(name.name, self_())
    proc_lib.init_ack(ready(self_()))
    gen_server.enter_loop(Server, ["entered"], name=name, **options)


def test_gen_server__start__by_any_name() -> None:
    book = LocalRegistry()

    async def body() -> None:
        trap_exit()
        for name in ("name", book.via("name"), everywhere("name")):
            pid = await gen_server.start_link(Server, name=name)
            assert await gen_server.call(name, "ping") == "pong"
            for start in (gen_server.start, gen_server.start_link):
                with pytest.raises(AlreadyStarted) as taken:
                    await start(Server, name=name)
                assert taken.value.pid is pid
            with pytest.raises(CallError):
                await gen_server.call(name, ("stop", "stopped"))
            assert await heard() == Exit(pid, "stopped")
            with pytest.raises(CallError, match="noproc"):
                await gen_server.call(name, "ping")
        with pytest.raises(StartError, match="timeout"):
            await gen_server.start(Server, "slow", 30, timeout=0.01)
        monitored, ref = await gen_server.start_monitor(Server)  # type: ignore[misc]
        exit_(monitored, "kill")
        assert await heard() == Down(ref, monitored, "killed")
        with pytest.raises(Ignored):
            await gen_server.start_monitor(Server, "ignore")

    run_globally(body)


@pytest.mark.parametrize("where", ["anonymous", "local", "via"])
def test_gen_server__spec_init(where: str) -> None:
    book = LocalRegistry()

    async def body() -> None:
        trap_exit()
        name: Any = {"anonymous": None, "local": "spec", "via": book.via("spec")}[where]
        pid = await proc_lib.start_link(entering, lambda me: me, name, timeout=5.0)
        dest = pid if name is None else name
        assert await gen_server.call(dest, "seen") == ["entered"]
        with pytest.raises(CallError, match="bye"):
            await gen_server.call(dest, ("stop", "bye"))
        assert await heard() == Exit(pid, "bye")

    run(body)


def test_gen_server__spec_init__timeout() -> None:
    async def body() -> None:
        async def with_timeout() -> None:
            await entering(lambda me: me, None, timeout=0.001)

        pid = await proc_lib.start(with_timeout)
        await process.sleep(0.02)
        assert await gen_server.call(pid, "seen") == ["entered", ("info", Timeout())]

    run(body)


def test_gen_server__spec_init__not_by_proc_lib() -> None:
    async def body() -> None:
        pid, ref = process.spawn_monitor(gen_server.enter_loop, Server, [])
        assert await heard() == Down(ref, pid, "process_was_not_started_by_proc_lib")

    run(body)


@pytest.mark.parametrize("where", ["local", "via"])
def test_gen_server__otp_5854(where: str) -> None:
    """enter_loop with a name that the process does not bear, that another bears, or that it bears in truth."""
    book = LocalRegistry()

    async def body() -> None:
        name: Any = "armitage" if where == "local" else book.via("armitage")

        async def pretends() -> None:
            proc_lib.init_ack(self_())
            gen_server.enter_loop(Server, [], name=name)

        async def refused() -> None:
            pid, ref = proc_lib.spawn_monitor(pretends)
            assert await heard() == Down(ref, pid, ("process_not_registered", name))

        await refused()
        pid = await proc_lib.start(entering, lambda me: me, name)
        await refused()
        assert await gen_server.call(name, "ping") == "pong"
        await gen_server.stop(pid)

    run(body)


@pytest.mark.parametrize("where", ["local", "via"])
def test_gen_server__otp_7669(where: str) -> None:
    """After a start that came to nothing the name is free again, as soon as start returns."""
    book = LocalRegistry()

    async def body() -> None:
        name: Any = "name" if where == "local" else book.via("name")
        for answer in (StopInit("stopped"), ProcessExit("crash"), ValueError("crash")):
            args = ("raise", answer) if isinstance(answer, Exception) else ("init", answer)
            with pytest.raises(StartError):
                await gen_server.start(Server, *args, name=name)
            assert process.resolve(name) is None
        with pytest.raises(Ignored):
            await gen_server.start(Server, "init", IGNORE, name=name)
        assert process.resolve(name) is None
        assert await server(name=name) is process.resolve(name)

    run(body)


def _registered_parent(where: str) -> None:
    """A server whose parent bears a name is ended with the parent all the same."""

    async def body() -> None:
        me = self_()

        async def parent() -> None:
            if where == "local":
                register("parent", self_())
            else:
                assert await global_.register("parent", self_())

            async def child() -> None:
                trap_exit()
                proc_lib.init_ack(self_())
                gen_server.enter_loop(Server, [me])

            send(me, await proc_lib.start_link(child))
            await receive(lambda m: m == "end")
            raise ProcessExit("parent ended")

        one = process.spawn(parent)
        pid = await heard()
        assert await gen_server.call(pid, "seen") == [me]
        send(one, "end")
        assert await heard() == ("terminated", "parent ended")
        await until(lambda: not is_alive(pid))

    run_globally(body)


def test_gen_server__spec_init_local_registered_parent() -> None:
    _registered_parent("local")


def test_gen_server__spec_init_global_registered_parent() -> None:
    _registered_parent("global")


# -- stop


async def stopped(dest: Any, pid: Any, *how: Any) -> None:
    """It stops, it is gone, and a second time there is nobody."""
    await gen_server.stop(dest, *how)
    assert not is_alive(pid)
    with pytest.raises(CallError, match="noproc"):
        await gen_server.stop(dest)


def test_gen_server__stop1() -> None:
    async def body() -> None:
        pid = await server()
        await stopped(pid, pid)

    run(body)


def test_gen_server__stop2() -> None:
    async def body() -> None:
        pid = await server("trap", self_())
        await stopped(pid, pid, "other reason", None)
        assert await heard() == ("terminated", "other reason")

    run(body)


def test_gen_server__stop3() -> None:
    """An invalid timeout is the caller's fault: the server lives on."""

    async def body() -> None:
        pid = await server()
        with pytest.raises(TypeError):
            await gen_server.stop(pid, "other reason", "soon")  # type: ignore[arg-type]
        assert is_alive(pid)
        await stopped(pid, pid)

    run(body)


def test_gen_server__stop4() -> None:
    async def body() -> None:
        pid = await server(name="to_stop")
        await stopped("to_stop", pid)
        assert whereis("to_stop") is None

    run(body)


def test_gen_server__stop5() -> None:
    """{Name, node()}: here the pid that the name stands for."""

    async def body() -> None:
        pid = await server(name="to_stop")
        await stopped(process.resolve("to_stop"), pid)

    run(body)


def test_gen_server__stop6() -> None:
    async def body() -> None:
        pid = await server(name=everywhere("to_stop"))
        await stopped(everywhere("to_stop"), pid)

    run_globally(body)


def test_gen_server__stop7() -> None:
    book = LocalRegistry()

    async def body() -> None:
        pid = await server(name=book.via("to_stop"))
        await stopped(book.via("to_stop"), pid)

    run(body)


def test_gen_server__stop__in_time() -> None:
    class Lingering(Bare):
        async def terminate(self, reason: object, state: int) -> None:
            await process.sleep(5)

    async def body() -> None:
        pid = await gen_server.start(Lingering)
        assert pid is not None
        with pytest.raises(CallError, match="timeout"):
            await gen_server.stop(pid, timeout=0.005)
        assert is_alive(pid)

    run(body)


def test_gen_server__undef_terminate1() -> None:
    async def body() -> None:
        pid = await gen_server.start(Bare)
        assert pid is not None
        await stopped(pid, pid)

    run(body)


def test_gen_server__undef_terminate2() -> None:
    async def body() -> None:
        trap_exit()
        pid = await gen_server.start_link(Bare)
        assert pid is not None
        await gen_server.stop(pid, ("error", "test"), None)
        assert await heard() == Exit(pid, ("error", "test"))

    run(body)


def test_gen_server__init_may_throw_its_result() -> None:
    class Thrower(GenServer[list[int]]):
        def init(self, *result: Any) -> Any:
            raise gen_server.Throw(result[0])

        def handle_call(self, request: Any, from_: Any, state: list[int]) -> Any:
            raise gen_server.Throw(Reply(state, [*state, request]))

    async def body() -> None:
        pid = await gen_server.start(Thrower, [1])
        assert pid is not None
        assert [await gen_server.call(pid, 2), await gen_server.call(pid, 3)] == [[1], [1, 2]]
        with pytest.raises(Ignored):
            await gen_server.start(Thrower, IGNORE)
        with pytest.raises(StartError, match="why"):
            await gen_server.start(Thrower, StopInit("why"))

    run(body)


def test_a_crash_in_enter_loops_first_step_is_a_crash_of_the_server() -> None:
    class Bad(Bare):
        def handle_continue(self, arg: Any, state: int) -> Any:
            raise ValueError(arg)

    async def body() -> None:
        def enter() -> None:
            gen_server.enter_loop(Bad, 0, continue_="x")

        pid, ref = proc_lib.spawn_monitor(enter)
        assert await heard() == Down(ref, pid, Crash("ValueError", "x"))

    run(body)
