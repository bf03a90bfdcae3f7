"""scripted_fsm — a gen_fsm that does what the test tells it: a door, "closed" or "open".

An event that is a function decides for itself; synchronous ones also get the From.
"""

from __future__ import annotations

from typing import Any

from otp.erts import process
from otp.erts.process import self_
from otp.stdlib import gen_fsm
from otp.stdlib.gen_fsm import GenFsm, NextState, ReplyNext, Stop


class ScriptedFsm(GenFsm[list[Any]]):
    """Its data is the list of what it saw."""

    def init(self, *args: Any) -> Any:
        if args and args[0] == "slow":
            return self.slowly(args[1])
        if args and isinstance(args[0], Exception):
            raise args[0]
        return args[0] if args else ("closed", [])

    async def slowly(self, seconds: float) -> Any:
        await process.sleep(seconds)
        return "closed", []

    def closed(self, event: Any, seen: list[Any]) -> Any:
        return self.event(event, "closed", seen)

    def open(self, event: Any, seen: list[Any]) -> Any:
        return self.event(event, "open", seen)

    def event(self, event: Any, name: str, seen: list[Any]) -> Any:
        if callable(event):
            return event(name, seen)
        if event == "push":
            return NextState("open" if name == "closed" else "closed", seen)
        return NextState(name, [*seen, event])

    def closed_sync(self, event: Any, from_: Any, seen: list[Any]) -> Any:
        return self.asked(event, from_, "closed", seen)

    def open_sync(self, event: Any, from_: Any, seen: list[Any]) -> Any:
        return self.asked(event, from_, "open", seen)

    def asked(self, event: Any, from_: Any, name: str, seen: list[Any]) -> Any:
        match event:
            case "push":
                return ReplyNext("pushed", "open" if name == "closed" else "closed", seen)
            case ("later", seconds):
                process.send_after(seconds, self_(), ("answer", from_))
                return NextState(name, seen)
            case ("stop", reason):
                return Stop(reason, seen, reply="stopped")
            case _ if callable(event):
                return event(name, seen)
        return ReplyNext(name, name, seen)

    def handle_event(self, event: Any, name: str, seen: list[Any]) -> Any:
        return self.event(event, name, seen)

    def handle_sync_event(self, event: Any, from_: Any, name: str, seen: list[Any]) -> Any:
        return self.asked(event, from_, name, seen)

    def handle_info(self, message: Any, name: str, seen: list[Any]) -> Any:
        match message:
            case ("answer", from_):
                gen_fsm.reply(from_, "delayed")
                return NextState(name, seen)
        return self.event(message, name, seen)

    def terminate(self, reason: object, name: str, seen: list[Any]) -> None:
        if seen and isinstance(seen[0], type(self_())):
            process.send(seen[0], ("terminated", reason, name))


class Bare(GenFsm[None]):
    """Defines init and one state."""

    def init(self, *args: Any) -> Any:
        return "only", None

    def only(self, event: Any, data: None) -> Any:
        return NextState("only", data)


async def works(fsm: Any) -> None:
    """It can be pushed and asked, by pid or by name, in all four ways."""
    before = await gen_fsm.sync_send_event(fsm, "state")
    assert await gen_fsm.sync_send_event(fsm, "push") == "pushed"
    assert await gen_fsm.sync_send_all_state_event(fsm, "state") != before
    gen_fsm.send_event(fsm, "push")
    gen_fsm.send_all_state_event(fsm, "push")
    gen_fsm.send_event(fsm, "push")
    assert await gen_fsm.sync_send_event(fsm, "state") == before
    assert await gen_fsm.sync_send_event(fsm, ("later", 0.001)) == "delayed"
