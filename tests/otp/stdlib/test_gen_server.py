"""test_gen_server — the cases of gen_server_SUITE, and what was probed on a real node (docs/otp.md)."""

from __future__ import annotations

import doctest
import logging
from typing import Any

import pytest

from otp.erts import exits, process
from otp.erts.exits import AlreadyStarted, CallError, Ignored, ProcessExit, StartError
from otp.erts.process import receive, self_
from otp.erts.signals import Down, Exit, Timeout
from otp.stdlib import gen, gen_server
from otp.stdlib.gen_server import GenServer, Reply
from tests.support.node import run, until
from tests.support.scripted_server import Bare, Server, server


def test_the_docstring_tells_the_truth() -> None:
    assert doctest.testmod(gen_server).failed == 0


def test_gen_server__start() -> None:
    async def body() -> None:
        pid = await server(name="fred")
        assert process.whereis("fred") is pid
        assert await gen_server.call("fred", "ping") == "pong"
        with pytest.raises(AlreadyStarted) as taken:
            await gen_server.start(Server, name="fred")
        assert taken.value.pid is pid
        await gen_server.stop("fred")
        assert process.whereis("fred") is None

    run(body)


def test_gen_server__start_link_with_a_failing_init_tells_the_caller_twice() -> None:
    async def body() -> None:
        process.trap_exit()
        with pytest.raises(StartError) as failed:
            await gen_server.start_link(Server, "stop", "why", name="fred")
        assert failed.value.reason == "why"
        assert process.whereis("fred") is None
        assert (await receive(timeout=5)).reason == "why"

    run(body)


def test_gen_server__start_ignore() -> None:
    async def body() -> None:
        process.trap_exit()
        with pytest.raises(Ignored):
            await gen_server.start_link(Server, "ignore", name="fred")
        assert process.whereis("fred") is None
        assert (await receive(timeout=5)).reason == "normal"

    run(body)


