"""gen_fsm — a state machine with one method per state. The older API, which c2s uses.

OTP:      gen_fsm.erl (gen_statem is its successor). Each behaviour of stdlib stands on proc_lib by itself
Differs:  the method for synchronous events of state `idle` is `idle_sync`; times are seconds; a timed event reaches
          the state as Timeout() (event timeout) or Timeout(message) (start_timer)

    your module (a GenFsm)                         the generic machine            clients
    init(*args)           <----------------------  start_link                     await start_link(Module, ...)
      (state, data[, timeout])  --------------->
    idle(event, data)     <----------------------  an event for the state  <----  send_event(pid, event)
      NextState(state, data, timeout)  -------->
    idle_sync(event, from_, data)  <-------------  the same, answered      <----  await sync_send_event(pid, event)
      ReplyNext(value, state, data)  ---------->                           ---->  value
    handle_event, handle_sync_event  <-----------  whatever the state      <----  send_all_state_event, sync_…
    handle_info           <----------------------  any other message       <----  process.send(pid, message)
    terminate             <----------------------  Stop, a crash, stop(), the parent's exit (if it traps exits)

An event timeout is cancelled when any message arrives first.

>>> from otp.stdlib.gen_fsm import GenFsm, NextState, ReplyNext, send_event, start_link, sync_send_event
>>> from otp.erts import runtime
>>> class Door(GenFsm[int]):
...     def init(self):
...         return "closed", 0
...     def closed(self, event, opened):
...         return NextState("open", opened + 1)
...     def open_sync(self, event, from_, opened):
...         return ReplyNext(opened, "closed", opened)
>>> async def main():
...     door = await start_link(Door)
...     send_event(door, "push")
...     return await sync_send_event(door, "how often?")
>>> runtime.run(main)
1
"""

from __future__ import annotations

import logging
from collections.abc import Coroutine, Hashable
from dataclasses import dataclass
from types import CoroutineType
from typing import Any, Final, Generic, Literal, NoReturn, TypeVar, Unpack

from otp.erts import exits
from otp.erts.exits import ProcessExit, StartError
from otp.erts.links import deliver
from otp.erts.pid import Pid
from otp.erts.process import Dest, resolve
from otp.erts.registry import Name
from otp.erts.scheduler import THIS
from otp.erts.signals import Timeout
from otp.erts.timer import TIMERS, TimerRef
from otp.stdlib import behaviour, gen
from otp.stdlib.behaviour import Behaviour, StartOptions
from otp.stdlib.callback import BAD, BadReturn, bad_return, callbacks
from otp.stdlib.child_spec import ChildSpec, Restart, Shutdown, spec_of
from otp.stdlib.gen import CALL_TIMEOUT, IGNORE, From, Throw, reply, stop
from otp.stdlib.gen_server import Stop, StopInit
from otp.stdlib.status import Formats

__all__ = [
    "IGNORE",
    "From",
    "GenFsm",
    "NextState",
    "ReplyNext",
    "Stop",
    "StopInit",
    "Throw",
    "Timeout",
    "cancel_timer",
    "enter_loop",
    "reply",
    "send_all_state_event",
    "send_event",
    "send_event_after",
    "spec",
    "start",
    "start_link",
    "start_timer",
    "stop",
    "sync_send_all_state_event",
    "sync_send_event",
]

D = TypeVar("D")
log = logging.getLogger("otp.gen_fsm")
_ABSENT: Final[Any] = gen.ABSENT

#: seconds until Timeout(), "hibernate" to sleep until the next event, None for neither
EventTimeout = float | Literal["hibernate"] | None


@dataclass(slots=True)
class NextState(Generic[D]):
    """{next_state, Name, Data, Timeout}: on to a state (or the same); an event timeout in seconds."""

    name: str
    data: D
    timeout: EventTimeout = None


@dataclass(slots=True)
class ReplyNext(Generic[D]):
    """{reply, Value, Name, Data, Timeout}: answer a synchronous event and go on to a state."""

    value: object
    name: str
    data: D
    timeout: EventTimeout = None


class GenFsm(Formats, Generic[D]):
    """The callback class: `init`, a method per state, and what holds in all states. It holds no attributes.

    State methods return NextState or Stop(reason, data); the synchronous ones also ReplyNext, or Stop with a reply;
    who is not answered at once may be later, with reply(from_, value). Any of them may be `async def`.
    """

    def init(self, *args: Any) -> Any:
        """Return (state name, data) or (state name, data, timeout), StopInit(reason), IGNORE. Required."""
        raise NotImplementedError(f"{type(self).__qualname__} has no init")

    def handle_event(self, event: Any, name: str, data: D) -> Any:
        """An event sent to whatever state it is in."""
        raise ProcessExit(("undef", "handle_event", event))

    def handle_sync_event(self, event: Any, from_: From, name: str, data: D) -> Any:
        """The same, to be answered."""
        raise ProcessExit(("undef", "handle_sync_event", event))

    def handle_info(self, message: Any, name: str, data: D) -> Any:
        """Any other message. Without this method it is logged and dropped."""
        log.warning("%s got an unexpected message in %s: %.200r", type(self).__qualname__, name, message)
        return NextState(name, data)

    def terminate(self, reason: object, name: str, data: D) -> Any:
        """Clean up. Never runs on `kill`, nor on the parent's exit unless the process traps exits."""

    def code_change(self, old_vsn: object, state: tuple[str, D], extra: object) -> tuple[str, D]:
        """Make (name, data) of this version from those of another."""
        return state


