"""test_gen_server__sys — a server under sys: state and status, formats and reports, sleep.

OTP:  gen_server_SUITE
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from otp.erts.exits import CallError, ProcessExit
from otp.erts.process import process_info, send
from otp.stdlib import gen_server, introspect, proc_lib
from otp.stdlib.gen_server import GenServer, Init, NoReply, Reply, Throw
from otp.stdlib.report_text import describe
from otp.stdlib.status import Status
from tests.support.node import run, until
from tests.support.scripted_server import Bare, Server, server


class Secretive(Server):
    def format_status(self, state: list[Any]) -> Any:
        return "formatted"


class Hiding(Server):
    """Hides the message and the reason too."""

    def format_all_status(self, status: Status) -> Status:
        hidden = status.message and "a message"
        return replace(status, state="a state", message=hidden, reason=status.reason and "a reason", log=("a log",))


def sleeps(pid: Any) -> bool:
    info = process_info(pid)
    return info is not None and info.status == "hibernating"


async def crash(cls: type[GenServer[Any]], *args: Any) -> None:
    pid = await gen_server.start(cls, *args, name="server")
    assert pid is not None
    with pytest.raises(CallError):
        await gen_server.call(pid, ("raise", ProcessExit("crashed")))


def report_of(caplog: pytest.LogCaptureFixture) -> Any:
    return caplog.records[-1].__dict__["report"]


def test_gen_server__get_state() -> None:
    async def body() -> None:
        pid = await server("state", name="server")
        assert await introspect.get_state(pid) == ["state"]
        assert await introspect.get_state("server", timeout=5) == ["state"]
        await introspect.suspend(pid)
        assert await introspect.get_state(pid) == ["state"]

    run(body)


def test_gen_server__replace_state() -> None:
    async def body() -> None:
        pid = await server("state")
        assert await introspect.replace_state(pid, lambda state: [*state, "new"]) == ["state", "new"]
        with pytest.raises(RuntimeError, match="callback failed"):
            await introspect.replace_state(pid, lambda state: state.nothing)
        assert await introspect.get_state(pid) == ["state", "new"]
        await introspect.suspend(pid)
        assert await introspect.replace_state(pid, lambda state: []) == []
        await introspect.resume(pid)
        assert await gen_server.call(pid, "seen") == []

    run(body)


def test_gen_server__call_format_status() -> None:
    async def body() -> None:
        pid = await gen_server.start(Secretive, "secret", name="server")
        for dest in ("server", pid):
            status = await introspect.get_status(dest)  # type: ignore[arg-type]
            assert (status["pid"], status["state"]) == (pid, "formatted")

    run(body)


def test_gen_server__error_format_status(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        await crash(Secretive, "secret")

    run(body)
    assert report_of(caplog)["state"] == "formatted"
    assert "secret" not in caplog.text


def test_gen_server__terminate_crash_format(caplog: pytest.LogCaptureFixture) -> None:
    class Messy(Secretive):
        def terminate(self, reason: object, seen: list[Any]) -> Any:
            raise ProcessExit(("crash", "terminate"))

    async def body() -> None:
        pid = await gen_server.start(Messy, "secret")
        assert pid is not None
        with pytest.raises(CallError, match="terminate"):
            await gen_server.stop(pid)

    run(body)
    report = report_of(caplog)
    assert (report["state"], report["reason"]) == ("formatted", ("crash", "terminate"))


def test_gen_server__crash_in_format_status(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Server):
        def format_status(self, state: list[Any]) -> Any:
            raise ValueError("cannot")

    async def body() -> None:
        pid = await gen_server.start(Broken, "secret")
        assert pid is not None
        state = (await introspect.get_status(pid))["state"]
        assert state.endswith("format_status failed: ValueError('cannot'))")
        await crash(Broken, "secret")

    run(body)
    assert "format_status failed" in report_of(caplog)["state"]
    assert "secret" not in caplog.text


def test_gen_server__throw_in_format_status(caplog: pytest.LogCaptureFixture) -> None:
    class Throwing(Server):
        def format_status(self, state: list[Any]) -> Any:
            raise Throw("thrown")

    async def body() -> None:
        pid = await gen_server.start(Throwing, "secret")
        assert pid is not None
        assert "format_status failed: Throw('thrown')" in (await introspect.get_status(pid))["state"]
        await crash(Throwing, "secret")

    run(body)
    assert "secret" not in caplog.text


def test_gen_server__format_all_status(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        pid = await gen_server.start(Hiding, "secret")
        assert pid is not None
        assert (await introspect.get_status(pid))["state"] == "a state"
        await crash(Hiding, "secret")

    run(body)
    report = report_of(caplog)
    assert (report["state"], report["last_message"], report["reason"]) == ("a state", "a message", "a reason")
    assert "secret" not in caplog.text
    assert "crashed" not in caplog.text


def test_gen_server__undef_code_change() -> None:
    async def body() -> None:
        pid = await gen_server.start(Bare)
        assert pid is not None
        await introspect.suspend(pid)
        await introspect.change_code(pid, Bare())
        await introspect.resume(pid)
        assert await introspect.get_state(pid) == 0

    run(body)


def test_gen_server__format_log_1(caplog: pytest.LogCaptureFixture) -> None:
    """The text of a report: whole, or no deeper and no longer than is wanted."""

    async def body() -> None:
        await crash(Server, list(range(100)))

    run(body)
    report = report_of(caplog)
    whole = describe(report)
    assert whole.splitlines()[0] == "gen_server server Server terminating: crashed"
    assert "last message: Call(('raise', ProcessExit('crashed')))" in whole
    assert "98, 99]" in whole
    short = describe(report, depth=8)
    assert len(short) < len(whole)
    assert "..." in short
    assert len(describe(report, chars_limit=60)) == 60


def test_gen_server__format_log_2(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        await crash(Server, list(range(100)))

    run(body)
    report = report_of(caplog)
    line = describe(report, single_line=True, depth=20)
    assert "\n" not in line
    assert line.startswith("gen_server server Server terminating: crashed; last message: ")
    assert len(describe(report, single_line=True, chars_limit=40)) == 40


def test_gen_server__hibernate() -> None:
    class Sleepy(Server):
        def handle_call(self, request: Any, from_: Any, seen: list[Any]) -> Any:
            if request == "hibernate":
                return Reply("ok", seen, timeout="hibernate")
            return super().handle_call(request, from_, seen)

        def handle_cast(self, request: Any, seen: list[Any]) -> Any:
            return NoReply([*seen, request], timeout="hibernate")

        handle_info = handle_cast
        handle_continue = handle_cast

    async def body() -> None:
        pid = await gen_server.start(Sleepy, "init", Init([], timeout="hibernate"))
        assert pid is not None
        assert sleeps(pid)
        assert await gen_server.call(pid, "ping") == "pong"
        assert not sleeps(pid)
        assert await gen_server.call(pid, "hibernate") == "ok"
        assert sleeps(pid)
        for wake in (lambda: gen_server.cast(pid, 1), lambda: send(pid, 2)):
            assert await gen_server.call(pid, "ping") == "pong"
            wake()
            await until(lambda: sleeps(pid))
        assert await gen_server.call(pid, ("continue", 3)) == "ok"
        assert sleeps(pid)
        await introspect.suspend(pid)
        assert sleeps(pid)
        await introspect.resume(pid)
        assert await introspect.get_state(pid) == [1, 2, 3]
        assert sleeps(pid)

    run(body)


def test_gen_server__auto_hibernate() -> None:
    async def body() -> None:
        pid = await server(hibernate_after=0.005)
        assert not sleeps(pid)
        await until(lambda: sleeps(pid))
        assert await gen_server.call(pid, "ping") == "pong"
        assert not sleeps(pid)
        await until(lambda: sleeps(pid))
        gen_server.cast(pid, "x")
        assert await gen_server.call(pid, "seen") == [("cast", "x")]
        await until(lambda: sleeps(pid))

    run(body)


def test_gen_server__auto_hibernate__of_one_that_entered_late() -> None:
    async def body() -> None:
        def enter() -> None:
            proc_lib.init_ack(None)
            gen_server.enter_loop(Server, [], name=None, hibernate_after=0.005)

        pid = proc_lib.spawn(enter)
        await until(lambda: sleeps(pid))

    run(body)
