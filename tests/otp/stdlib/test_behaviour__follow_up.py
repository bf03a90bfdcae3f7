"""What init wants done next is done when the start has been answered: it fails as an exit, not as a failed start."""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts import process
from otp.erts.exits import Crash, Ignored, StartError
from otp.erts.process import receive, self_, send
from otp.erts.signals import Down, Exit
from otp.stdlib import gen_fsm, gen_server, gen_statem, proc_lib, supervisor
from otp.stdlib.child_spec import SupFlags
from otp.stdlib.gen_fsm import GenFsm
from otp.stdlib.gen_server import GenServer, Init, NoReply, Reply, Stop, Throw
from otp.stdlib.gen_statem import STATE_ENTER, STATE_FUNCTIONS, GenStatem, Keep, Next, NextEvent, Postpone
from tests.support.node import run, until

CRASH = Crash("ValueError", "next")


def fails() -> Any:
    raise ValueError("next")


class Server(GenServer[Any]):
    """Continues, or times out at once; plain or async."""

    def init(self, way: str, told: list[str]) -> Any:
        told.append("init")
        if way == "async init":
            return self._slowly(told)
        return Init(told, timeout=0) if way == "timeout" else Init(told, continue_=way)

    async def _slowly(self, told: list[str]) -> Any:
        await process.sleep(0)
        return Init(told, continue_="plain")

    def handle_continue(self, way: str, told: list[str]) -> Any:
        told.append("continue")
        return self._later() if way == "async" else fails()

    async def _later(self) -> Any:
        await process.sleep(0)
        fails()

    def handle_info(self, message: Any, told: list[str]) -> Any:
        told.append("timeout")
        return fails()

    def terminate(self, reason: object, told: list[str]) -> None:
        told.append("terminate")


class Fsm(GenFsm[Any]):
    """Times out at once."""

    def init(self, way: str, told: list[str]) -> Any:
        told.append("init")
        return "here", told, 0

    def here(self, event: Any, told: list[str]) -> Any:
        told.append("timeout")
        return fails()

    def terminate(self, reason: object, name: str, told: list[str]) -> None:
        told.append("terminate")


class Statem(GenStatem[Any]):
    """Enters its first state, or has an event or an action from init."""

    def callback_mode(self) -> Any:
        return STATE_FUNCTIONS, STATE_ENTER

    def init(self, way: str, told: list[str]) -> Any:
        told.append("init")
        actions = {"event": [NextEvent("internal", "go")], "action": ["nonsense"]}.get(way, [])
        return (way if way.endswith("enter") else "calm"), told, actions

    def enter(self, type_: Any, event: Any, told: list[str]) -> Any:
        told.append("enter")
        return fails()

    async def async_enter(self, type_: Any, event: Any, told: list[str]) -> Any:
        await process.sleep(0)
        told.append("enter")
        return fails()

    def calm(self, type_: Any, event: Any, told: list[str]) -> Any:
        return Keep() if type_ == "enter" else fails()

    def terminate(self, reason: object, state: Any, told: list[str]) -> None:
        told.append("terminate")


STARTS = [
    *((gen_server, Server, way) for way in ("plain", "async", "async init", "timeout")),
    (gen_fsm, Fsm, "timeout"),
    *((gen_statem, Statem, way) for way in ("enter", "async_enter", "event", "action")),
]
every_start = pytest.mark.parametrize(("kind", "module", "way"), STARTS)


@every_start
def test_its_failure_is_an_exit_after_the_start(kind: Any, module: Any, way: str) -> None:
    async def body() -> None:
        process.trap_exit()
        told: list[str] = []
        pid = await kind.start_link(module, way, told)
        assert told == ["init"]
        signal = await receive(timeout=5.0)
        reason = ("bad_action_from_state_function", "nonsense") if way == "action" else CRASH
        assert signal == Exit(pid, reason)
        assert told[-1] == "terminate"

    run(body)


# gen_fsm has no start_monitor
@pytest.mark.parametrize(("kind", "module", "way"), [start for start in STARTS if start[0] is not gen_fsm])
def test_who_monitors_from_the_start_hears_why_it_ended(kind: Any, module: Any, way: str) -> None:
    async def body() -> None:
        pid, ref = await kind.start_monitor(module, way, [])
        down = await receive(timeout=5.0)
        assert down == Down(ref, pid, down.reason)
        assert down.reason != "noproc"

    run(body)


def test_gen_server__start_monitor_that_fails_leaves_no_down() -> None:
    class Refuses(GenServer[None]):
        def init(self, how: object) -> Any:
            return how

    async def body() -> list[Any]:
        with pytest.raises(StartError):
            await gen_server.start_monitor(Refuses, gen_server.StopInit("why"))
        with pytest.raises(Ignored):
            await gen_server.start_monitor(Refuses, gen_server.IGNORE)
        return await process.flush()

    assert run(body) == []