class Event:
    """What send_event puts into a mailbox ('$gen_event')."""

    __slots__ = ("event",)

    def __init__(self, event: Any) -> None:
        self.event = event

    def __repr__(self) -> str:
        return f"{type(self).__name__.lstrip('_')}({self.event!r})"


class AllEvent(Event):
    """What send_all_state_event puts there ('$gen_all_state_event')."""

    __slots__ = ()


class SyncEvent(Event):
    """An event that waits for an answer ('$gen_sync_event')."""

    __slots__ = ("from_",)

    def __init__(self, from_: From, event: Any) -> None:
        self.from_, self.event = from_, event


class SyncAllEvent(SyncEvent):
    """The same, for whatever state ('$gen_sync_all_state_event')."""

    __slots__ = ()


class _Timed(Event):
    """What a timer brought."""

    __slots__ = ("timer",)

    timer: TimerRef


class GenFsmProcess(Behaviour):
    """The generic half. `state` is the data; the state's name stands beside it."""

    kind = "gen_fsm"
    state_name = ""
    timeout_message = Event(Timeout())

    def accept_init(self, result: Any) -> None:
        """(name, data), (name, data, timeout) or StopInit."""
        if type(result) is StopInit:
            raise StartError(result.reason)
        if not isinstance(result, tuple) or not 2 <= len(result) <= 3 or not isinstance(result[0], str):
            due = "(state name, data), (state name, data, timeout), StopInit(reason) or IGNORE"
            raise bad_return(self.module, "init", None, result, due, BAD)
        self.state_name, self.state = result[:2]
        if len(result) == 3:
            self._start_timeout(result[2])

    def view_state(self) -> tuple[str, Any]:
        """(state name, data)."""
        return self.state_name, self.state

    def replace_state(self, fn: Any) -> tuple[str, Any]:
        """Set (state name, data) to fn of them."""
        self.state_name, self.state = fn(self.view_state())
        return self.view_state()

    def receive_message(self, message: Any) -> Coroutine[Any, Any, Any] | None:
        """Dispatch an event to the state, another message to handle_info."""
        cls = type(message)
        if self._timer is not None:
            self.stop_waiting()
        if cls is Event:
            result = getattr(self.module, self.state_name)(message.event, self.state)
        elif cls is SyncEvent:
            return self._result(self._sync(message), message.from_, message)
        else:
            return self._receive_other(cls, message)
        if type(result) is NextState and result.timeout is None:
            self.state_name, self.state = result.name, result.data
            return None
        return self._result(result, None, message)

    def take_return(self, result: Any, message: Any) -> Coroutine[Any, Any, Any] | None:
        """A thrown result."""
        return self._result(result, getattr(message, "from_", None), message)

    def _receive_other(self, cls: type, message: Any) -> Coroutine[Any, Any, Any] | None:
        module = self.module
        if cls is AllEvent:
            return self._result(module.handle_event(message.event, self.state_name, self.state), None, message)
        if cls is SyncAllEvent:
            from_ = message.from_
            answer = module.handle_sync_event(message.event, from_, self.state_name, self.state)
            return self._result(answer, from_, message)
        if cls is _Timed:
            return self._result(getattr(module, self.state_name)(message.event, self.state), None, message)
        if cls is gen.Call:  # from a pykka.ActorRef's ask, or a client that speaks gen_server
            return self._receive_other(SyncAllEvent, SyncAllEvent(message.from_, message.request))
        if cls is gen.Cast:
            return self._receive_other(AllEvent, AllEvent(message.request))
        return self._result(module.handle_info(message, self.state_name, self.state), None, message)

    def _sync(self, message: SyncEvent) -> Any:
        method = getattr(self.module, f"{self.state_name}_sync", None)
        if method is None:
            raise ProcessExit(("undef", f"{self.state_name}_sync", message.event))
        return method(message.event, message.from_, self.state)

    def _result(self, result: Any, from_: From | None, message: Any) -> Coroutine[Any, Any, Any] | None:
        cls = type(result)
        if cls is NextState or (cls is ReplyNext and from_ is not None):
            self.state_name, self.state = result.name, result.data
            if cls is ReplyNext:
                gen.reply(from_, result.value)  # type: ignore[arg-type]
            self._start_timeout(result.timeout)
            return None
        if isinstance(result, CoroutineType):
            return self._finish(result, from_, message)
        if cls is Stop and (result.reply is _ABSENT or from_ is not None):
            self.state = result.state
            if not exits.is_clean(result.reason):
                self.report_crash(result.reason)
            if result.reply is _ABSENT or from_ is None:
                return self.end(result.reason)
            return self.end(result.reason, lambda: gen.reply(from_, result.reply))
        raise _wrong(self, message, from_, result)

    async def _finish(self, code: Any, from_: From | None, message: Any) -> None:
        after = self._result(await code, from_, message)
        if after is not None:
            await after

    def _start_timeout(self, timeout: EventTimeout) -> None:
        if timeout == "hibernate":
            self.hibernate()
        elif timeout is not None:
            self.wait(timeout)

    def call_terminate(self, reason: object) -> Any:
        """The callback's terminate."""
        return self.module.terminate(reason, self.state_name, self.state)


