"""gen_statem — a state machine that may postpone events, insert its own, and time its states.

OTP:      gen_statem.erl
Differs:  an event type is a word, Called(from_) or Named(name); cancelling a time-out is setting it to None
Way:      transitions (values) → [gen_statem] → statem_process (the machine)

    your module (a GenStatem)                          the machine                 clients
    init(*args)                <---------------------  start_link                  await start_link(Module, …)
      (state, data[, actions])  ------------------->
    idle(type, event, data)    <---------------------  Called(from_)        <----  await call(pid, request)
      Next("busy", data, [Reply(from_, 1)])  ------->                       ---->  1
    busy("cast", event, data)  <---------------------  "cast"               <----  cast(pid, event)
      Keep(actions=Postpone())  ------------------->   waits for a change of state
    handle_event(type, event, state, data)             instead, if callback_mode is handle_event_function
    terminate(reason, state, data)  <----------------  Stop, a crash, stop(), the parent's exit (if it traps)

The order: inserted events, then postponed ones (after a change of state), then time-outs of zero, then the mailbox.

>>> from otp.stdlib.gen_statem import GenStatem, Keep, Next, Postpone, Reply, call, cast, start_link
>>> from otp.erts import runtime
>>> class Button(GenStatem[int]):
...     def init(self):
...         return "off", 0
...     def off(self, type, event, pushed):
...         return Next("on", pushed + 1) if event == "push" else Keep(actions=Postpone())
...     def on(self, type, event, pushed):
...         return Next("off", pushed) if event == "push" else Keep(actions=Reply(type.from_, pushed))
>>> async def main():
...     button = await start_link(Button)
...     for _ in range(3):
...         cast(button, "push")
...     return await call(button, "how often?")
>>> runtime.run(main)
2
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Generic, NoReturn, TypeVar, Unpack

from otp.erts.current import Dest
from otp.erts.exits import ProcessExit
from otp.erts.pid import Pid, Ref
from otp.erts.registry import Name
from otp.stdlib import behaviour, gen
from otp.stdlib.behaviour import StartOptions
from otp.stdlib.callback import callbacks
from otp.stdlib.child_spec import ChildSpec, Restart, Shutdown, spec_of
from otp.stdlib.gen import IGNORE, From, Throw, cast, reply, stop
from otp.stdlib.gen_server import StopInit
from otp.stdlib.requests import check_response, receive_response, send_request, wait_response
from otp.stdlib.statem_process import GenStatemProcess
from otp.stdlib.status import Formats
from otp.stdlib.transitions import (
    HANDLE_EVENT_FUNCTION,
    STATE_ENTER,
    STATE_FUNCTIONS,
    Actions,
    Called,
    ChangeModule,
    EventType,
    Hibernate,
    Keep,
    Named,
    Next,
    NextEvent,
    PopModule,
    Postpone,
    PushModule,
    Repeat,
    Reply,
    State,
    Stop,
    UpdateTimeout,
    event_timeout,
    state_timeout,
    timeout,
)

__all__ = [
    "HANDLE_EVENT_FUNCTION",
    "IGNORE",
    "STATE_ENTER",
    "STATE_FUNCTIONS",
    "Called",
    "ChangeModule",
    "From",
    "GenStatem",
    "Hibernate",
    "Keep",
    "Named",
    "Next",
    "NextEvent",
    "PopModule",
    "Postpone",
    "PushModule",
    "Repeat",
    "Reply",
    "Stop",
    "StopInit",
    "Throw",
    "UpdateTimeout",
    "call",
    "cast",
    "check_response",
    "enter_loop",
    "event_timeout",
    "receive_response",
    "reply",
    "send_request",
    "spec",
    "start",
    "start_link",
    "start_monitor",
    "state_timeout",
    "stop",
    "timeout",
    "wait_response",
]

D = TypeVar("D")


class GenStatem(Formats, Generic[D]):
    """The callback class: `init`, and a method per state or handle_event. It holds no attributes.

    With state enter calls, a state is first called with ("enter", the state before); it may then act, but neither
    change the state, postpone nor insert events.
    """

    def callback_mode(self) -> str | tuple[str, ...]:
        """STATE_FUNCTIONS (state names are method names) or HANDLE_EVENT_FUNCTION, perhaps with STATE_ENTER."""
        return STATE_FUNCTIONS

    def init(self, *args: Any) -> Any:
        """Return (state, data) or (state, data, actions), StopInit(reason), IGNORE. Required."""
        raise NotImplementedError(f"{type(self).__qualname__} has no init")

    def handle_event(self, type_: EventType, event: Any, state: State, data: D) -> Any:
        """All events of all states, in that mode: Next, Keep, Repeat or Stop."""
        raise ProcessExit(("undef", "handle_event", event))

    def terminate(self, reason: object, state: State, data: D) -> Any:
        """Clean up. Never runs on `kill`, nor on the parent's exit unless the process traps exits."""

    def code_change(self, old_vsn: object, state: tuple[State, D], extra: object) -> tuple[State, D]:
        """Make (state, data) of this version from those of another."""
        return state


def spec(
    module: type[GenStatem[Any]],
    *args: Any,
    id: Hashable = None,
    name: Name | None = None,
    restart: Restart = Restart.PERMANENT,
    shutdown: Shutdown | None = None,
) -> ChildSpec:
    """The spec of a machine as child of a supervisor; its id is `id`, else `name`, else the class's name."""
    return spec_of(start_link, module, args, id, name, restart, shutdown)


async def start_link(module: type[GenStatem[Any]], *args: Any, **options: Unpack[StartOptions]) -> Pid:
    """Start a machine linked to the caller and wait for its init; see behaviour.start for results and errors."""
    return await behaviour.start(lambda: GenStatemProcess(callbacks(module, GenStatem)), args, options, link=True)


async def start(module: type[GenStatem[Any]], *args: Any, **options: Unpack[StartOptions]) -> Pid:
    """start_link without the link."""
    return await behaviour.start(lambda: GenStatemProcess(callbacks(module, GenStatem)), args, options)


async def start_monitor(module: type[GenStatem[Any]], *args: Any, **options: Unpack[StartOptions]) -> tuple[Pid, Ref]:
    """start, with a monitor of the machine."""
    return await behaviour.start_monitor(lambda: GenStatemProcess(callbacks(module, GenStatem)), args, options)


def enter_loop(
    module: type[GenStatem[D]],
    state: State,
    data: D,
    actions: Actions = (),
    *,
    name: Name | None = None,
    hibernate_after: float | None = None,
) -> NoReturn:
    """The running process, started by proc_lib, becomes a machine in this state; `name` is one it has already.

    Never returns: the code that calls it is dropped. Raises: ProcessExit if the process cannot become one.
    """
    behaviour.enter_loop(GenStatemProcess, callbacks(module, GenStatem), name, hibernate_after, (state, data, actions))


async def call(dest: Dest, request: object, timeout: float | None = None) -> Any:
    """Ask and wait for the Reply; seconds, by default for ever. Raises CallError."""
    return await gen.call(dest, request, timeout)
