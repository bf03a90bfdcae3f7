"""scripted_handlers — an event handler that does what the event says, and tells the test what happens to it."""

from __future__ import annotations

from typing import Any

from otp.erts.pid import Pid
from otp.erts.process import send
from otp.stdlib import gen_event
from otp.stdlib.gen_event import EventHandler, Ok, Refuse, Reply


class Teller(EventHandler[Any]):
    """State: (watcher, a mark). An event that is a function is called with the state and answers for the handler."""

    def init(self, watcher: Pid, mark: Any = None, *left: Any) -> Any:
        if isinstance(mark, Exception):
            raise mark
        if isinstance(mark, Refuse | Ok):
            return mark
        send(watcher, ("init", mark, *left))
        return watcher, mark

    def handle_event(self, event: Any, state: Any) -> Any:
        if callable(event):
            return event(state)
        send(state[0], ("event", state[1], event))
        return Ok(state)

    def handle_call(self, request: Any, state: Any) -> Any:
        return request(state) if callable(request) else Reply((state[1], request), state)

    def handle_info(self, message: Any, state: Any) -> Any:
        if callable(message):
            return message(state)
        send(state[0], ("info", state[1], message))
        return Ok(state)

    def terminate(self, why: object, state: Any) -> Any:
        send(state[0], ("terminate", state[1], why))
        return "done"

    def format_status(self, state: Any) -> Any:
        return "hidden"


class Other(Teller):
    """Another of the kind."""


class Bare(EventHandler[int]):
    """Defines init and nothing else."""

    def init(self) -> int:
        return 0


def raising(exc: Exception) -> Any:
    """An event that makes the handler crash."""

    def event(_state: Any) -> Any:
        raise exc

    return event


def answering(result: Any) -> Any:
    """An event that makes the handler answer `result`."""
    return lambda _state: result


async def manager(*handlers: Any, **options: Any) -> Pid:
    """A manager with these handlers."""
    pid = await gen_event.start(**options)
    for handler in handlers:
        await gen_event.add_handler(pid, *handler)
    return pid
