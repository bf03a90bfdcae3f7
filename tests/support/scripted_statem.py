"""scripted_statem — one gen_statem in both callback modes: a lamp that does what the test tells it.

States "off" and "on", data a list of what was seen. A call or cast that is a function decides for itself.
"""

from __future__ import annotations

from typing import Any

from otp.erts import process
from otp.erts.process import self_
from otp.stdlib import gen_statem
from otp.stdlib.gen_statem import HANDLE_EVENT_FUNCTION, Called, GenStatem, Keep, Next, Reply, Stop


class Lamp(GenStatem[list[Any]]):
    """By state functions."""

    def init(self, *args: Any) -> Any:
        if args and args[0] == "slow":
            return self.slowly(args[1])
        if args and isinstance(args[0], Exception):
            raise args[0]
        return args[0] if args else ("off", [])

    async def slowly(self, seconds: float) -> Any:
        await process.sleep(seconds)
        return "off", []

    def off(self, type_: Any, event: Any, seen: list[Any]) -> Any:
        return self.event("off", type_, event, seen)

    def on(self, type_: Any, event: Any, seen: list[Any]) -> Any:
        return self.event("on", type_, event, seen)

    def event(self, state: str, type_: Any, event: Any, seen: list[Any]) -> Any:
        """What both modes do."""
        if callable(event):
            return event(type_, state, seen)
        match type_, event:
            case Called(from_), "state":
                return Keep(actions=Reply(from_, state))
            case Called(from_), ("later", seconds):
                process.send_after(seconds, self_(), ("answer", from_))
                return Keep()
            case Called(from_), ("stop", reason):
                return Stop(reason, seen, [Reply(from_, "stopped")])
            case "info", ("answer", from_):
                return Keep(actions=Reply(from_, "delayed"))
            case Called(from_), "switch":
                return Next("on" if state == "off" else "off", seen, Reply(from_, "switched"))
            case "cast", "switch":
                return Next("on" if state == "off" else "off", seen)
        return Keep([*seen, (state, type_, event)])

    def terminate(self, reason: object, state: Any, seen: list[Any]) -> None:
        if seen and isinstance(seen[0], type(self_())):
            process.send(seen[0], ("terminated", reason, state))


class LampByHandler(Lamp):
    """By one handle_event."""

    def callback_mode(self) -> Any:
        return HANDLE_EVENT_FUNCTION

    def handle_event(self, type_: Any, event: Any, state: Any, seen: list[Any]) -> Any:
        return self.event(state, type_, event, seen)


class Plain(GenStatem[None]):
    """Defines init and one state."""

    def init(self, *args: Any) -> Any:
        return "only", None

    def only(self, type_: Any, event: Any, data: None) -> Any:
        return Keep()


BOTH = [Lamp, LampByHandler]


async def works(machine: Any) -> None:
    """It can be switched and asked, by pid or by name."""
    before = await gen_statem.call(machine, "state")
    assert await gen_statem.call(machine, "switch", 5.0) == "switched"
    assert await gen_statem.call(machine, "state") != before
    gen_statem.cast(machine, "switch")
    assert await gen_statem.call(machine, "state") == before
    assert await gen_statem.call(machine, ("later", 0.001)) == "delayed"