def test_gen_server__start_with_a_crashing_init(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        with pytest.raises(StartError) as failed:
            await gen_server.start(Server, "raise", ValueError("no"), name="fred")
        assert failed.value.reason == exits.Crash("ValueError", "no")
        assert process.whereis("fred") is None

    run(body)
    assert "ValueError: no" in caplog.text


def test_gen_server__undef_init() -> None:
    class NoInit(GenServer[None]):
        pass

    async def body() -> None:
        with pytest.raises(StartError) as failed:
            await gen_server.start(NoInit)
        assert failed.value.reason.kind == "NotImplementedError"  # type: ignore[attr-defined]

    run(body)


def test_proc_lib__sync_start_link_timeout() -> None:
    async def body() -> None:
        process.trap_exit()
        with pytest.raises(StartError) as failed:
            await gen_server.start_link(Server, "slow", 30, name="fred", timeout=0.01)
        assert failed.value.reason == "timeout"
        assert process.whereis("fred") is None
        with pytest.raises(exits.ReceiveTimeout):
            await receive(timeout=0.01)

    run(body)


def test_proc_lib__init_may_wait() -> None:
    async def body() -> None:
        pid = await server("slow", 0.001)
        assert await gen_server.call(pid, "ping") == "pong"

    run(body)


def test_gen_server__call() -> None:
    async def body() -> None:
        pid = await server()
        assert await gen_server.call(pid, "ping") == "pong"
        assert await gen_server.call(pid, "later") == "at last"
        assert await gen_server.call(pid, "async") == "waited"

    run(body)


def test_gen_server__call__to_an_unknown_or_dead_name() -> None:
    async def body() -> None:
        pid = await server()
        await gen_server.stop(pid)
        for dest in ("nobody", pid):
            with pytest.raises(CallError) as failed:
                await gen_server.call(dest, "ping")
            assert failed.value.why == "noproc"

    run(body)


def test_gen_server__call__timeout_leaves_no_stray_message() -> None:
    async def body() -> None:
        pid = await server()
        with pytest.raises(CallError) as failed:
            await gen_server.call(pid, "later", timeout=0.0)
        assert failed.value.why == "timeout"
        with pytest.raises(exits.ReceiveTimeout):
            await receive(timeout=0.02)
        assert await gen_server.call(pid, "ping") == "pong"

    run(body)


def test_gen_server__calling_self() -> None:
    class Selfish(Server):
        async def ask_myself_nothing(self, seen: list[Any]) -> Any:
            try:
                await gen_server.call(self_(), "ping")
            except CallError as exc:
                return Reply(exc.why, seen)

    async def body() -> None:
        pid = await gen_server.start(Selfish)
        assert pid is not None
        assert await gen_server.call(pid, "async") == "calling_self"

    run(body)


def test_gen_server__call__crash_ends_server_and_caller(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        pid = await server(self_())
        ref = process.monitor(pid)
        with pytest.raises(CallError) as failed:
            await gen_server.call(pid, ("raise", ValueError("x")))
        assert failed.value.why == exits.Crash("ValueError", "x")
        assert await receive(timeout=5) == ("terminated", exits.Crash("ValueError", "x"))
        assert await receive(timeout=5) == Down(ref, pid, exits.Crash("ValueError", "x"))

    run(body)
    assert "gen_server" in caplog.text
    assert "state:" in caplog.text


def test_gen_server__exit_in_a_callback_is_its_reason() -> None:
    async def body() -> None:
        pid = await server()
        with pytest.raises(CallError) as failed:
            await gen_server.call(pid, ("raise", ProcessExit("boom")))
        assert failed.value.why == "boom"

    run(body)


def test_gen_server__bad_return_value() -> None:
    async def body() -> None:
        pid = await server()
        with pytest.raises(CallError) as failed:
            await gen_server.call(pid, "bad")
        assert failed.value.why == ("bad_return_value", "a bad value")

    run(body)


def test_gen_server__call__stop_with_a_reply_terminates_first() -> None:
    async def body() -> None:
        process.trap_exit()
        pid = await gen_server.start_link(Server, "trap", self_())
        assert pid is not None
        assert await gen_server.call(pid, ("stop", "normal", "bye")) == "bye"
        assert await receive(timeout=5) == ("terminated", "normal")
        assert await receive(timeout=5) == Exit(pid, "normal")

    run(body)


def test_gen_server__stop_without_a_reply_fails_the_call() -> None:
    async def body() -> None:
        pid = await server()
        with pytest.raises(CallError) as failed:
            await gen_server.call(pid, ("stop", "normal"))
        assert failed.value.why == "normal"

    run(body)


def test_gen_server__cast() -> None:
    async def body() -> None:
        pid = await server()
        gen_server.cast(pid, 1)
        gen_server.cast("nobody", 2)
        assert await gen_server.call(pid, "seen") == [("cast", 1)]
        gen_server.cast(pid, ("stop", "shutdown"))
        await until(lambda: not process.is_alive(pid))
        gen_server.cast(pid, 3)

    run(body)


def test_gen_server__info() -> None:
    async def body() -> None:
        pid = await server()
        process.send(pid, "hello")
        assert await gen_server.call(pid, "seen") == [("info", "hello")]

    run(body)


def test_gen_server__continue() -> None:
    async def body() -> None:
        pid = await server("continue", "init")
        process.send(pid, "message")
        assert await gen_server.call(pid, ("continue", "call")) == "ok"
        seen = await gen_server.call(pid, "seen")
        assert seen == [("continue", "init"), ("info", "message"), ("continue", "call")]

    run(body)


def test_gen_server__a_timeout_comes_unless_a_message_does() -> None:
    async def body() -> None:
        pid = await server("timeout", 0.005)
        await process.sleep(0.05)
        assert await gen_server.call(pid, "seen") == [("info", Timeout())]
        assert await gen_server.call(pid, ("timeout", 0.005)) == "ok"
        process.send(pid, "first")
        await process.sleep(0.05)
        assert (await gen_server.call(pid, "seen"))[1:] == [("info", "first")]

    run(body)


def test_gen_server__undef_handle_call_and_cast_crash_and_info_does_not(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        pid = await gen_server.start(Bare)
        assert pid is not None
        process.send(pid, "what?")
        await until(lambda: "unexpected message" in caplog.text)
        with pytest.raises(CallError) as failed:
            await gen_server.call(pid, "x")
        assert failed.value.why[:2] == ("undef", "handle_call")  # type: ignore[index]
        other = await gen_server.start(Bare)
        assert other is not None
        ref = process.monitor(other)
        gen_server.cast(other, "x")
        down = await receive(timeout=5)
        assert (down.ref, down.reason[:2]) == (ref, ("undef", "handle_cast"))

    caplog.set_level(logging.WARNING)
    run(body)


@pytest.mark.parametrize("reason", ["normal", "shutdown", "custom"])
def test_gen_server__stop(reason: str) -> None:
    async def body() -> None:
        pid = await server("trap", self_())
        ref = process.monitor(pid)
        await gen_server.stop(pid, reason)
        assert await receive(timeout=5) == ("terminated", reason)
        assert await receive(timeout=5) == Down(ref, pid, reason)
        with pytest.raises(CallError) as failed:
            await gen_server.stop(pid)
        assert failed.value.why == "noproc"

    run(body)


def test_gen_server__parents_exit_runs_terminate_only_if_trapped() -> None:
    async def body() -> None:
        me = self_()

        async def parent(*args: Any) -> None:
            await gen_server.start_link(Server, *args)
            await receive(lambda m: m == "die")
            raise ProcessExit("bye")

        trapping = process.spawn(parent, "trap", me)
        await process.sleep(0.001)
        process.send(trapping, "die")
        assert await receive(timeout=5) == ("terminated", "bye")
        plain = process.spawn(parent, me)
        process.send(plain, "die")
        with pytest.raises(exits.ReceiveTimeout):
            await receive(timeout=0.02)

    run(body)


def test_gen_server__undef_in_terminate() -> None:
    class Messy(Bare):
        def terminate(self, reason: object, state: int) -> Any:
            raise ProcessExit("mess")

    async def body() -> None:
        pid = await gen_server.start(Messy)
        assert pid is not None
        with pytest.raises(CallError) as failed:
            await gen_server.stop(pid)
        assert failed.value.why == "mess"

    run(body)


def test_gen_server__terminate_may_wait() -> None:
    class Slow(Bare):
        async def terminate(self, reason: object, state: int) -> None:
            await process.sleep(0.001)
            process.send("root", "cleaned")

    async def body() -> None:
        process.register("root", self_())
        pid = await gen_server.start(Slow)
        assert pid is not None
        await gen_server.stop(pid)
        assert await receive(timeout=0) == "cleaned"

    run(body)


def test_gen_server__get_state_and_replace_state() -> None:
    async def body() -> None:
        pid = await server(1)
        assert await gen.system(pid, "get_state") == [1]
        assert await gen.system(pid, "replace_state", lambda s: [*s, 2]) == [1, 2]
        with pytest.raises(RuntimeError, match="callback failed"):
            await gen.system(pid, "replace_state", lambda s: 1 / 0)
        assert await gen.system(pid, "get_state") == [1, 2]

    run(body)


def test_gen_server__call_with_huge_message_queue() -> None:
    async def body() -> None:
        pid = await server()
        for i in range(20_000):
            process.send(self_(), i)
        assert await gen_server.call(pid, "ping") == "pong"
        assert await receive() == 0

    run(body)


def test_gen_server__a_waiting_callback_holds_its_own_mailbox_only() -> None:
    async def body() -> None:
        pid, other = await server(), await server()
        order: list[str] = []

        async def ask(dest: Any, request: Any, name: str) -> None:
            await gen_server.call(dest, request)
            order.append(name)

        process.spawn(ask, pid, "async", "waits")
        process.spawn(ask, pid, "ping", "behind it")
        process.spawn(ask, other, "ping", "elsewhere")
        await until(lambda: len(order) == 3)
        assert order == ["elsewhere", "waits", "behind it"]

    run(body)


def test_gen_server__crash_in_format_status(caplog: pytest.LogCaptureFixture) -> None:
    class Secretive(Server):
        def format_status(self, state: list[Any]) -> Any:
            if not state:
                raise ValueError("cannot")
            return "secrets hidden"

    async def body() -> None:
        for args in ((), ("password",)):
            pid = await gen_server.start(Secretive, *args)
            assert pid is not None
            with pytest.raises(CallError):
                await gen_server.call(pid, ("raise", ValueError("x")))

    run(body)
    assert "format_status failed" in caplog.text
    assert "secrets hidden" in caplog.text
    assert "password" not in caplog.text


@pytest.mark.parametrize("place", ["cast", "info", "continue", "timeout"])
@pytest.mark.parametrize("answer", [lambda: gen_server.Stop("normal", "new", reply="x"), lambda: Reply("x", "new")])
def test_gen_server__an_answer_where_nobody_asked_is_a_bad_return_value(place: str, answer: Any) -> None:
    told: list[Any] = []

    class Odd(GenServer[str]):
        def init(self) -> Any:
            if place == "continue":
                return gen_server.Init("old", continue_="go")
            return gen_server.Init("old", timeout=0 if place == "timeout" else None)

        def handle_cast(self, request: Any, state: str) -> Any:
            return answer()

        def handle_info(self, message: Any, state: str) -> Any:
            return answer()

        def handle_continue(self, arg: Any, state: str) -> Any:
            return answer()

        def terminate(self, reason: object, state: str) -> None:
            told.append((reason, state))

    async def body() -> Any:
        process.trap_exit()
        pid: Any = await gen_server.start_link(Odd)
        gen_server.cast(pid, "x") if place == "cast" else process.send(pid, "x")
        return (await process.receive(timeout=5.0)).reason

    reason = ("bad_return_value", answer())
    assert run(body) == reason
    assert told == [(reason, "old")]
