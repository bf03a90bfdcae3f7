"""gen_event — one process, many handlers: each event goes to all of them; one that crashes is removed, the others stay.

OTP:      gen_event.erl
Differs:  a handler is known as its class or (class, id); what it is told at its end is a value of `terminate`'s first
          argument; refusals are raised as HandlerError. A callback may be `async def`: the next event waits.
          A manager serves its own node: handlers are classes, and those do not cross
Way:      add_handler, notify, call … → [gen_event] → event_manager (the process) → the handlers

    your handler (an EventHandler)      the manager                          clients
    init(*args)          <-----------   add_handler     <-----------------   await add_handler(mgr, Handler, …)
    handle_event         <-----------   to each handler <-----------------   notify(mgr, event)
                                        when all are done ---------------->  await sync_notify(mgr, event)
    handle_call          <-----------   to one handler  <-----------------   await call(mgr, Handler, request)
      Reply(v, s)        ----------->                   ----------------->   v
    handle_info          <-----------   anything else   <-----------------   process.send(mgr, message)
    terminate(why, s)    <-----------   delete, swap, a crash, the manager's end
                                        GenEventExit(handler, reason) ---->  who used add_sup_handler

>>> from otp.stdlib.gen_event import EventHandler, Ok, Reply, add_handler, call, notify, start_link, sync_notify
>>> from otp.erts import runtime
>>> class Counter(EventHandler[int]):
...     def init(self, start):
...         return start
...     def handle_event(self, event, n):
...         return Ok(n + 1)
...     def handle_call(self, request, n):
...         return Reply(n, n)
>>> class Printer(EventHandler[None]):
...     def init(self):
...         return None
...     def handle_event(self, event, state):
...         print("heard of", event + "!")
...         return Ok(state)
>>> async def main():
...     manager = await start_link()
...     await add_handler(manager, Counter, 0)
...     await add_handler(manager, Printer)
...     notify(manager, "rain")
...     notify(manager, 0)                     # Printer cannot add "!" to a number: it crashes, and is removed
...     await sync_notify(manager, "sun")
...     return await call(manager, Counter, "how many?")
>>> runtime.run(main)
heard of rain!
3
"""

from __future__ import annotations

import logging
from collections.abc import Hashable
from typing import Any, Generic, TypeVar, Unpack

from otp.erts import exits
from otp.erts.links import deliver
from otp.erts.pid import Pid, Ref
from otp.erts.process import Dest, resolve, self_
from otp.erts.registry import Name
from otp.erts.scheduler import THIS
from otp.stdlib import behaviour, gen, requests
from otp.stdlib.behaviour import StartOptions
from otp.stdlib.child_spec import ChildSpec, Restart, Shutdown, spec_of
from otp.stdlib.event_manager import (
    AddHandler,
    CallHandler,
    DeleteHandler,
    EventManager,
    GenEventExit,
    Handler,
    HandlerError,
    HandlerRefused,
    Notify,
    Ok,
    Refuse,
    Remove,
    Reply,
    Swap,
    SwapOut,
    SyncNotify,
    Which,
)
from otp.stdlib.gen import CALL_TIMEOUT, Throw, stop
from otp.stdlib.requests import RequestId, check_response, receive_response, wait_response
from otp.stdlib.status import Formats

__all__ = [
    "EventHandler",
    "GenEventExit",
    "HandlerError",
    "Ok",
    "Refuse",
    "Remove",
    "Reply",
    "Swap",
    "Throw",
    "add_handler",
    "add_sup_handler",
    "call",
    "check_response",
    "delete_handler",
    "notify",
    "receive_response",
    "send_request",
    "spec",
    "start",
    "start_link",
    "start_monitor",
    "stop",
    "swap_handler",
    "swap_sup_handler",
    "sync_notify",
    "wait_response",
    "which_handlers",
]

S = TypeVar("S")
Manager = Dest
log = logging.getLogger("otp.gen_event")


class EventHandler(Formats, Generic[S]):
    """The callback class of one handler. It holds no attributes: its state goes in and comes out."""

    def init(self, *args: Any) -> Any:
        """Make the state. Returns it, or Ok(state, hibernate=True), or Refuse(reason). Required.

        A handler that takes the place of another gets one more argument: what the other's terminate returned.
        """
        raise NotImplementedError(f"{type(self).__qualname__} has no init")

    def handle_event(self, event: Any, state: S) -> Any:
        """An event: Ok(state), Remove(), or Swap(…)."""
        raise exits.ProcessExit(("undef", "handle_event", event))

    def handle_call(self, request: Any, state: S) -> Any:
        """A question to this handler: Reply(value, state), Remove(value), or Swap(…, reply=value)."""
        raise exits.ProcessExit(("undef", "handle_call", request))

    def handle_info(self, message: Any, state: S) -> Any:
        """Any other message, as handle_event. Without this method it is logged and dropped."""
        log.warning("%s got an unexpected message: %.200r", type(self).__qualname__, message)
        return Ok(state)

    def terminate(self, why: object, state: S) -> Any:
        """Clean up. `why`: the arguments of delete_handler or a swap, "remove_handler", ("stop", reason) if who
        supervises it ended, "stop" if the manager does, ("error", reason) after a crash. What it returns is the
        result of delete_handler, or goes to the handler that takes its place.
        """
        return "ok"

    def code_change(self, old_vsn: object, state: S, extra: object) -> S:
        """Make the state of this version from that of another."""
        return state