def test_gen_server__continue_goes_before_any_message() -> None:
    class Slow(GenServer[list[str]]):
        def init(self) -> Any:
            return Init([], continue_="go")

        async def handle_continue(self, arg: Any, told: list[str]) -> Any:
            await process.sleep(0.01)
            return NoReply([*told, arg])

        def handle_call(self, request: Any, from_: Any, told: list[str]) -> Any:
            return Reply([*told, request], told)

    async def body() -> Any:
        pid: Any = await gen_server.start(Slow)
        return await gen_server.call(pid, "call")

    assert run(body) == ["go", "call"]


class Undecided(GenServer[Any]):
    """Takes a call, continues, and throws or fails there: plain, or after it has waited."""

    def init(self, is_async: bool, thrown: Any) -> Any:
        return is_async, thrown

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return self._asked(state) if state[0] else Reply("first", state, continue_="next")

    async def _asked(self, state: Any) -> Any:
        await process.sleep(0)
        return Reply("first", state, continue_="next")

    def handle_continue(self, arg: Any, state: Any) -> Any:
        return self._later(state) if state[0] else self._throw(state)

    async def _later(self, state: Any) -> Any:
        await process.sleep(0)
        self._throw(state)

    def _throw(self, state: Any) -> Any:
        raise Throw(state[1]) if state[1] is not None else ValueError("next")


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("thrown", [Reply("second", None), Stop("normal", None, "second")])
def test_gen_server__what_is_thrown_after_the_call_does_not_answer_it(is_async: bool, thrown: Any) -> None:
    async def body() -> None:
        process.trap_exit()
        pid = await gen_server.start_link(Undecided, is_async, thrown)
        assert await gen_server.call(pid, "ask") == "first"
        assert await receive(timeout=5.0) == Exit(pid, ("bad_return_value", thrown))

    run(body)


@pytest.mark.parametrize("is_async", [False, True])
def test_gen_server__the_report_names_what_it_continued_with(is_async: bool, caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        pid = await gen_server.start(Undecided, is_async, None)
        ref = process.monitor(pid)
        assert await gen_server.call(pid, "ask") == "first"
        assert (await receive(timeout=5.0)).ref is ref

    run(body)
    (report,) = [record.report for record in caplog.records if record.name == "otp.proc_lib"]  # type: ignore[attr-defined]
    assert report["last_message"] == ("continue", "next")
    assert report["client"] is None


def test_a_supervisor_restarts_who_fails_so_and_gives_up_by_its_intensity() -> None:
    told: list[str] = []

    class Sup(supervisor.Supervisor):
        def init(self) -> Any:
            return SupFlags(intensity=2, period=60), [gen_server.spec(Server, "plain", told)]

    async def body() -> object:
        process.trap_exit()
        sup = await supervisor.start_link(Sup)
        signal = await receive(timeout=5.0)
        assert signal.pid is sup
        return signal.reason

    assert run(body) == "shutdown"
    assert told == ["init", "continue", "terminate"] * 3


@pytest.mark.parametrize("mode", [None, "foo", ()])
def test_gen_statem__callback_mode_is_asked_after_the_start(mode: Any) -> None:
    class Odd(GenStatem[None]):
        def callback_mode(self) -> Any:
            return mode

        def init(self) -> Any:
            return "here", None

    async def body() -> None:
        process.trap_exit()
        pid = await gen_statem.start_link(Odd)
        assert await receive(timeout=5.0) == Exit(pid, ("bad_return_from_callback_mode", mode))

    run(body)


def test_gen_statem__init_has_no_event_to_postpone() -> None:
    class Postpones(GenStatem[None]):
        def init(self) -> Any:
            return "first", None, [Postpone()]

        def first(self, type_: Any, event: Any, data: None) -> Any:
            return Next("second", data)

        def second(self, type_: Any, event: Any, data: None) -> Any:
            return Keep(actions=gen_statem.Reply(type_.from_, event))

    async def body() -> Any:
        pid: Any = await gen_statem.start(Postpones)
        send(pid, "on")
        return await gen_statem.call(pid, "alive")

    assert run(body) == "alive"


def test_gen_statem__who_becomes_a_machine_late_begins_in_the_same_way() -> None:
    async def becomes(told: list[str]) -> None:
        proc_lib.init_ack(self_())
        gen_statem.enter_loop(Statem, "enter", told)

    async def body() -> None:
        process.trap_exit()
        told: list[str] = []
        pid = await proc_lib.start_link(becomes, told)
        assert await receive(timeout=5.0) == Exit(pid, CRASH)
        assert told == ["enter", "terminate"]

    run(body)


@pytest.mark.parametrize("how", ["plain", "waits"])
def test_an_init_that_takes_longer_than_its_time_is_no_start_though_the_loop_stood_still(how: str) -> None:
    class Slow(GenServer[None]):
        def init(self) -> Any:
            end = process.monotonic_time() + 0.05
            while process.monotonic_time() < end:
                pass

    async def slow() -> None:
        Slow().init()
        proc_lib.init_ack("ready")

    async def body() -> list[Any]:
        process.trap_exit()
        start: Any = gen_server.start_link if how == "plain" else proc_lib.start_link
        with pytest.raises(StartError) as failed:
            await start(Slow if how == "plain" else slow, timeout=0.01, name="slow")
        assert failed.value.reason == "timeout"
        await until(lambda: process.whereis("slow") is None)
        return await process.flush()

    assert run(body) == []
