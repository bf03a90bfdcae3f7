"""special — a loop of one's own under sys, and what sys writes and installs, by the cases of sys_SUITE."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otp.erts import process
from otp.erts.exits import CallError
from otp.erts.pid import Pid
from otp.erts.process import receive, self_, send, spawn
from otp.erts.signals import Down
from otp.stdlib import gen_server, introspect, special
from otp.stdlib.gen import System
from otp.stdlib.gen_server import GenServer, NoReply, Reply
from otp.stdlib.special import Special
from tests.support.node import run, until


class Public(Special):
    """A loop that counts, shown as a word."""

    def get_state(self, state: int) -> str:
        return f"count {state}"

    def code_change(self, state: int, module: Any, old_vsn: object, extra: object) -> int:
        return state * 100 + len(str(extra))


async def counts(how: Special | None) -> None:
    count = 0
    while True:
        message = await receive()
        if isinstance(message, System):
            count = await special.handle_system_message(message, count, how)
        else:
            special.handle_debug("in", message, count)
            count += 1
            if isinstance(message, Pid):
                send(message, count)
                special.handle_debug("out", count, count)


class Sum(GenServer[int]):
    def init(self) -> int:
        return 0

    def handle_call(self, request: Any, from_: Any, state: int) -> Any:
        return Reply(state, state)

    def handle_cast(self, request: int, state: int) -> Any:
        return NoReply(state + request)


def test_sys__special_process() -> None:
    """State, suspension, code change and end of a process that is no behaviour; other messages wait their turn."""

    async def body() -> None:
        pid = spawn(counts, Public())
        for _ in range(2):
            send(pid, "x")
        assert await introspect.get_state(pid) == "count 2"
        assert await introspect.replace_state(pid, lambda n: n + 10) == "count 12"
        with pytest.raises(RuntimeError, match="ZeroDivisionError"):
            await introspect.replace_state(pid, lambda n: n / 0)
        await introspect.suspend(pid)
        send(pid, self_())
        assert (await introspect.get_status(pid))["suspended"] is True
        await introspect.change_code(pid, "module", "old", "extra")
        assert await introspect.get_state(pid) == "count 1205"
        with pytest.raises(process.exits.ReceiveTimeout):
            await receive(timeout=0.005)
        await introspect.resume(pid)
        assert await receive(timeout=5) == 1206
        status = await introspect.get_status(pid)
        assert (status["behaviour"], status["suspended"], status["parent"]) == ("special", False, self_())
        ref = process.monitor(pid)
        await introspect.suspend(pid)
        await introspect.terminate(pid, "enough")
        assert await receive(timeout=5) == Down(ref, pid, "enough")

    run(body)


def test_sys__special_process__by_default_the_state_is_the_loops() -> None:
    async def body() -> None:
        pid = spawn(counts, None)
        assert await introspect.replace_state(pid, lambda n: n + 1) == 1
        with pytest.raises(RuntimeError, match="not suspended"):
            await introspect.change_code(pid, "module")
        await introspect.suspend(pid)
        await introspect.change_code(pid, "module")
        await introspect.resume(pid)
        assert await introspect.get_state(pid) == 1
        with pytest.raises(CallError):
            await introspect.terminate(spawn(lambda: None), "x")

    run(body)


def _both(body: Callable[[Pid], Any]) -> None:
    """With a gen_server and with a special process."""

    async def whole() -> None:
        server = await gen_server.start(Sum)
        assert server is not None
        await body(server)
        await body(spawn(counts, None))

    run(whole)


def test_sys__log_to_file(tmp_path: Path) -> None:
    async def body(pid: Pid) -> None:
        file = tmp_path / f"log{pid}"
        await introspect.log_to_file(pid, file)
        gen_server.cast(pid, 1)
        await introspect.get_state(pid)
        assert file.read_text() == f"*DBG* {pid} got Cast(1)\n"
        await introspect.log_to_file(pid, None)
        gen_server.cast(pid, 2)
        await introspect.get_state(pid)
        assert file.read_text().count("\n") == 1
        with pytest.raises(OSError, match="No such file"):
            await introspect.log_to_file(pid, tmp_path / "no" / "such" / "folder")

    _both(body)


def test_sys__trace() -> None:
    async def body(pid: Pid) -> None:
        lines: list[str] = []
        await introspect.trace(pid, True, lines.append)
        for n in (1, 2):
            gen_server.cast(pid, n)
        await introspect.get_state(pid)
        await introspect.trace(pid, False)
        gen_server.cast(pid, 3)
        await introspect.get_state(pid)
        assert lines == [f"*DBG* {pid} got Cast({n})" for n in (1, 2)]

    _both(body)


def test_sys__install() -> None:
    """A function of one's own sees events until it is done, fails, or is removed."""

    async def body(pid: Pid) -> None:
        seen: list[str] = []

        def spy(direction: str, message: object, state: object) -> object:
            seen.append(f"{direction} {message!r} {state}")
            return "done" if len(seen) == 2 else None

        def fails(_direction: str, _message: object, _state: object) -> object:
            raise ValueError

        for fn in (spy, fails):
            await introspect.install(pid, fn)
        for n in (1, 1, 1):
            gen_server.cast(pid, n)
        await introspect.get_state(pid)
        assert seen == ["in Cast(1) 0", "in Cast(1) 1"]
        await introspect.install(pid, spy)
        await introspect.remove(pid, spy)
        gen_server.cast(pid, 1)
        assert await introspect.get_state(pid) == 4
        assert len(seen) == 2
        await until(lambda: not pid.target.debug)

    _both(body)


def test_events_of_ones_own_are_shown_too() -> None:
    async def body() -> None:
        pid, seen = spawn(counts, None), list[str]()
        await introspect.install(pid, lambda direction, message, state: seen.append(f"{direction} {state}"))
        send(pid, self_())
        await receive(timeout=5)
        await introspect.get_state(pid)
        assert seen == ["in 0", "out 1"]

    run(body)
