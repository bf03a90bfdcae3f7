"""test_statem_process — the machine's inside: order of callback modules and enter calls, what a time-out shows."""

from __future__ import annotations

from typing import Any

from otp.stdlib import gen_statem, introspect
from otp.stdlib.gen_statem import (
    HANDLE_EVENT_FUNCTION,
    STATE_ENTER,
    ChangeModule,
    GenStatem,
    Keep,
    Named,
    Next,
    Postpone,
    Reply,
    UpdateTimeout,
    state_timeout,
    timeout,
)
from tests.support.node import run
from tests.support.scripted_statem import Lamp


class Entered(GenStatem[list[Any]]):
    """Writes down its enter calls."""

    def init(self, *args: Any) -> Any:
        raise AssertionError("it takes over, it does not begin")

    def callback_mode(self) -> Any:
        return HANDLE_EVENT_FUNCTION, STATE_ENTER

    def handle_event(self, type_: Any, event: Any, state: Any, data: list[Any]) -> Any:
        if type_ == "enter":
            return Keep([*data, (state, event)])
        return Keep(actions=Reply(type_.from_, data))


def test_the_module_that_takes_over_gets_the_enter_call() -> None:
    async def body() -> None:
        pid: Any = await gen_statem.start(Lamp)
        gen_statem.cast(pid, lambda *_: Next("on", actions=ChangeModule(Entered)))
        assert await gen_statem.call(pid, "data") == [("on", "off")]

    run(body)


def test_a_state_timeout_survives_a_change_of_module() -> None:
    async def body() -> None:
        pid: Any = await gen_statem.start(Lamp)
        seen: list[object] = []

        def due(type_: Any, state: Any, data: Any) -> Any:
            seen.append((type_, state))
            return Keep()

        gen_statem.cast(pid, lambda *_: Keep(actions=[state_timeout(0, due), ChangeModule(Lamp)]))
        await introspect.get_state(pid)
        assert seen == [("state_timeout", "off")]

    run(body)


async def _seen(*actions: Any) -> list[Any]:
    """What comes of a transition with these actions, then a change of state, on a machine that notes it."""
    pid: Any = await gen_statem.start(Lamp)
    gen_statem.cast(pid, lambda *_: Keep(actions=list(actions)))
    gen_statem.cast(pid, "switch")
    _state, seen = await introspect.get_state(pid)
    return list(seen)


def test_several_actions_for_one_timeout_are_one_and_the_last() -> None:
    """As a real node does: the last is meant, in its place among the others."""

    async def body() -> None:
        set_, update = timeout("n", 0, "set"), UpdateTimeout(Named("n"), "update")
        assert await _seen(set_, state_timeout(0, "st"), update) == [
            ("off", "state_timeout", "st"),
            ("off", Named("n"), "update"),
        ]
        assert await _seen(timeout("n", 30, "late"), update) == [("off", Named("n"), "update")]
        assert await _seen(set_, timeout("n", None)) == []

    run(body)


def test_postponing_twice_is_once() -> None:
    async def body() -> None:
        pid: Any = await gen_statem.start(Lamp)
        calls: list[str] = []

        def later(type_: Any, state: str, data: Any) -> Any:
            calls.append(state)
            return Keep(actions=[Postpone(), Postpone()] if state == "off" else ())

        gen_statem.cast(pid, later)
        gen_statem.cast(pid, "switch")
        await introspect.get_state(pid)
        assert calls == ["off", "on"]

    run(body)
