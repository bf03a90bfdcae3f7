"""function_process — a process that runs one function and ends with it; and how it may drop that function's stack.

OTP:      erlang:spawn/3, erlang:hibernate/3
Differs:  a stack is dropped by raising Unwind through it, so `finally` blocks on it run
Process:  what spawn() makes
"""

from __future__ import annotations

from collections.abc import Callable
from types import CoroutineType
from typing import Any, NoReturn

from otp.erts import exits
from otp.erts.actor import Process
from otp.erts.scheduler import THIS


class Unwind(exits.Unwinding):
    """Raised to drop all code on the stack of a process; `then(process)` says how it goes on. Never catch it."""

    def __init__(self, then: Callable[[FunctionProcess], None]) -> None:
        super().__init__("the stack of this process is dropped")
        self.then = then


class FunctionProcess(Process):
    """A process that runs one function and ends with it (erlang:spawn/3)."""

    hibernated = -1
    _start: tuple[Callable[..., Any], tuple[Any, ...]] | None = None

    def __init__(self, fn: Callable[..., Any], args: tuple[Any, ...]) -> None:
        super().__init__()
        self.label = fn
        self._start = (fn, args)
        self._queued = True
        THIS.ready(self)

    def _turn(self, budget: int) -> None:
        start, self._start = self._start, None
        if start is None:
            if self._resume():
                self.doom(exits.NORMAL)
            return
        self.hibernated = -1
        try:
            result = start[0](*start[1])
        except BaseException as exc:
            self._failed(exc)
            return
        if not isinstance(result, CoroutineType) or self._drive(result):
            self.doom(exits.NORMAL)

    def _failed(self, exc: BaseException) -> None:
        if isinstance(exc, Unwind):
            exc.then(self)
        else:
            super()._failed(exc)

    def rest(self, fn: Callable[..., Any], args: tuple[Any, ...]) -> None:
        """With nothing on the stack: run fn(*args) as soon as there is a message."""
        self._start = (fn, args)
        self.hibernated = self.reductions


def hibernate(fn: Callable[..., Any], *args: Any) -> NoReturn:
    """Drop the stack and sleep; with the next message (or one that waits) the process goes on in fn(*args).

    Raises: TypeError (badarg) if fn cannot be called; NotAProcess outside of one that spawn() made.
    """
    if not callable(fn):
        raise TypeError(f"{fn!r} cannot be called")
    if not isinstance(THIS.running, FunctionProcess):
        raise exits.NotAProcess("only what spawn() started can hibernate so; a behaviour returns that it wants to")
    raise Unwind(lambda process: process.rest(fn, args))
