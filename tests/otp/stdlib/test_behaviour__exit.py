"""sys.exit() and its like, in any callback of any behaviour: they end the one process that says it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import pytest

from otp.erts import blocking, exits, process, runtime
from otp.erts.exits import CallError, Crash, StartError
from otp.erts.process import exit_, is_alive, monitor, receive, self_, send, sleep, spawn, spawn_monitor
from otp.erts.signals import Timeout
from otp.erts.timer import TIMERS
from otp.stdlib import gen_event, gen_fsm, gen_server, gen_statem, introspect, proc_lib, supervisor
from otp.stdlib.child_spec import ChildSpec, SupFlags
from otp.stdlib.gen_event import EventHandler
from otp.stdlib.gen_fsm import GenFsm, NextState
from otp.stdlib.gen_server import GenServer, Init, NoReply, Reply, Stop
from otp.stdlib.gen_statem import STATE_ENTER, STATE_FUNCTIONS, GenStatem, Keep
from tests.support.node import run, until


class Own(BaseException):
    """What a program may think of."""


def leave_7() -> None:
    sys.exit(7)


def leave() -> None:
    sys.exit()


def interrupt() -> None:
    raise KeyboardInterrupt


def own() -> None:
    raise Own("own")


def cancelled() -> None:
    raise asyncio.CancelledError


def leave_group() -> None:
    raise BaseExceptionGroup("group", [SystemExit(1)])


#: what is done, and the exit reason of who does it
WAYS: dict[str, tuple[Callable[[], None], object]] = {
    "sys.exit(7)": (leave_7, 7),
    "sys.exit()": (leave, "normal"),
    "KeyboardInterrupt": (interrupt, Crash("KeyboardInterrupt", "")),
    "own": (own, Crash("Own", "own")),
    "CancelledError": (cancelled, Crash("CancelledError", "")),
    "group": (leave_group, Crash("BaseExceptionGroup", "group (1 sub-exception)")),
}
every_way = pytest.mark.parametrize("way", WAYS)


class Server(GenServer[Any]):
    """Does what it is told where it is told."""

    def init(self, place: str, do: Callable[[], None]) -> Any:
        if place == "init":
            do()
        if place == "continue":
            return Init((place, do), continue_="go")
        return Init((place, do), timeout=0 if place == "timeout" else None)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        state[1]()
        return Reply(None, state)

    def handle_cast(self, request: Any, state: Any) -> Any:
        if request == "stop":
            return Stop("normal", state)
        state[1]()
        return NoReply(state)

    async def handle_info(self, message: Any, state: Any) -> Any:
        if isinstance(message, Timeout):
            state[1]()
        await sleep(0)
        state[1]()
        return NoReply(state)

    def handle_continue(self, arg: Any, state: Any) -> Any:
        state[1]()
        return NoReply(state)

    def terminate(self, reason: object, state: Any) -> Any:
        if state[0] == "terminate":
            state[1]()


class Fsm(GenFsm[Any]):
    """The same."""

    def init(self, place: str, do: Callable[[], None]) -> Any:
        return "here", do

    def here(self, event: Any, do: Any) -> Any:
        do()
        return NextState("here", do)

    def here_sync(self, event: Any, from_: Any, do: Any) -> Any:
        do()
        return NextState("here", do)

    def handle_event(self, event: Any, name: str, do: Any) -> Any:
        do()
        return NextState("here", do)


class Statem(GenStatem[Any]):
    """The same."""

    def callback_mode(self) -> Any:
        return STATE_FUNCTIONS, STATE_ENTER

    def init(self, place: str, do: Callable[[], None]) -> Any:
        return "here", (place, do)

    def here(self, type_: Any, event: Any, state: Any) -> Any:
        if type_ != "enter" or state[0] == "enter":
            state[1]()
        return Keep()


async def _server(place: str, do: Any) -> Any:
    pid = await gen_server.start(Server, place, do)
    assert pid is not None
    ref = monitor(pid)
    if place == "call":
        with pytest.raises(CallError):
            await gen_server.call(pid, "x")
    elif place == "cast":
        gen_server.cast(pid, "x")
    elif place == "info":
        send(pid, "x")
    elif place == "terminate":
        gen_server.cast(pid, "stop")
    return (await receive(lambda m: getattr(m, "ref", None) is ref, 5.0)).reason


async def _fsm(place: str, do: Any) -> Any:
    pid = await gen_fsm.start(Fsm, place, do)
    assert pid is not None
    ref = monitor(pid)
    if place == "sync":
        with pytest.raises(CallError):
            await gen_fsm.sync_send_event(pid, "x")
    else:
        (gen_fsm.send_all_state_event if place == "all" else gen_fsm.send_event)(pid, "x")
    return (await receive(lambda m: getattr(m, "ref", None) is ref, 5.0)).reason


async def _statem(place: str, do: Any) -> Any:
    started = await gen_statem.start_monitor(Statem, place, do)
    assert started is not None
    if place != "enter":
        gen_statem.cast(started[0], "x")
    return (await receive(lambda m: getattr(m, "ref", None) is started[1], 5.0)).reason


async def _function(place: str, do: Any) -> Any:
    async def waits() -> None:
        await sleep(0)
        do()

    pid, ref = (proc_lib.spawn_monitor if place == "proc_lib" else spawn_monitor)(waits if place == "async" else do)
    assert pid is not None
    return (await receive(lambda m: getattr(m, "ref", None) is ref, 5.0)).reason


PLACES = [
    *((_server, place) for place in ("call", "cast", "info", "timeout", "continue", "terminate")),
    *((_fsm, place) for place in ("event", "sync", "all")),
    *((_statem, place) for place in ("event", "enter")),
    *((_function, place) for place in ("plain", "async", "proc_lib")),
]


@every_way
@pytest.mark.parametrize(("tried", "place"), PLACES)
def test_it_ends_the_one_process_that_does_it(tried: Any, place: str, way: str) -> None:
    do, reason = WAYS[way]

    async def body() -> object:
        bystander = spawn(receive)
        found: object = await tried(place, do)
        assert is_alive(bystander)
        return found

    assert run(body) == reason


@every_way
def test_in_init_it_is_why_the_start_failed(way: str) -> None:
    do, reason = WAYS[way]

    async def body() -> object:
        process.trap_exit()
        with pytest.raises(StartError) as failed:
            await gen_server.start_link(Server, "init", do)
        with pytest.raises(StartError) as again:
            await proc_lib.start(do)
        assert again.value.reason == reason
        return failed.value.reason

    assert run(body) == reason


@every_way
@pytest.mark.parametrize("place", ["init", "event", "call", "terminate"])
def test_a_handler_of_gen_event_that_does_it_goes_and_the_manager_stays(place: str, way: str) -> None:
    do, _reason = WAYS[way]

    class Handler(EventHandler[None]):
        def init(self) -> None:
            if place == "init":
                do()

        def handle_event(self, event: Any, state: None) -> Any:
            do()

        def handle_call(self, request: Any, state: None) -> Any:
            do()

        def terminate(self, why: object, state: None) -> Any:
            if place == "terminate":
                do()

    async def body() -> list[Any]:
        manager: Any = await gen_event.start()
        if place == "init":
            with pytest.raises(gen_event.HandlerError):
                await gen_event.add_handler(manager, Handler)
        else:
            await gen_event.add_handler(manager, Handler)
        if place == "event":
            await gen_event.sync_notify(manager, "x")
        elif place == "call":
            with pytest.raises(gen_event.HandlerError):
                await gen_event.call(manager, Handler, "x")
        elif place == "terminate":
            with pytest.raises(gen_event.HandlerError):
                await gen_event.delete_handler(manager, Handler)
        return await gen_event.which_handlers(manager)

    assert run(body) == []


@every_way
def test_a_supervisor_restarts_a_child_that_does_it_and_survives_a_start_function_that_does(way: str) -> None:
    do, reason = WAYS[way]

    async def refuses() -> None:
        do()

    class Sup(supervisor.Supervisor):
        def init(self) -> Any:
            return SupFlags(intensity=5, period=60), [
                ChildSpec("server", gen_server.spec(Server, "cast", do, name="told").start)
            ]

    async def body() -> None:
        process.trap_exit()
        sup: Any = await supervisor.start_link(Sup)
        first = process.whereis("told")
        gen_server.cast("told", "x")
        await until(lambda: process.whereis("told") not in (None, first))
        with pytest.raises(StartError) as failed:
            await supervisor.start_child(sup, ChildSpec("refuses", (refuses, ())))
        assert failed.value.reason == reason
        assert is_alive(sup)

    run(body)


@every_way
def test_what_a_system_message_brings_along_fails_alone(way: str) -> None:
    do, _reason = WAYS[way]

    def debug(_way: str, _message: object, _state: object) -> None:
        do()

    async def body() -> None:
        pid: Any = await gen_server.start(Server, "nowhere", lambda: None)
        with pytest.raises(RuntimeError, match="callback failed"):
            await introspect.replace_state(pid, lambda _state: do())
        await introspect.install(pid, debug)
        await gen_server.call(pid, "x")
        assert pid.target.debug is None

    run(body)


@every_way
def test_timers_and_threads_outlive_it(way: str) -> None:
    do, _reason = WAYS[way]

    async def body() -> None:
        fired: list[str] = []
        TIMERS.after(0, do)
        TIMERS.after(0, fired.append, "next")
        await until(lambda: fired)
        with pytest.raises(BaseException) as failed:  # of any kind
            await blocking.run_blocking(do)
        assert failed.type is not RuntimeError
        assert await blocking.run_blocking(len, "four") == 4

    run(body)


def test_main_may_leave_the_node_with_a_status() -> None:
    async def main() -> None:
        sys.exit(3)

    with pytest.raises(SystemExit) as left:
        runtime.run(main)
    assert left.value.code == 3


@pytest.mark.parametrize("reason", ["kill", "why", "normal"])
def test_a_callback_that_ends_its_own_process_by_a_signal_goes_no_further(reason: str) -> None:
    told: list[str] = []

    class Suicide(GenServer[None]):
        def init(self) -> None:
            return None

        def handle_cast(self, request: Any, state: None) -> Any:
            exit_(self_(), request)
            told.append("after")
            return NoReply(state)

        def terminate(self, why: object, state: None) -> None:
            told.append("terminate")

    async def body() -> object:
        process.trap_exit()
        pid: Any = await gen_server.start_link(Suicide)
        gen_server.cast(pid, reason)
        return (await receive(timeout=5.0)).reason

    assert run(body) == ("killed" if reason == "kill" else reason)
    assert told == []


def test_who_kills_itself_in_init_leaves_no_exit_signal_behind() -> None:
    """As in BEAM: {error, killed}, and the EXIT is taken out of the mailbox by start_link."""

    async def body() -> list[Any]:
        process.trap_exit()
        with pytest.raises(StartError) as failed:
            await gen_server.start_link(Server, "init", lambda: exit_(self_(), "kill"))
        assert failed.value.reason == "killed"
        return await process.flush()

    assert run(body) == []


def test_reasons_of_sys_exit() -> None:
    assert [exits.reason_of(SystemExit(code)) for code in (None, 0, False)] == ["normal"] * 3
    assert [exits.reason_of(SystemExit(code)) for code in (1, "no such file", "shutdown")] == [
        1,
        "no such file",
        "shutdown",
    ]
