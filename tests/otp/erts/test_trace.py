"""trace — messages, births and deaths of processes as others see them, by the cases of trace_SUITE."""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts import process, trace
from otp.erts.actor import Process
from otp.erts.exits import ReceiveTimeout
from otp.erts.pid import Pid
from otp.erts.process import receive, self_, send, spawn, spawn_link
from otp.erts.scheduler import THIS
from otp.erts.trace import Trace
from otp.stdlib import gen_server
from otp.stdlib.gen_server import GenServer, NoReply, Reply
from tests.support import mesh
from tests.support.mesh import Mesh, call
from tests.support.node import run, until


async def for_ever() -> None:
    await receive(lambda _m: False)


async def obey() -> None:
    """Run what is sent."""
    while True:
        (await receive(callable))()


async def event() -> tuple[Any, ...]:
    """The next trace event: pid, event, what, other."""
    told = await receive(lambda m: isinstance(m, Trace), timeout=5)
    assert told.at > 0
    return told.pid, told.event, told.what, told.other


async def silent() -> bool:
    await process.sleep(0)
    with pytest.raises(ReceiveTimeout):
        await receive(timeout=0)
    return True


class Echo(GenServer[int]):
    def init(self) -> int:
        return 0

    def handle_call(self, request: Any, from_: Any, state: int) -> Any:
        return Reply(("echo", request), state)

    def handle_info(self, message: Any, state: int) -> Any:
        return NoReply(state)


def test_trace__receive_trace() -> None:
    async def body() -> None:
        me, pid = self_(), spawn(obey)
        assert trace.trace(pid, {"receive"}) == 1
        assert trace.trace_info(pid) == (frozenset({"receive"}), me)
        send(pid, "one")
        assert await event() == (pid, "receive", "one", me)
        process.send_after(0, pid, "from nobody")
        assert await event() == (pid, "receive", "from nobody", None)
        send(pid, lambda: send(me, "sent, not received"))
        assert (await event())[1] == "receive"
        assert await receive(timeout=5) == "sent, not received"
        with pytest.raises(ValueError, match="flag"):
            trace.trace(pid, {"odd"})
        assert trace.trace(pid, {"receive"}, on=False) == 1
        send(pid, "two")
        assert await silent()

    run(body)


def test_trace__receive_trace__a_call_shows_both_ways() -> None:
    async def body() -> None:
        server = await gen_server.start(Echo)
        assert server is not None
        told: list[Trace] = []
        trace.trace(server, {"send", "receive"}, tracer=told.append)
        await gen_server.call(server, "hello")
        assert [(t.event, repr(t.what), t.other) for t in told] == [
            ("receive", "Call('hello')", self_()),
            ("send", "('reply', ('echo', 'hello'))", self_()),
        ]

    run(body)


def test_trace__send_trace() -> None:
    async def body() -> None:
        me, pid, other = self_(), spawn(obey), spawn(for_ever)
        dead = spawn(lambda: None)
        await until(lambda: not process.is_alive(dead))
        trace.trace(pid, {"send"})
        send(pid, lambda: send(other, "there"))
        assert await event() == (pid, "send", "there", other)
        send(pid, lambda: send(me, "here"))
        assert await event() == (pid, "send", "here", me)
        assert await receive(timeout=5) == "here"
        send(pid, lambda: send(dead, "gone"))
        assert await event() == (pid, "send_to_non_existing_process", "gone", dead)
        trace.trace(pid, {"send"}, on=False)
        send(pid, lambda: send(other, "quiet"))
        assert await silent()

    run(body)


def test_trace__send_trace__to_another_node() -> None:
    async def body(_mesh: Mesh) -> None:
        echo = await call("w1", "start_echo")
        pid = spawn(obey)
        trace.trace(pid, {"send"})
        send(pid, lambda: send(echo, (self_(), "far")))
        assert await event() == (pid, "send", (pid, "far"), echo)

    mesh.run(body, "w1")


def test_trace__procs_trace() -> None:
    async def body() -> None:
        made: list[Pid] = []
        pid, other = spawn(obey), spawn(obey)
        trace.trace(pid, {"procs"})
        send(pid, lambda: made.append(spawn(for_ever)))
        assert await event() == (pid, "spawn", await until(lambda: made and made[0]), None)
        send(pid, lambda: process.link(made[0]))
        assert await event() == (pid, "link", made[0], None)
        send(pid, lambda: process.unlink(made[0]))
        assert await event() == (pid, "unlink", made[0], None)
        send(other, lambda: process.link(pid))
        assert await event() == (pid, "getting_linked", other, None)
        send(other, lambda: process.unlink(pid))
        assert await event() == (pid, "getting_unlinked", other, None)
        send(pid, lambda: process.register("traced", self_()))
        assert await event() == (pid, "register", "traced", None)
        send(pid, lambda: process.unregister("traced"))
        assert await event() == (pid, "unregister", "traced", None)
        process.exit_(pid, "boom")
        assert await event() == (pid, "exit", "boom", None)
        assert await silent()
        assert not trace.TRACED

    run(body)


