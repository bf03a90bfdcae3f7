"""test_waiting — a time-out comes late under system messages, but it comes; a message ends the wait, they do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otp.erts.process import monotonic_time, resume_process, send, sleep, spawn, suspend_process
from otp.erts.timer import TIMERS
from otp.stdlib import gen_fsm, gen_server, gen_statem, introspect
from otp.stdlib.gen_fsm import GenFsm, NextState
from otp.stdlib.gen_server import GenServer, Init, NoReply
from otp.stdlib.gen_statem import GenStatem, Keep, event_timeout
from tests.support.node import run, until

SECONDS = 0.02


class Server(GenServer[list[Any]]):
    """Asks for a time-out at ("wait", seconds), and in init; keeps what comes to handle_info."""

    def init(self, seen: list[Any], seconds: float | None = None) -> Any:
        return Init(seen, timeout=seconds)

    def handle_cast(self, seconds: float, seen: list[Any]) -> Any:
        return NoReply(seen, timeout=seconds)

    def handle_info(self, message: Any, seen: list[Any]) -> Any:
        seen.append("timeout" if isinstance(message, gen_fsm.Timeout) else message)
        return NoReply(seen)


class Fsm(GenFsm[list[Any]]):
    """The same, as a machine of the older kind."""

    def init(self, seen: list[Any], seconds: float | None = None) -> Any:
        return "here", seen, seconds

    def here(self, event: Any, seen: list[Any]) -> Any:
        if isinstance(event, float):
            return NextState("here", seen, event)
        seen.append("timeout" if isinstance(event, gen_fsm.Timeout) else event)
        return NextState("here", seen)

    def handle_info(self, message: Any, name: str, seen: list[Any]) -> Any:
        seen.append(message)
        return NextState(name, seen)


class Statem(GenStatem[list[Any]]):
    """The same, as a machine of the newer kind: an event timeout."""

    def init(self, seen: list[Any], seconds: float | None = None) -> Any:
        return "here", seen, [event_timeout(seconds, None)] if seconds is not None else []

    def here(self, type_: Any, event: Any, seen: list[Any]) -> Any:
        if type_ == "cast":
            return Keep(actions=event_timeout(event, None))
        seen.append("timeout" if type_ == "timeout" else event)
        return Keep()


def _wait(kind: str, pid: Any, seconds: float) -> None:
    if kind == "gen_fsm":
        gen_fsm.send_event(pid, seconds)
    else:
        gen_server.cast(pid, seconds)


STARTS: dict[str, Callable[..., Any]] = {
    "gen_server": lambda *args: gen_server.start(Server, *args),
    "gen_fsm": lambda *args: gen_fsm.start(Fsm, *args),
    "gen_statem": lambda *args: gen_statem.start(Statem, *args),
}
every_kind = pytest.mark.parametrize("kind", STARTS)


async def _replace(pid: Any) -> None:
    await introspect.replace_state(pid, lambda state: state)


async def _debug(pid: Any) -> None:
    await introspect.install(pid, print_nothing)
    await introspect.remove(pid, print_nothing)


async def _suspended(pid: Any) -> None:
    await introspect.suspend(pid)
    await introspect.resume(pid)


def print_nothing(_way: str, _message: object, _state: object) -> None:
    """A debug function."""


SYSTEM: dict[str, Callable[[Any], Any]] = {
    "get_state": introspect.get_state,
    "get_status": introspect.get_status,
    "replace_state": _replace,
    "debug": _debug,
    "suspend and resume": _suspended,
}


@every_kind
@pytest.mark.parametrize("asks", SYSTEM)
def test_system_messages_put_a_timeout_off_but_do_not_end_it(kind: str, asks: str) -> None:
    """Polled without pause: one of them is in the mailbox whenever the time is up."""

    async def poll(pid: Any, end: float) -> None:
        while monotonic_time() < end:
            await SYSTEM[asks](pid)

    async def body() -> list[Any]:
        seen: list[Any] = []
        pid = await STARTS[kind](seen)
        _wait(kind, pid, SECONDS)
        pollers = 1 if asks in ("suspend and resume", "debug") else 10
        for _ in range(pollers):
            spawn(poll, pid, monotonic_time() + 3 * SECONDS)
        await until(lambda: seen)
        await sleep(2 * SECONDS)
        return seen

    assert run(body) == ["timeout"]


@every_kind
def test_a_message_that_came_while_it_was_suspended_ends_the_wait(kind: str) -> None:
    async def body() -> list[Any]:
        seen: list[Any] = []
        pid = await STARTS[kind](seen)
        _wait(kind, pid, SECONDS)
        await introspect.suspend(pid)
        send(pid, "hello")
        await sleep(3 * SECONDS)
        await introspect.resume(pid)
        await sleep(3 * SECONDS)
        return seen

    assert run(body) == ["hello"]


@every_kind
def test_a_suspended_process_has_no_timeout_before_it_is_resumed(kind: str) -> None:
    async def body() -> tuple[list[Any], list[Any]]:
        seen: list[Any] = []
        pid = await STARTS[kind](seen)
        _wait(kind, pid, SECONDS)
        await introspect.suspend(pid)
        await sleep(3 * SECONDS)
        before = list(seen)
        await introspect.resume(pid)
        await until(lambda: seen)
        return before, seen

    assert run(body) == ([], ["timeout"])


@every_kind
def test_a_timeout_of_zero_goes_before_what_is_sent_after_it(kind: str) -> None:
    async def body() -> list[Any]:
        seen: list[Any] = []
        pid = await STARTS[kind](seen, 0.0)
        send(pid, "hello")
        await until(lambda: len(seen) == 2)
        return seen

    assert run(body) == ["timeout", "hello"]


@every_kind
def test_a_message_sent_after_the_time_is_up_does_not_end_the_wait_though_the_loop_stood_still(kind: str) -> None:
    async def body() -> list[Any]:
        seen: list[Any] = []
        pid = await STARTS[kind](seen)
        _wait(kind, pid, SECONDS)
        await introspect.get_state(pid)
        end = monotonic_time() + 2 * SECONDS
        while monotonic_time() < end:
            pass
        send(pid, "late")
        await until(lambda: len(seen) == 2)
        return seen

    assert run(body) == ["timeout", "late"]


def test_a_fsm_that_cancels_a_timer_too_late_keeps_its_timeout() -> None:
    """The event that is taken out of the mailbox does not count as one that ends the wait."""

    class Cancels(Fsm):
        def here(self, event: Any, seen: list[Any]) -> Any:
            if event == "cancel":
                timer = gen_fsm.start_timer(0.001, "gone")
                end = monotonic_time() + 0.01
                while monotonic_time() < end:
                    pass
                TIMERS.expire(timer)
                assert gen_fsm.cancel_timer(timer) is None
                return NextState("here", seen, SECONDS)
            return super().here(event, seen)

    async def body() -> list[Any]:
        seen: list[Any] = []
        pid = await gen_fsm.start(Cancels, seen)
        assert pid is not None
        gen_fsm.send_event(pid, "cancel")
        await until(lambda: seen)
        return seen

    assert run(body) == ["timeout"]


def test_a_process_that_is_suspended_whole_has_its_timeout_when_it_is_resumed() -> None:
    """erlang:suspend_process: the time goes on, and what comes first is what came first."""

    async def body() -> list[Any]:
        seen: list[Any] = []
        pid = await gen_server.start(Server, seen)
        assert pid is not None
        gen_server.cast(pid, SECONDS)
        await introspect.get_state(pid)
        suspend_process(pid)
        await sleep(3 * SECONDS)
        send(pid, "hello")
        resume_process(pid)
        await until(lambda: len(seen) == 2)
        return seen

    assert run(body) == ["timeout", "hello"]
