"""application_master — the process that runs one application's callbacks and holds its tree.

OTP:      application_master.erl
Way:      application_controller → [application_master] → the top supervisor
Process:  one per running application that has a `mod`; linked to the controller; traps exits
"""

from __future__ import annotations

import importlib
import inspect
import logging
from dataclasses import dataclass
from typing import Any

from otp.erts.exits import NORMAL, SHUTDOWN, ProcessExit, StartError, reason_of
from otp.erts.pid import Pid
from otp.erts.process import exit_, receive, self_, send
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


async def run(controller: Pid, spec: AppSpec) -> None:
    """The master's life: start, tell the controller, wait for the end, stop. Its exit reason is the application's."""
    try:
        callbacks = _callbacks(spec)
        top, state = _checked(await _do(callbacks.start("normal", application.get_all_env(spec.name))))
    except Exception as exc:
        reason = exc.reason if isinstance(exc, StartError) else reason_of(exc)
        send(controller, Started(spec.name, self_(), reason))
        raise ProcessExit((SHUTDOWN, reason)) from None
    send(controller, Started(spec.name, self_()))
    reason = await _until_the_end(controller, top, callbacks, state)
    if reason != NORMAL:
        raise ProcessExit(reason)


async def _until_the_end(controller: Pid, top: Pid, callbacks: Application, state: Any) -> object:
    message = await receive(
        lambda m: isinstance(m, StopNow) or (isinstance(m, Exit) and m.pid in (top, controller))
    )
    if isinstance(message, Exit) and message.pid is top:
        await _guarded(callbacks.stop, state)
        return message.reason
    state = await _guarded(callbacks.prep_stop, state)
    exit_(top, SHUTDOWN)
    await receive(lambda m: isinstance(m, Exit) and m.pid is top)
    await _guarded(callbacks.stop, state)
    return NORMAL


async def _guarded(callback: Any, state: Any) -> Any:
    # the way down goes on whatever a callback does
    try:
        return await _do(callback(state))
    except Exception:
        log.exception("%s failed on the way down", getattr(callback, "__qualname__", callback))
        return state


async def _do(result: Any) -> Any:
    return await result if inspect.isawaitable(result) else result


def _callbacks(spec: AppSpec) -> Application:
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
    raise StartError(("bad_return", repr(result)[:200]))