def test_trace__self_send() -> None:
    """What a process sends to itself is both sent and received."""

    async def body() -> None:
        pid = spawn(obey)
        trace.trace(pid, {"send", "receive"})
        send(pid, lambda: send(self_(), "mine"))
        assert (await event())[1] == "receive"
        assert await event() == (pid, "send", "mine", pid)
        assert await event() == (pid, "receive", "mine", pid)

    run(body)


def test_trace__suspend() -> None:
    """A suspended process is traced as ever: it receives, but does nothing until the last suspension is taken back."""

    async def body() -> None:
        me, pid = self_(), spawn(obey)
        trace.trace(pid, {"send", "receive"})
        process.suspend_process(pid)
        process.suspend_process(pid)
        assert process.process_info(pid, "status") == "suspended"
        send(pid, lambda: send(me, "ran"))
        assert (await event())[1] == "receive"
        process.resume_process(pid)
        assert await silent()
        process.resume_process(pid)
        assert await event() == (pid, "send", "ran", me)
        assert await receive(timeout=5) == "ran"
        for wrong in (self_(), pid):
            with pytest.raises(ValueError, match="suspended"):
                process.resume_process(wrong)

        async def suspender() -> None:
            process.suspend_process(pid)
            await for_ever()

        other = spawn(suspender)
        await until(lambda: process.process_info(pid, "status") == "suspended")
        assert process.process_info(other, "suspending") == [pid]
        process.exit_(other, "kill")
        assert process.process_info(pid, "status") != "suspended"
        process.suspend_process(pid)
        process.exit_(pid, "end")
        assert not process.is_alive(pid)

    run(body)


@pytest.mark.parametrize(("flag", "kept"), [("set_on_spawn", 2), ("set_on_first_spawn", 1)])
def test_trace__set_on_spawn(flag: str, kept: int) -> None:
    async def body() -> None:
        made: list[Pid] = []
        pid = spawn(obey)
        trace.trace(pid, {"send", flag})
        for _ in range(2):
            send(pid, lambda: made.append(spawn(obey)))
        await until(lambda: len(made) == 2)
        inherited = [trace.trace_info(child)[0] for child in made]
        assert sum(bool(flags) for flags in inherited) == kept
        assert inherited[0] == ({"send", flag} if flag == "set_on_spawn" else {"send"})
        send(made[0], lambda: send(made[1], "x"))
        assert await event() == (made[0], "send", "x", made[1])

    run(body)


@pytest.mark.parametrize(("flag", "kept"), [("set_on_link", 2), ("set_on_first_link", 1)])
def test_trace__set_on_link(flag: str, kept: int) -> None:
    async def body() -> None:
        pid, others = spawn(obey), [spawn(obey), spawn(obey)]
        trace.trace(pid, {"receive", flag})
        for other in others:
            send(pid, lambda other=other: process.link(other))
            assert (await event())[:2] == (pid, "receive")
        await process.sleep(0)
        assert sum(bool(trace.trace_info(other)[0]) for other in others) == kept
        send(others[0], "x")
        assert await event() == (others[0], "receive", "x", self_())

    run(body)


def test_all_and_new_and_a_tracer_that_ends() -> None:
    async def body() -> None:
        me, before = self_(), spawn(for_ever)

        async def tracer() -> None:
            assert trace.trace("all", {"receive", "procs"}) >= 1
            await receive(lambda m: m == "stop")

        looker = spawn(tracer)
        await until(lambda: trace.trace_info(before)[0])
        assert trace.trace_info(looker)[0] == frozenset()
        after = spawn_link(for_ever)
        assert trace.trace_info(after)[1] is looker
        with pytest.raises(ValueError, match="traced by another"):
            trace.trace(before, {"receive"})
        send(looker, "stop")
        await until(lambda: not process.is_alive(looker))
        assert trace.trace(before, {"receive"}) == 1
        trace.clear()
        assert not trace.TRACED
        assert me

    run(body)


def test_a_failing_tracer_ends_the_trace_and_off_costs_nothing() -> None:
    async def body() -> None:
        plain = (Process.deliver, Process.__init__, Process.terminate_now)
        pid = spawn(for_ever)
        trace.trace(pid, {"receive"}, tracer=lambda _t: 1 / 0)
        assert Process.deliver is not plain[0]
        send(pid, "x")
        assert (Process.deliver, Process.__init__, Process.terminate_now) == plain
        assert "call_on_loop" not in THIS.__dict__
        assert process.process_info(pid, "message_queue_len") == 1

    run(body)