# -- the manager


def spec(
    *,
    id: Hashable = None,
    name: Name | None = None,
    restart: Restart = Restart.PERMANENT,
    shutdown: Shutdown | None = None,
) -> ChildSpec:
    """The spec of a manager as child of a supervisor; its id is `id`, else `name`, else "gen_event"."""
    return spec_of(start_link, None, (), id, name, restart, shutdown)


async def start_link(**options: Unpack[StartOptions]) -> Pid:
    """Start a manager without handlers, linked to the caller. Raises: AlreadyStarted."""
    pid = await behaviour.start(EventManager, (), options, link=True)
    assert pid is not None
    return pid


async def start(**options: Unpack[StartOptions]) -> Pid:
    """start_link without the link."""
    pid = await behaviour.start(EventManager, (), options)
    assert pid is not None
    return pid


async def start_monitor(**options: Unpack[StartOptions]) -> tuple[Pid, Ref]:
    """start, with a monitor of the manager."""
    started = await behaviour.start_monitor(EventManager, (), options)
    assert started is not None
    return started


# -- handlers


async def add_handler(manager: Manager, handler: Handler, *args: Any) -> None:
    """Add a handler; its init(*args) runs in the manager. As in OTP, one that is there already is then there twice.

    Raises: HandlerError: ("EXIT", reason) for an init that crashed, or what it refused for.
    """
    await _ask(manager, AddHandler(handler, args, None))


async def add_sup_handler(manager: Manager, handler: Handler, *args: Any) -> None:
    """The same, bound to the caller: if the caller ends, the handler is removed with ("stop", reason); if the handler
    goes, the caller gets GenEventExit(handler, reason).
    """
    await _ask(manager, AddHandler(handler, args, self_()))


async def delete_handler(manager: Manager, handler: Handler, why: object = "delete") -> Any:
    """Remove a handler; returns what its terminate(why, state) returns. Raises: HandlerError("module_not_found")."""
    return await _ask(manager, DeleteHandler(handler, why))


async def swap_handler(manager: Manager, old: tuple[Handler, Any], new: tuple[Any, ...]) -> None:
    """Put a handler in another's place: old = (handler, why), new = (handler, *args).

    The new one's init gets args and then the result of the old one's terminate ("error" if there was none).
    """
    await _ask(manager, SwapOut(*old, new[0], tuple(new[1:]), None))


async def swap_sup_handler(manager: Manager, old: tuple[Handler, Any], new: tuple[Any, ...]) -> None:
    """The same, and the new one is bound to the caller as by add_sup_handler."""
    await _ask(manager, SwapOut(*old, new[0], tuple(new[1:]), self_()))


async def which_handlers(manager: Manager) -> list[Handler]:
    """All handlers, the one added last first."""
    handlers: list[Handler] = await _ask(manager, Which())
    return handlers


# -- events


def notify(manager: Manager, event: object) -> None:
    """Send an event to all handlers, without waiting; never fails."""
    pid = resolve(manager)
    if pid is not None:
        THIS.call_on_loop(deliver, pid, Notify(event))


async def sync_notify(manager: Manager, event: object) -> None:
    """Send an event to all handlers and wait until each is done. Raises: CallError."""
    await gen.ask(manager, lambda from_, event: SyncNotify(event, from_), event, None)


async def call(manager: Manager, handler: Handler, request: object, timeout: float | None = CALL_TIMEOUT) -> Any:
    """Ask one handler. Raises: HandlerError: bad_module (it is not there), ("EXIT", reason) (it crashed); CallError."""
    return await _ask(manager, CallHandler(handler, request), timeout)


def send_request(manager: Manager, handler: Handler, request: object) -> RequestId:
    """Ask one handler without waiting; see requests. Where call() raises HandlerError, the value is a Refused."""
    return requests.send_request(manager, CallHandler(handler, request))


async def _ask(manager: Manager, request: object, timeout: float | None = None) -> Any:
    answer = await gen.call(manager, request, timeout)
    if isinstance(answer, HandlerRefused):
        raise HandlerError(answer.reason)
    return answer


def handler_of(module: type[EventHandler[Any]], id: Hashable = None) -> Handler:
    """The name of a handler: its class, or with an id (class, id), of which there may be several."""
    return module if id is None else (module, id)
