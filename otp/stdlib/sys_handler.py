"""sys_handler — answers the system messages of a behaviour: state, suspension, debug functions.

OTP:      the receiving end of sys.erl (handle_system_msg/6, handle_debug/4)
Differs:  a suspended process puts what it must not handle yet aside, in order, and takes it back when it is resumed
Way:      introspect → System → [sys_handler] of a behaviour's process
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final

from otp.erts.exits import passes
from otp.erts.pid import Pid
from otp.erts.signals import Exit
from otp.erts.suggest import meant
from otp.stdlib.gen import Failed, System, reply
from otp.stdlib.status import Status, formatted
from otp.stdlib.waiting import Waiting

log = logging.getLogger("otp.proc_lib")

#: fn("in", message, state); it is removed when it returns "done" or raises
DebugFn = Callable[[str, object, object], object]


class SysHandler(Waiting):
    """What every behaviour answers to system messages. Callbacks never see them."""

    module: Any
    kind = "gen"
    state: Any = None
    obeys: Pid | None = None  # whose exit ends it in order: the parent it was linked with at its start, else its own
    debug: list[DebugFn] | None = None

    def end(self, reason: object) -> Coroutine[Any, Any, Any] | None:
        """Run terminate and die with `reason`."""
        raise NotImplementedError

    def is_told_to_end(self, message: Any) -> bool:
        """Whether it is the exit signal of its parent: no callback sees it, and no debug function."""
        return type(message) is Exit and message.pid is self.obeys and self.obeys is not None

    def replace_state(self, fn: Callable[[Any], Any]) -> Any:
        """Set the state to fn(state) and return it (sys:replace_state)."""
        self.state = fn(self.state)
        return self.state

    def view_state(self) -> Any:
        """The state as sys:get_state shows it."""
        return self.state

    def format_state(self) -> Any:
        """The state as anybody may see it."""
        return formatted(self.module, Status(self.view_state())).state

    def answer_system(self, message: System) -> Coroutine[Any, Any, Any] | None:
        """Carry out a system request and answer it; a process that slept goes back to sleep."""
        asleep = self.hibernated == self.reductions - 1
        if message.op == "terminate":
            return self.end(message.args[0])
        try:
            if message.op == "code_change" and self._stash is None:
                answer: Any = Failed("code_change: it is not suspended; introspect.suspend() comes first")
            elif message.op not in SYSTEM_OPS:
                answer = Failed(f"no such system request: {message.op!r}; {meant(message.op, SYSTEM_OPS)}")
            else:
                answer = SYSTEM_OPS[message.op](self, *message.args)
        except BaseException as exc:
            if passes(exc):
                raise
            answer = Failed(f"{message.op}: callback failed: {exc!r}")
        reply(message.from_, answer)
        self.keep_waiting()
        if asleep:
            self.hibernated = self.reductions
        return None

    def get_status(self) -> dict[str, Any]:
        """What sys:get_status shows."""
        return {
            "pid": self.pid,
            "module": type(self.module).__qualname__,
            "behaviour": self.kind,
            "suspended": self._stash is not None,
            "parent": self.parent,
            "state": self.format_state(),
        }

    def suspend(self) -> str:
        """From now on only system messages are handled; the others wait in order."""
        if self._stash is None:
            self._stash = []
            self.handle = self._handle_suspended  # type: ignore[method-assign]
        return "ok"

    def _handle_suspended(self, message: Any) -> Coroutine[Any, Any, Any] | None:
        if type(message) is System:
            return self.answer_system(message)
        if self.is_told_to_end(message):
            return self.end(message.reason)
        assert self._stash is not None
        self._stash.append(message)
        return None

    def resume(self) -> str:
        """Handle what waited, then go on."""
        stash, self._stash = self._stash, None
        if stash is not None:
            self.__dict__.pop("handle", None)
            self._refresh_debug()
            self.requeue(stash)
        return "ok"

    def install(self, fn: DebugFn) -> str:
        """Have fn("in", message, state) see each message before it is handled; it is removed when it returns "done".

        One that is installed already stays as it is.
        """
        if fn not in (self.debug or ()):
            self.debug = [*(self.debug or ()), fn]
        self._refresh_debug()
        return "ok"

    def remove(self, fn: DebugFn) -> str:
        """Take a debug function away."""
        self.debug = [f for f in self.debug or [] if f != fn] or None
        self._refresh_debug()
        return "ok"

    def _refresh_debug(self) -> None:
        if self._stash is not None:
            return
        if self.debug:
            self.handle = self._handle_debug  # type: ignore[method-assign]
        else:
            self.__dict__.pop("handle", None)

    def _handle_debug(self, message: Any) -> Coroutine[Any, Any, Any] | None:
        if type(message) is not System and not self.is_told_to_end(message):
            for fn in list(self.debug or ()):
                try:
                    done = fn("in", message, self.state) == "done"
                except BaseException as exc:
                    if passes(exc):
                        raise
                    log.error("a debug function of %s failed and is removed: %r", self.pid, exc)
                    done = True
                if done:
                    self.remove(fn)
        return type(self).handle(self, message)

    def code_change(self, module: Any, old_vsn: object, extra: object) -> str:
        """Put another version of the callback class in place; its code_change makes the new state."""
        new = module.code_change(old_vsn, self.view_state(), extra)
        self.replace_state(lambda _old: new)
        self.module = module
        self.label = type(module)
        return "ok"


SYSTEM_OPS: Final[dict[str, Callable[..., Any]]] = {
    "get_state": lambda p: p.view_state(),
    "replace_state": lambda p, fn: p.replace_state(fn),
    "get_status": lambda p: p.get_status(),
    "suspend": lambda p: p.suspend(),
    "resume": lambda p: p.resume(),
    "install": lambda p, fn: p.install(fn),
    "remove": lambda p, fn: p.remove(fn),
    "code_change": lambda p, *args: p.code_change(*args),
}