def _wrong(fsm: GenFsmProcess, message: Any, from_: From | None, result: Any) -> BadReturn:
    """The error for a callback that returned none of its results."""
    names = {AllEvent: "handle_event", SyncAllEvent: "handle_sync_event", SyncEvent: f"{fsm.state_name}_sync"}
    is_event = type(message) in (Event, _Timed)
    callback = fsm.state_name if is_event else names.get(type(message), "handle_info")
    due = "NextState(name, data) or Stop(reason, data)"
    if from_ is not None:
        due = f"ReplyNext(value, name, data), {due}"
    elif type(result) is ReplyNext:
        due += "; nobody waits for an answer here"
    return bad_return(fsm.module, callback, getattr(message, "event", message), result, due, BAD)


def spec(
    module: type[GenFsm[Any]],
    *args: Any,
    id: Hashable = None,
    name: Name | None = None,
    restart: Restart = Restart.PERMANENT,
    shutdown: Shutdown | None = None,
) -> ChildSpec:
    """The spec of a machine as child of a supervisor; its id is `id`, else `name`, else the class's name."""
    return spec_of(start_link, module, args, id, name, restart, shutdown)


async def start_link(module: type[GenFsm[Any]], *args: Any, **options: Unpack[StartOptions]) -> Pid:
    """Start a machine linked to the caller and wait for its init; see behaviour.start for results and errors."""
    return await behaviour.start(lambda: GenFsmProcess(callbacks(module, GenFsm)), args, options, link=True)


async def start(module: type[GenFsm[Any]], *args: Any, **options: Unpack[StartOptions]) -> Pid:
    """start_link without the link."""
    return await behaviour.start(lambda: GenFsmProcess(callbacks(module, GenFsm)), args, options)


def enter_loop(
    module: type[GenFsm[D]],
    state_name: str,
    data: D,
    *,
    name: Name | None = None,
    timeout: EventTimeout = None,
    hibernate_after: float | None = None,
) -> NoReturn:
    """The running process, started by proc_lib, becomes a machine in this state; `name` is one it has already.

    Never returns: the code that calls it is dropped. Raises: ProcessExit if the process cannot become one.
    """
    behaviour.enter_loop(GenFsmProcess, callbacks(module, GenFsm), name, hibernate_after, (state_name, data, timeout))


def send_event(dest: Dest, event: object) -> None:
    """Send an event to the method of the present state; never fails, not even to a dead process."""
    pid = resolve(dest)
    if pid is not None:
        THIS.call_on_loop(deliver, pid, Event(event))


def send_all_state_event(dest: Dest, event: object) -> None:
    """Send an event to handle_event, whatever the state."""
    pid = resolve(dest)
    if pid is not None:
        THIS.call_on_loop(deliver, pid, AllEvent(event))


async def sync_send_event(dest: Dest, event: object, timeout: float | None = CALL_TIMEOUT) -> Any:
    """Send an event to `<state>_sync` and wait for the answer, `timeout` seconds. Raises CallError."""
    return await gen.ask(dest, SyncEvent, event, timeout)


async def sync_send_all_state_event(dest: Dest, event: object, timeout: float | None = CALL_TIMEOUT) -> Any:
    """Send an event to handle_sync_event and wait for the answer, `timeout` seconds. Raises CallError."""
    return await gen.ask(dest, SyncAllEvent, event, timeout)


def _after(seconds: float, event: object) -> TimerRef:
    timed = _Timed(event)
    process = THIS.running
    if process is None:
        raise exits.NotAProcess("timers belong to the machine that starts them")
    timed.timer = TIMERS.after(seconds, process.deliver, timed)
    return timed.timer


def start_timer(seconds: float, message: object) -> TimerRef:
    """Within the machine: Timeout(message) as an event of the state it is in then. Outlives other events."""
    return _after(seconds, Timeout(message))


def send_event_after(seconds: float, event: object) -> TimerRef:
    """Within the machine: `event` itself, later."""
    return _after(seconds, event)


def cancel_timer(timer: TimerRef) -> float | None:
    """Seconds that were left, or None. Either way the event will not come, even if it is in the mailbox already."""
    left = TIMERS.cancel(timer)
    queue = THIS.running._queue if left is None and THIS.running is not None else None
    for i, message in enumerate(queue or ()):
        if type(message) is _Timed and message.timer is timer:
            del queue[i]  # type: ignore[union-attr]  # None has no items to come here by
            break
    return left
