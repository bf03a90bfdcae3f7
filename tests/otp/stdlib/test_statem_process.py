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
    Next,
    Reply,
    state_timeout,
)
from tests.support.machines import Lamp
from tests.support.node import run


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
