"""special — a process of your own making that answers system messages as behaviours do.

OTP:      sys:handle_system_msg/6, handle_debug/4 and the callbacks system_continue, system_terminate, …; proc_lib's
          special processes
Way:      introspect → System → your receive loop → [special] → your loop again

    async def loop(count: int) -> None:
        while True:
            message = await process.receive()
            if isinstance(message, System):
                count = await special.handle_system_message(message, count)
            else:
                special.handle_debug("in", message, count)
                count += 1

Suspended, the process stands inside handle_system_message(): system messages are answered, the others wait in the
mailbox. A Special in place of the default changes how state is shown, changed and ended.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from otp.erts.exits import ProcessExit
from otp.erts.process import receive, running, self_
from otp.stdlib.gen import Failed, System, reply

DebugFn = Callable[[str, object, object], object]


class Special:
    """How a special process answers; `state` is whatever its loop holds."""

    def get_state(self, state: Any) -> Any:
        """What sys:get_state shows."""
        return state

    def replace_state(self, fn: Callable[[Any], Any], state: Any) -> Any:
        """The loop's state after sys:replace_state."""
        return fn(state)

    def code_change(self, state: Any, module: Any, old_vsn: object, extra: object) -> Any:
        """The loop's state for another version of its code."""
        return state

    def terminate(self, reason: object, state: Any) -> NoReturn:
        """The end that sys:terminate asks for."""
        raise ProcessExit(reason)


async def handle_system_message(message: System, state: Any, how: Special | None = None) -> Any:
    """Answer a system message; while the process is suspended, those that follow too. The state to go on with.

    Raises: ProcessExit when the process is to end.
    """
    special = how or Special()
    suspended, state = _answer(message, state, special, False)
    while suspended:
        following: System = await receive(lambda m: isinstance(m, System))
        suspended, state = _answer(following, state, special, True)
    return state


def handle_debug(direction: str, message: object, state: Any) -> None:
    """Show an event ("in", "out", or a word of yours) to the debug functions; one that is done or fails is removed."""
    for fn in list(_debug()):
        try:
            done = fn(direction, message, state) == "done"
        except BaseException:
            done = True
        if done:
            _debug().remove(fn)


def _answer(message: System, state: Any, special: Special, suspended: bool) -> tuple[bool, Any]:
    if message.op == "terminate":
        special.terminate(message.args[0], state)
    try:
        answer, suspended, state = _done(message, state, special, suspended)
    except BaseException as exc:
        answer = Failed(f"{message.op}: callback failed: {exc!r}")
    reply(message.from_, answer)
    return suspended, state


def _done(message: System, state: Any, special: Special, suspended: bool) -> tuple[Any, bool, Any]:
    match message.op, *message.args:
        case "get_state", *_:
            return special.get_state(state), suspended, state
        case "replace_state", fn:
            state = special.replace_state(fn, state)
            return special.get_state(state), suspended, state
        case "get_status", *_:
            return _status(state, special, suspended), suspended, state
        case ("suspend" | "resume") as op, *_:
            return "ok", op == "suspend", state
        case "install", fn:
            if fn not in _debug():
                _debug().append(fn)
        case "remove", fn:
            _debug().remove(fn)
        case "code_change", *_ if not suspended:
            return Failed("code_change: it is not suspended; introspect.suspend() comes first"), suspended, state
        case "code_change", module, old_vsn, extra:
            state = special.code_change(state, module, old_vsn, extra)
        case op, *_:
            return Failed(f"unknown system message: {op}"), suspended, state
    return "ok", suspended, state


def _status(state: Any, special: Special, suspended: bool) -> dict[str, Any]:
    process = running()
    label = getattr(process.label, "__qualname__", str(process.label))
    about = {"pid": self_(), "module": label, "behaviour": "special", "parent": process.parent}
    return {**about, "suspended": suspended, "state": special.get_state(state)}


def _debug() -> list[DebugFn]:
    process: Any = running()
    if getattr(process, "debug", None) is None:
        process.debug = []
    debug: list[DebugFn] = process.debug
    return debug
