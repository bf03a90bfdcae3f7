"""application_master — the process that runs one application's callbacks and holds its tree.

OTP:      application_master.erl
Way:      application_controller → [application_master] → the top supervisor
Process:  one per running application that has a `mod`; linked to the controller; traps exits
"""

from __future__ import annotations

import importlib
import inspect
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from otp.erts.exits import KILL, NORMAL, SHUTDOWN, ProcessExit, StartError, passes, reason_of
from otp.erts.pid import Pid
from otp.erts.process import exit_, processes, receive, running, self_, send
from otp.erts.signals import Exit
from otp.kernel import application
from otp.kernel.app_resource import AppSpec
from otp.kernel.application import Application

log = logging.getLogger("otp.application")


@dataclass(frozen=True, slots=True)
class Started:
    """To the controller: the application runs, or (with a reason) did not start."""

    name: str
    master: Pid
    failure: object = None


class StopNow:
    """To the master: an orderly stop."""


async def run(controller: Pid, spec: AppSpec, included: Sequence[AppSpec] = ()) -> None:
    """The master's life: start, tell the controller, wait for the end, stop. Its exit reason is the application's.

    What its processes have spawned, and they, and so on, belongs to it; what is left of it at the end is killed.
    """
    running().group_leader = self_()
    top: Pid | None = None
    try:
        callbacks = callbacks_of(spec)
        top, state = _checked(await _do(callbacks.start("normal", application.get_all_env(spec.name))))
        await _phases(spec, included, callbacks)
    except BaseException as exc:
        if passes(exc):
            raise
        reason = exc.reason if isinstance(exc, StartError) else reason_of(exc)
        if top is not None:
            await _end(top)
        _kill_the_rest()
        send(controller, Started(spec.name, self_(), reason))
        raise ProcessExit((SHUTDOWN, reason)) from None
    send(controller, Started(spec.name, self_()))
    reason = await _until_the_end(controller, top, callbacks, state)
    _kill_the_rest()
    if reason != NORMAL:
        raise ProcessExit(reason)


async def _until_the_end(controller: Pid, top: Pid, callbacks: Application, state: Any) -> object:
    message = await receive(lambda m: isinstance(m, StopNow) or (isinstance(m, Exit) and m.pid in (top, controller)))
    state = await _guarded(callbacks.prep_stop, state)
    if isinstance(message, Exit) and message.pid is top:
        await _guarded(callbacks.stop, state)
        return message.reason
    await _end(top)
    await _guarded(callbacks.stop, state)
    return NORMAL


async def _end(top: Pid) -> None:
    exit_(top, SHUTDOWN)
    await receive(lambda m: isinstance(m, Exit) and m.pid is top)


async def _phases(spec: AppSpec, included: Sequence[AppSpec], callbacks: Application) -> None:
    for phase in spec.start_phases:
        await _do(callbacks.start_phase(phase, "normal", application.get_all_env(spec.name)))
        for other in included:
            if phase in other.start_phases and other.mod is not None:
                await _do(callbacks_of(other).start_phase(phase, "normal", application.get_all_env(other.name)))


def _kill_the_rest() -> None:
    me = self_()
    for pid in processes():
        if pid is not me and pid.target is not None and pid.target.group_leader is me:
            exit_(pid, KILL)


async def _guarded(callback: Any, state: Any) -> Any:
    # the way down goes on whatever a callback does
    done, value = await guarded(callback, state)
    return value if done else state


async def guarded(callback: Any, *args: Any) -> tuple[bool, Any]:
    """Run a callback, plain or async; one that raises is logged. (True, its value) or (False, None)."""
    try:
        return True, await _do(callback(*args))
    except BaseException as exc:
        if passes(exc):
            raise
        log.exception("%s failed", getattr(callback, "__qualname__", callback))
        return False, None


async def _do(result: Any) -> Any:
    return await result if inspect.isawaitable(result) else result


def callbacks_of(spec: AppSpec) -> Application:
    """The callback object of an application. Raises: ImportError, AttributeError, StartError."""
    module, _, name = (spec.mod or "").partition(":")
    cls = getattr(importlib.import_module(module), name)
    if not (isinstance(cls, type) and issubclass(cls, Application)):
        raise StartError(("not_an_application", spec.mod))
    return cls()


def _checked(result: Any) -> tuple[Pid, Any]:
    if isinstance(result, Pid):
        return result, None
    if isinstance(result, tuple) and len(result) == 2 and isinstance(result[0], Pid):
        return result
    raise StartError(("bad_return", result))
