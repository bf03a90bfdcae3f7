"""supervisor_bridge — a process or a future in the tree: starts, dies with it, stops it.

OTP:  supervisor_bridge_SUITE (starting, mini_terminate, mini_die, badstart)
"""

import asyncio
from typing import Any

import pytest

from otp.erts.exits import Crash, Ignored, StartError
from otp.erts.pid import Pid
from otp.erts.process import exit_, is_alive, receive, spawn, trap_exit, whereis
from otp.kernel import global_
from otp.stdlib import gen_server, supervisor_bridge
from otp.stdlib.child_spec import ChildSpec, SupFlags
from otp.stdlib.gen_server import IGNORE, StopInit
from otp.stdlib.supervisor_bridge import SupervisorBridge
from tests.support.node import run, until
from tests.support.scripted_children import exit_reason, pids, start
from tests.support.via_names import everywhere, run_globally


class Bridge(SupervisorBridge[list[Any]]):
    async def init(self, part: Any, log: list[Any]) -> Any:
        return (part, log) if isinstance(part, Pid | asyncio.Future) else part

    def terminate(self, reason: object, log: list[Any]) -> None:
        log.append(reason)


class Own(SupervisorBridge[None]):
    """Starts what it bridges."""

    def init(self) -> Any:
        return spawn(receive), None


async def bridge(part: Any, log: list[Any]) -> Pid:
    trap_exit()
    pid = await supervisor_bridge.start_link(Bridge, part, log, name="bridge")
    assert pid is not None
    return pid


def test_supervisor_bridge__starting() -> None:
    async def body() -> None:
        pid = await bridge(spawn(receive), log := [])
        assert whereis("bridge") is pid
        await gen_server.stop(pid)
        assert log == ["normal"]
        with pytest.raises(Ignored):
            await supervisor_bridge.start_link(Bridge, IGNORE, log)

    run(body)


@pytest.mark.parametrize(("answer", "reason"), [(StopInit("why"), "why"), ("bad", ("bad_return_value", "bad"))])
def test_supervisor_bridge__badstart(answer: Any, reason: object) -> None:
    async def body() -> None:
        with pytest.raises(StartError) as caught:
            await bridge(answer, [])
        assert caught.value.reason == reason
        assert whereis("bridge") is None

    run(body)


def test_supervisor_bridge__mini_terminate() -> None:
    async def body() -> None:
        part = spawn(receive)
        pid = await bridge(part, log := [])
        exit_(pid, "shutdown")
        assert await exit_reason(pid) == "shutdown"
        assert log == ["shutdown"]
        assert is_alive(part), "it is terminate's to end it"

    run(body)


def test_supervisor_bridge__mini_die() -> None:
    async def body() -> None:
        part = spawn(receive)
        pid = await bridge(part, log := [])
        exit_(part, "kill")
        assert await exit_reason(pid) == "killed"
        assert log == ["killed"]

    run(body)


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (lambda f: f.set_result(1), "normal"),
        (lambda f: f.cancel(), "shutdown"),
        (lambda f: f.set_exception(ValueError("no")), Crash("ValueError", "no")),
    ],
)
def test_a_bridged_future_ends_the_bridge(end: Any, reason: object) -> None:
    async def body() -> None:
        part: asyncio.Future[int] = asyncio.get_event_loop_policy().get_event_loop().create_future()
        pid = await bridge(part, log := [])
        end(part)
        assert await exit_reason(pid) == reason
        assert log == [reason]

    run(body)


def test_a_bridge_is_restarted_like_any_child() -> None:
    async def body() -> None:
        parts: list[Pid] = []

        class Fresh(SupervisorBridge[None]):
            def init(self) -> Any:
                parts.append(spawn(receive))
                return parts[-1], None

        sup = await start(SupFlags(), [ChildSpec("bridge", (supervisor_bridge.start_link, (Fresh,)))])
        (old,) = await pids(sup)
        exit_(parts[0], "kill")
        await until(lambda: len(parts) == 2)
        assert await pids(sup) != [old]

    run(body)


def test_supervisor_bridge__simple_global_supervisor() -> None:
    """A bridge with a global name, under a supervisor: killed, it is started again under its name."""

    async def body() -> None:
        trap_exit()
        spec = ChildSpec("bridge", (supervisor_bridge.start_link, (Own,), {"name": everywhere("bridge")}))
        sup = await start(SupFlags(), [spec])
        first = global_.whereis_name("bridge")
        assert first is not None
        exit_(first, "kill")
        await until(lambda: global_.whereis_name("bridge") not in (None, first))
        await gen_server.stop(sup, "shutdown")
        await until(lambda: not global_.registered_names())

    run_globally(body)
