"""event_manager — the process under gen_event: its list of handlers, and what happens when one is removed.

OTP:      the loop of gen_event.erl
Way:      gen_event → requests → [event_manager] → each handler in turn
Process:  one per manager; traps exits

    a callback answers           the handler                         who supervises it hears
    ─────────────────────────    ────────────────────────────────    ──────────────────────────────────
    Ok, Reply                    stays with its new state            –
    Remove                       terminate("remove_handler")         GenEventExit(handler, "normal")
    Swap                         terminate(args), another's init     GenEventExit(handler, ("swapped", …))
    anything else, or a crash    terminate(("error", reason))        GenEventExit(handler, reason); a report
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass
from typing import Any, Final

from otp.erts import exits
from otp.erts.pid import Pid
from otp.erts.process import link, send, unlink
from otp.erts.signals import Exit
from otp.stdlib import crash_report, gen
from otp.stdlib.behaviour import Behaviour
from otp.stdlib.callback import BAD, bad_return, callbacks
from otp.stdlib.gen import Call, From, Throw
from otp.stdlib.report_text import describe
from otp.stdlib.status import Formats, Status, formatted

log = logging.getLogger("otp.gen_event")
_ABSENT: Final[Any] = gen.ABSENT
_DUE = "Ok(state), Remove() or Swap(…)", "Reply(value, state), Remove(value) or Swap(…, reply=value)"

#: the class of a handler, or (class, id)
Handler = type | tuple[type, Hashable]


# -- what callbacks answer


@dataclass(slots=True)
class Ok:
    """{ok, State}, or with `hibernate` {ok, State, hibernate}."""

    state: Any
    hibernate: bool = False


@dataclass(slots=True)
class Reply:
    """{ok, Reply, State} of handle_call."""

    value: Any
    state: Any
    hibernate: bool = False


@dataclass(slots=True)
class Remove:
    """remove_handler, and from handle_call {remove_handler, Reply}."""

    reply: Any = _ABSENT


@dataclass(slots=True)
class Swap:
    """{swap_handler, Args1, State, Handler2, Args2}: terminate(why, state) here, then init(*args, its result) there."""

    why: Any
    state: Any
    handler: Handler
    args: tuple[Any, ...] = ()
    reply: Any = _ABSENT


@dataclass(slots=True)
class Refuse:
    """{error, Reason} of init: the handler is not added."""

    reason: object


# -- what is asked of the manager


@dataclass(slots=True)
class Notify:
    """An event."""

    event: Any


@dataclass(slots=True)
class SyncNotify:
    """An event whose sender waits until all handlers are done."""

    event: Any
    from_: From


@dataclass(slots=True)
class AddHandler:
    """add_handler; with a parent add_sup_handler."""

    handler: Handler
    args: tuple[Any, ...]
    parent: Pid | None


@dataclass(slots=True)
class DeleteHandler:
    """delete_handler."""

    handler: Handler
    why: object


@dataclass(slots=True)
class SwapOut:
    """swap_handler, swap_sup_handler."""

    old: Handler
    why: object
    new: Handler
    args: tuple[Any, ...]
    parent: Pid | None


@dataclass(slots=True)
class CallHandler:
    """call: a question to one handler."""

    handler: Handler
    request: Any


@dataclass(slots=True)
class Which:
    """which_handlers."""


@dataclass(frozen=True, slots=True)
class HandlerRefused:
    """An answer that is raised at the caller as HandlerError."""

    reason: object


class HandlerError(Exception):
    """The manager could not do it: `reason` is module_not_found, bad_module, ("EXIT", reason) …"""

    def __init__(self, reason: object) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class GenEventExit:
    """{gen_event_EXIT, Handler, Reason}: what who supervises a handler gets when it goes."""

    handler: Handler
    reason: object


@dataclass(slots=True, eq=False)
class Installed:
    """One handler of a manager. The same class may be there twice: its class alone means the one added last."""

    handler: Handler
    module: Any
    state: Any = None
    parent: Pid | None = None

    def shown(self, message: Any = None, reason: object = None) -> Status:
        """What others may see of it."""
        return formatted(self.module, Status(self.state, message, reason))


class _Manager(Formats):
    """Stands where other behaviours have a callback module."""

    def init(self) -> None:
        return None


async def _value(result: Any) -> Any:
    return await result if inspect.iscoroutine(result) else result


class EventManager(Behaviour):
    """The generic half."""

    kind = "gen_event"

    def __init__(self) -> None:
        super().__init__(_Manager())
        self.trapping = True
        self.entries: list[Installed] = []  # the one added last first
        self._sleepy = False

    def accept_init(self, result: Any) -> None:
        """A manager begins without handlers."""

    def view_state(self) -> Any:
        """[(class, id or None, state), …]."""
        return [(*_parts(entry.handler), entry.state) for entry in self.entries]

    def format_state(self) -> Any:
        """The same, each state as its handler lets it be seen."""
        return [(*_parts(entry.handler), entry.shown().state) for entry in self.entries]

    def replace_state(self, fn: Callable[[Any], Any]) -> Any:
        """fn((class, id, state)) -> the same with another state, for each handler; where it fails the state stays."""
        for entry in self.entries:
            try:
                cls, id_, state = fn((*_parts(entry.handler), entry.state))
            except BaseException as exc:
                log.error("replace_state of %s in %s failed: %r", entry.handler, self.pid, exc)
            else:
                if (cls, id_) == _parts(entry.handler):
                    entry.state = state
        return self.view_state()

    def code_change(self, module: Any, old_vsn: object, extra: object) -> str:
        """Another version of a handler's class: of the class itself, or of the one that has its name."""
        for entry in self.entries:
            if type(entry.module).__qualname__ == type(module).__qualname__:
                entry.state = module.code_change(old_vsn, entry.state, extra)
                entry.module = module
        return "ok"

    # -- messages

    def receive_message(self, message: Any) -> Coroutine[Any, Any, Any] | None:
        """Everything is done by a coroutine, as any callback may be one."""
        return self._do(message)

    async def _do(self, message: Any) -> None:
        self._sleepy = False
        cls = type(message)
        if cls is Notify:
            await self._tell_all("handle_event", message.event)
        elif cls is SyncNotify:
            await self._tell_all("handle_event", message.event)
            gen.reply(message.from_, "ok")
        elif cls is Call:
            gen.reply(message.from_, await self._answer(message.request))
        elif cls is Exit and any(entry.parent is message.pid for entry in self.entries):
            for entry in [one for one in self.entries if one.parent is message.pid]:
                entry.parent = None
                await self._remove(entry, ("stop", message.reason), exits.NORMAL)
        else:
            await self._tell_all("handle_info", message)
        if self._sleepy:
            self.hibernate()

    async def _answer(self, request: Any) -> Any:
        match request:
            case Which():
                return [entry.handler for entry in self.entries]
            case AddHandler(handler, args, parent):
                return await self._add(handler, args, parent)
            case DeleteHandler(handler, why):
                entry = self._find(handler)
                return await self._remove(entry, why, exits.NORMAL) if entry else HandlerRefused("module_not_found")
            case SwapOut():
                return await self._succeed(self._find(request.old), request)
            case CallHandler(handler, question):
                return await self._call(handler, question)
        return HandlerRefused("unknown_request")

    def _find(self, handler: Handler) -> Installed | None:
        return next((entry for entry in self.entries if entry.handler == handler), None)

    async def _tell_all(self, callback: str, event: Any) -> None:
        for entry in list(self.entries):
            if entry in self.entries:
                await self._run(entry, callback, event)

    async def _call(self, handler: Handler, question: Any) -> Any:
        entry = self._find(handler)
        return HandlerRefused("bad_module") if entry is None else await self._run(entry, "handle_call", question)

    async def _run(self, entry: Installed, callback: str, event: Any) -> Any:
        """One callback of one handler, and what follows from its answer; returns the reply."""
        try:
            result = await _value(getattr(entry.module, callback)(event, entry.state))
        except Throw as thrown:
            result = thrown.value
        except BaseException as exc:
            if exits.passes(exc):
                raise
            return await self._crashed(entry, event, ("EXIT", exits.reason_of(exc)))
        wants_reply = callback == "handle_call"
        match result:
            case Ok(state, sleepy) if not wants_reply:
                entry.state, self._sleepy = state, self._sleepy or sleepy
                return None
            case Reply(value, state, sleepy) if wants_reply:
                entry.state, self._sleepy = state, self._sleepy or sleepy
                return value
            case Remove(reply) if wants_reply == (reply is not _ABSENT):
                await self._remove(entry, "remove_handler", exits.NORMAL)
                return reply
            case Swap(why, state, handler, args, reply) if wants_reply == (reply is not _ABSENT):
                entry.state = state
                at, parent = self.entries.index(entry), entry.parent
                failed = await self._succeed(entry, SwapOut(entry.handler, why, handler, args, parent), at)
                if failed is not None and parent is not None:
                    send(parent, GenEventExit(handler, "crash"))  # OTP's word for a successor that did not start
                return reply
        wrong = bad_return(entry.module, callback, event, result, _DUE[wants_reply], BAD)
        return await self._crashed(entry, event, (BAD, result), wrong.words)

    async def _crashed(self, entry: Installed, event: Any, reason: tuple[Any, ...], words: str = "") -> HandlerRefused:
        """Report a handler that failed and remove it: the manager and the others live on."""
        shown = entry.shown(event, reason[1] if reason[0] == "EXIT" else reason)
        if not exits.is_clean(shown.reason):
            report = {
                "label": ("gen_event", "terminate"),
                "name": self.name or self.pid,
                "module": type(entry.module).__qualname__,
                "handler": entry.handler,
                "last_message": shown.message,
                "state": shown.state,
                "reason": shown.reason,
                "words": words,
                "crash": crash_report.crash_report(self, shown.reason),
            }
            record = {"pid": str(self.pid), "registered": self.name, "reason": str(reason), "report": report}
            log.error("%s", describe(report), extra=record)
        await self._remove(entry, ("error", reason), reason)
        return HandlerRefused(reason)

    # -- coming and going

    async def _add(self, handler: Handler, args: tuple[Any, ...], parent: Pid | None, at: int = 0) -> Any:
        entry = Installed(handler, callbacks(_parts(handler)[0]), parent=parent)
        try:
            state = await _value(entry.module.init(*args))
        except Throw as thrown:
            state = thrown.value
        except BaseException as exc:
            if exits.passes(exc):
                raise
            return HandlerRefused(("EXIT", exits.reason_of(exc)))
        if isinstance(state, Refuse):
            return HandlerRefused(state.reason)
        if isinstance(state, Ok):
            self._sleepy = state.hibernate
            state = state.state
        entry.state = state
        if parent is not None:
            link(parent)
        self.entries.insert(at, entry)
        return None

    async def _remove(self, entry: Installed, why: object, reason: object) -> Any:
        """Take a handler out, have it clean up and tell its parent; returns what its terminate returned."""
        self.entries.remove(entry)
        try:
            result = await _value(entry.module.terminate(why, entry.state))
        except Throw as thrown:
            result = thrown.value
        except BaseException as exc:
            if exits.passes(exc):
                raise
            result = HandlerRefused(("EXIT", exits.reason_of(exc)))
        self._leave(entry, reason)
        return result

    def _leave(self, entry: Installed, reason: object) -> None:
        parent = entry.parent
        if parent is None:
            return
        if parent is not self.obeys and not any(one.parent is parent for one in self.entries):
            unlink(parent)
        send(parent, GenEventExit(entry.handler, reason))

    async def _succeed(self, entry: Installed | None, swap: SwapOut, at: int = 0) -> Any:
        """Remove a handler and put another in its place, or at the head; who supervises the one does the other."""
        parent, left = swap.parent, "error"
        if entry is not None:
            parent = parent or entry.parent
            left = await self._remove(entry, swap.why, ("swapped", swap.new, parent))
        return await self._add(swap.new, (*swap.args, left), parent, at)

    async def call_terminate(self, reason: object) -> None:
        """The manager's end is the end of each handler."""
        for entry in list(self.entries):
            await self._remove(entry, "stop", reason if not exits.is_clean(reason) else exits.SHUTDOWN)


def _parts(handler: Handler) -> tuple[Any, Hashable]:
    return handler if isinstance(handler, tuple) else (handler, None)
