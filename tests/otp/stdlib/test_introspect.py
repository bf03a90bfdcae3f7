"""introspect — looking into gen_servers, machines and supervisors without their callbacks knowing.

OTP:  sys_SUITE (log, log_to_file, stats, trace, suspend, install), the probes on sys of the facts
"""

import logging
from typing import Any

import pytest

from otp.erts.exits import CallError
from otp.erts.pid import Pid
from otp.erts.process import is_alive, receive, send, spawn, trap_exit
from otp.stdlib import gen_fsm, gen_server, introspect
from otp.stdlib.child_spec import SupFlags
from otp.stdlib.gen_fsm import GenFsm, NextState
from otp.stdlib.gen_server import GenServer, NoReply, Reply
from tests.support.node import run
from tests.support.scripted_children import Script, start, worker


class Sum(GenServer[int]):
    def init(self, *args: Any) -> int:
        return 0

    def handle_call(self, request: Any, from_: Any, state: int) -> Any:
        return Reply(state, state)

    def handle_cast(self, request: int, state: int) -> Any:
        return NoReply(state + request)

    def handle_info(self, message: Any, state: int) -> Any:
        return NoReply(state)


class Door(GenFsm[int]):
    def init(self) -> Any:
        return "closed", 0

    def closed(self, event: Any, data: int) -> Any:
        return NextState("open", data)


async def server(name: str | None = None) -> Pid:
    pid = await gen_server.start(Sum, name=name)
    assert pid is not None
    return pid


def test_sys__suspend() -> None:
    async def body() -> None:
        pid = await server()
        await introspect.suspend(pid)
        gen_server.cast(pid, 1)
        with pytest.raises(CallError, match="timeout"):
            await gen_server.call(pid, "sum", 0.01)
        assert await introspect.get_state(pid) == 0
        await introspect.resume(pid)
        assert await gen_server.call(pid, "sum") == 1

    run(body)


def test_sys__replace_state_and_one_that_fails() -> None:
    async def body() -> None:
        pid = await server("sum")
        assert await introspect.replace_state("sum", lambda n: n + 5) == 5
        with pytest.raises(RuntimeError, match="callback failed"):
            await introspect.replace_state(pid, lambda n: n / 0)
        assert await introspect.get_state(pid) == 5

    run(body)


def test_sys__get_state_of_a_machine_and_a_supervisor() -> None:
    async def body() -> None:
        door = await gen_fsm.start(Door)
        assert door is not None
        assert await introspect.get_state(door) == ("closed", 0)
        sup = await start(SupFlags(), [worker(Script(), "a")], name="sup")
        assert list((await introspect.get_state(sup)).children) == ["a"]
        assert (await introspect.get_status("sup"))["state"] == {"name": "sup", "module": "Any_", "children": 1}

    run(body)


def test_sys__log() -> None:
    async def body() -> None:
        pid = await server()
        assert await introspect.get_log(pid) == []
        await introspect.log(pid, 2)
        for n in (1, 2, 3):
            gen_server.cast(pid, n)
        await introspect.get_state(pid)
        assert [repr(message) for _at, message in await introspect.get_log(pid)] == ["Cast(2)", "Cast(3)"]
        await introspect.log(pid, 0)
        assert await introspect.get_log(pid) == []
        assert pid.target.debug is None

    run(body)


def test_sys__stats() -> None:
    async def body() -> None:
        pid = await server()
        assert await introspect.get_statistics(pid) is None
        await introspect.statistics(pid)
        for n in range(3):
            send(pid, n)
        await introspect.get_state(pid)
        counts = await introspect.get_statistics(pid)
        assert counts is not None
        assert counts.messages_in == 3
        assert counts.reductions >= 3
        assert counts.since <= counts.current
        await introspect.statistics(pid, False)
        assert await introspect.get_statistics(pid) is None

    run(body)


def test_sys__trace_and_log_to_file(caplog: pytest.LogCaptureFixture) -> None:
    lines: list[str] = []

    async def body() -> None:
        pid = await server("sum")
        await introspect.trace("sum")
        gen_server.cast(pid, 1)
        await introspect.get_state(pid)
        await introspect.trace("sum", True, lines.append)
        gen_server.cast(pid, 2)
        await introspect.get_state(pid)
        await introspect.trace("sum", False)
        gen_server.cast(pid, 3)
        await introspect.get_state(pid)

    with caplog.at_level(logging.INFO, "otp.trace"):
        run(body)
    assert caplog.messages == ["*DBG* sum got Cast(1)"]
    assert lines == ["*DBG* sum got Cast(2)"]


def test_sys__install_removes_what_is_done_or_fails() -> None:
    async def body() -> None:
        pid = await server()
        seen: list[object] = []

        def once(_direction: str, message: object, state: object) -> str:
            seen.append((repr(message), state))
            return "done"

        def bad(*_args: object) -> None:
            raise ValueError

        await introspect.install(pid, once)
        await introspect.install(pid, bad)
        for n in (1, 2):
            gen_server.cast(pid, n)
        assert await introspect.get_state(pid) == 3
        assert seen == [("Cast(1)", 0)]
        assert pid.target.debug is None

    run(body)


def test_sys__no_debug() -> None:
    async def body() -> None:
        pid = await server()
        await introspect.log(pid)
        await introspect.statistics(pid)
        await introspect.no_debug(pid)
        assert pid.target.debug is None

    run(body)


def test_sys__terminate_a_suspended_process() -> None:
    async def body() -> None:
        trap_exit()
        pid = await server()
        await introspect.suspend(pid)
        await introspect.terminate(pid, "shutdown")
        assert not is_alive(pid)
        with pytest.raises(CallError, match="noproc"):
            await introspect.trace(pid)

    run(body)


def test_sys__change_code() -> None:
    class Newer(Sum):
        def code_change(self, old_vsn: object, state: int, extra: object) -> int:
            return state + 100

    async def body() -> None:
        pid = await server()
        await introspect.suspend(pid)
        await introspect.change_code(pid, Newer(), "1")
        await introspect.resume(pid)
        assert await gen_server.call(pid, "sum") == 100

    run(body)


def test_sys__a_plain_process_has_nothing_to_show() -> None:
    async def body() -> None:
        pid = spawn(receive)
        with pytest.raises(CallError):
            await introspect.get_state(pid, 0.01)

    run(body)
