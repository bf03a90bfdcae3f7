"""The generic half of every behaviour: how one starts, what Pykka's handle may do, how one ends."""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts import process
from otp.erts.exits import AlreadyStarted, CallError, Crash, StartError
from otp.erts.pid import Pid
from otp.erts.signals import Exit
from otp.stdlib import gen_server
from otp.stdlib.gen import Throw
from otp.stdlib.gen_server import IGNORE, GenServer, NoReply, Reply, Stop, StopInit
from tests.support.node import run, until


class Box(GenServer[list[Any]]):
    """Does in init what it is told to, keeps what it gets."""

    async def init(self, wish: str = "ok") -> Any:
        match wish:
            case "ignore":
                return IGNORE
            case "stop":
                return StopInit("no_room")
            case "fail":
                raise ValueError("no room")
            case "hang":
                await process.sleep(60)
            case "trap":
                process.trap_exit(True)
        return []

    def handle_call(self, request: Any, from_: Any, state: list[Any]) -> Any:
        match request:
            case "all":
                return Reply(state, state)
            case "throw":
                self.deeper(state)
            case "stop":
                return Stop("shutdown", state, reply="bye")
        state.append(request)
        return Reply(len(state), state)

    def deeper(self, state: list[Any]) -> None:
        raise Throw(Reply("thrown", state))

    def handle_info(self, message: Any, state: list[Any]) -> Any:
        state.append(message)
        return NoReply(state)

    def terminate(self, reason: object, state: list[Any]) -> None:
        if "worse" in state:
            raise KeyError("worse")


async def box(**options: Any) -> Pid:
    pid = await gen_server.start(Box, **options)
    assert pid is not None
    return pid


async def end_of(pid: Pid) -> object:
    ref = process.monitor(pid)
    return (await process.receive(lambda m: getattr(m, "ref", None) is ref, 5.0)).reason


def test_a_taken_name_is_told_with_its_holder_and_init_does_not_run() -> None:
    async def body() -> None:
        first = await box(name="box")
        with pytest.raises(AlreadyStarted) as caught:
            await gen_server.start(Box, "fail", name="box")
        assert caught.value.pid is first

    run(body)


@pytest.mark.parametrize(("wish", "reason"), [("stop", "no_room"), ("fail", "ValueError")])
def test_a_start_that_fails_says_why_and_frees_the_name(wish: str, reason: str) -> None:
    async def body() -> None:
        with pytest.raises(StartError) as caught:
            await gen_server.start(Box, wish, name="box")
        found = caught.value.reason
        assert (found.kind if isinstance(found, Crash) else found) == reason
        assert process.whereis("box") is None
        await box(name="box")

    run(body)


def test_ignore_is_no_process_and_no_error() -> None:
    async def body() -> None:
        assert await gen_server.start_link(Box, "ignore", name="box") is None
        assert process.whereis("box") is None

    run(body)


def test_a_linked_starter_gets_the_exit_signal_of_a_failed_init() -> None:
    async def body() -> None:
        process.trap_exit(True)
        with pytest.raises(StartError):
            await gen_server.start_link(Box, "stop")
        message = await process.receive(timeout=5.0)
        assert isinstance(message, Exit)
        assert message.reason == "no_room"

    run(body)


def test_an_init_that_takes_too_long_is_killed_without_a_signal() -> None:
    async def body() -> None:
        process.trap_exit(True)
        with pytest.raises(StartError) as caught:
            await gen_server.start_link(Box, "hang", name="box", timeout=0.01)
        assert caught.value.reason == "timeout"
        assert process.whereis("box") is None
        assert await process.flush() == []

    run(body)


def test_one_that_is_killed_in_init_is_a_failed_start() -> None:
    async def body() -> None:
        async def killer() -> None:
            pid = await until(lambda: process.whereis("box"))
            process.exit_(pid, "kill")

        process.spawn(killer)
        with pytest.raises(StartError) as caught:
            await gen_server.start(Box, "hang", name="box")
        assert caught.value.reason == "killed"

    run(body)


def test_a_thrown_result_is_as_good_as_a_returned_one() -> None:
    async def body() -> None:
        pid = await box()
        assert await gen_server.call(pid, "throw") == "thrown"
        assert await gen_server.call(pid, "all") == []

    run(body)


def test_pykkas_handle_tells_asks_and_stops() -> None:
    async def body() -> None:
        pid = await box()
        ref = pid.target.actor_ref
        ref.tell("told")
        assert await ref.ask("asked", block=False) == 2
        assert await gen_server.call(pid, "all") == ["told", "asked"]
        ref.stop(block=False)
        assert await end_of(pid) in ("normal", "noproc")

    run(body)


def test_the_answer_to_a_stop_leaves_before_the_end() -> None:
    async def body() -> None:
        pid = await box()
        assert await gen_server.call(pid, "stop") == "bye"
        await until(lambda: not process.is_alive(pid))

    run(body)


def test_a_crash_in_terminate_replaces_the_reason() -> None:
    async def body() -> None:
        pid = await box()
        await gen_server.call(pid, "worse")
        with pytest.raises(CallError) as caught:
            await gen_server.stop(pid)
        assert caught.value.why.kind == "KeyError"

    run(body)


def test_the_exit_of_the_parent_ends_one_that_traps_exits() -> None:
    async def body() -> None:
        async def parent() -> None:
            await gen_server.start_link(Box, "trap", name="box")
            await process.receive()

        starter = process.spawn(parent)
        pid = await until(lambda: process.whereis("box"))
        await until(lambda: process.process_info(starter).links if process.process_info(starter) else False)  # type: ignore[union-attr]
        process.exit_(starter, "shutdown")
        assert await end_of(pid) == "shutdown"

    run(body)


def test_an_idle_one_hibernates_and_wakes() -> None:
    async def body() -> None:
        pid = await box(hibernate_after=0.005)

        def asleep() -> bool:
            info = process.process_info(pid)
            return info is not None and info.status == "hibernating"

        await until(asleep)
        assert await gen_server.call(pid, "hello") == 1
        await until(asleep)

    run(body)
