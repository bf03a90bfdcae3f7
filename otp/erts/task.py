"""task — a process as asyncio sees it: what asyncio.current_task() is while a process's async code runs.

OTP:      nothing; it is what lets libraries of asyncio be used inside a process
Differs:  asyncio calls this a third-party task implementation, and asks for _enter_task and _leave_task around each
          step ("Extending", in asyncio's manual). It is not in all_tasks(): a process ends by OTP's means
Way:      driven enters it, asyncio.timeout, TaskGroup, anyio and aiohttp find it and cancel it
"""

from __future__ import annotations

import asyncio
from asyncio.tasks import _enter_task, _leave_task
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import TYPE_CHECKING, Any, TextIO

from otp.erts.scheduler import THIS

if TYPE_CHECKING:
    from otp.erts.driven import Driven

__all__ = ["ProcessTask", "step_aside", "step_back"]


class ProcessTask:
    """The methods of asyncio.Task that code running in a task may call; one a process, for its whole life.

    cancel() has the code's present `await` raise CancelledError, or its next one. It is no exit signal: code that
    lets the error through ends its process, as with any other.
    """

    __slots__ = (
        "__weakref__", "_callbacks", "_message", "_must_cancel", "_requests", "coro", "process", "waiter", "woken",
    )  # fmt: skip

    def __init__(self, process: Driven) -> None:
        self.process = process
        self.coro: Coroutine[Any, Any, Any] | None = None  # the code that runs or is suspended
        self.waiter: Any = None  # the future it waits for
        self.woken = False  # what it waits for is there
        self._must_cancel = False
        self._message: object = None
        self._requests = 0
        self._callbacks: list[tuple[Callable[[Any], object], Context | None]] | None = None

    def __repr__(self) -> str:
        return f"<ProcessTask {self.get_name()}>"

    # -- cancellation

    def cancel(self, msg: object = None) -> bool:
        """Make what the code waits for raise CancelledError, now or at its next await. False if it has ended."""
        if self.done():
            return False
        self._requests += 1
        waiter = self._fut_waiter
        if waiter is None or not waiter.cancel(msg=msg):
            self._must_cancel, self._message = True, msg
        return True

    def cancelling(self) -> int:
        """How many requests to cancel were not taken back."""
        return self._requests

    def uncancel(self) -> int:
        """Take one request to cancel back; returns how many are left."""
        if self._requests:
            self._requests -= 1
            if not self._requests:
                self._must_cancel = False
        return self._requests

    def take_cancel(self) -> asyncio.CancelledError:
        """The error of a request that has not been delivered yet; it is delivered once."""
        self._must_cancel = False
        return asyncio.CancelledError() if self._message is None else asyncio.CancelledError(self._message)

    # -- what it is

    @property
    def _fut_waiter(self) -> Any:  # asyncio's name: anyio looks here
        return self.waiter

    def done(self) -> bool:
        """True when the process is dead and has nothing left to clean up."""
        return self.process.pid.target is None and self.coro is None

    def cancelled(self) -> bool:
        """Always False: a process has an exit reason, not this."""
        return False

    def result(self) -> None:
        """None: a process has no result. Raises: InvalidStateError while it lives."""
        if not self.done():
            raise asyncio.InvalidStateError("the process lives")

    def exception(self) -> None:
        """None: a process has an exit reason, see monitor(). Raises: InvalidStateError while it lives."""
        self.result()

    def get_coro(self) -> Coroutine[Any, Any, Any] | None:
        """The async code of the process that runs or waits."""
        return self.coro

    def get_context(self) -> Context:
        """The context variables of the process."""
        return self.process.context

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """The loop of this node."""
        return THIS.loop

    def get_name(self) -> str:
        """The registered name, else the pid."""
        return self.process.name or str(self.process.pid)

    def get_stack(self, *, limit: int | None = None) -> list[Any]:
        """The frame of the suspended code, if any."""
        frame = getattr(self.coro, "cr_frame", None)
        return [] if frame is None else [frame]

    def print_stack(self, *, limit: int | None = None, file: TextIO | None = None) -> None:
        """Print where the suspended code stands."""
        for frame in self.get_stack(limit=limit):
            print(f'  File "{frame.f_code.co_filename}", line {frame.f_lineno}, in {frame.f_code.co_name}', file=file)

    # -- its end

    def add_done_callback(self, fn: Callable[[Any], object], *, context: Context | None = None) -> None:
        """Call fn(self) from the loop when the process has ended."""
        if self.done():
            THIS.loop.call_soon(fn, self, context=context)
        else:
            self._callbacks = [*(self._callbacks or ()), (fn, context)]

    def remove_done_callback(self, fn: Callable[[Any], object]) -> int:
        """Take back a callback; returns how many there were."""
        before = self._callbacks or []
        self._callbacks = [one for one in before if one[0] != fn] or None
        return len(before) - len(self._callbacks or ())

    def end(self) -> None:
        """The process has ended: tell whoever asked."""
        callbacks, self._callbacks = self._callbacks, None
        for fn, context in callbacks or ():
            THIS.loop.call_soon(fn, self, context=context)


def step_aside() -> Any:
    """Whatever task of asyncio is running steps aside, for a process to be run in between; returns it, or None."""
    outer: Any = asyncio.current_task(THIS.loop)
    if outer is not None:
        _leave_task(THIS.loop, outer)
    return outer


def step_back(outer: Any) -> None:
    """The task that stepped aside goes on."""
    if outer is not None:
        _enter_task(THIS.loop, outer)
