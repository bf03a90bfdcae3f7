"""future — a value that is not there yet, for processes, tasks and threads alike.

OTP:      the alias and monitor that gen:call/4 waits on
Differs:  Pykka's Future blocks a thread; this one suspends a process of the loop, an asyncio task, or a foreign thread
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator
from typing import Any, TypeVar

import pykka

from otp.erts.clock import CLOCK
from otp.erts.scheduler import THIS
from otp.erts.timer import TIMERS, TimerRef

T = TypeVar("T")
_PENDING: Any = object()


class LoopFuture(pykka.Future[T]):
    """Awaitable in a process or an asyncio task of the loop; `get()` serves other threads.

    It is settled once, on the loop's thread: later settlings are dropped, as a late reply is in OTP.
    """

    #: Pykka's map(), filter() and stop() set a hook on a future
    _hooked = False
    #: the process that waits here; it is woken without a turn of the loop
    _waiter: Any = None

    # defaults stand on the class: a future is made for every call
    _asyncio_future_blocking = False
    _callbacks: list[tuple[Callable[[LoopFuture[T]], object], Any]] | None = None
    _exception: BaseException | None = None
    _value: Any = _PENDING

    def __init__(self) -> None:
        """Nothing: Pykka's fields are for a hook, and few futures have one."""

    def done(self) -> bool:
        """True once there is a value or an exception."""
        return self._value is not _PENDING or self._exception is not None

    def result(self) -> T:
        """The value; raises the exception instead if that is what came."""
        exc = self._exception
        if exc is not None:
            try:
                raise exc
            finally:
                del exc, self  # this frame is in the traceback: else all that its callers hold stays until it is found
        if self._value is _PENDING:
            raise asyncio.InvalidStateError("no value yet")
        value: T = self._value
        return value

    def exception(self) -> BaseException | None:
        """The exception that came instead of a value, or None."""
        return self._exception

    def cancelled(self) -> bool:
        """True if it was cancelled: whoever waits gets CancelledError."""
        return isinstance(self._exception, asyncio.CancelledError)

    def cancel(self, msg: object = None) -> bool:
        """Wake the waiter with CancelledError(msg), as asyncio does when a task or process that waits is cancelled."""
        return self.reject(asyncio.CancelledError() if msg is None else asyncio.CancelledError(msg))

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """The loop of this node; asyncio's Task asks for it."""
        return THIS.loop

    def add_done_callback(self, fn: Callable[[LoopFuture[T]], object], *, context: Any = None) -> None:
        """Call fn(self) in `context` when settled; in the next turn of the loop if it is already."""
        if self.done():
            THIS.loop.call_soon(fn, self, context=context)
        elif self._callbacks is None:
            self._callbacks = [(fn, context)]
        else:
            self._callbacks.append((fn, context))

    def remove_done_callback(self, fn: Callable[[LoopFuture[T]], object]) -> int:
        """Take back a callback; returns how many there were."""
        kept = [one for one in self._callbacks or [] if one[0] != fn]
        removed = len(self._callbacks or []) - len(kept)
        self._callbacks = kept or None
        return removed

    def resolve(self, value: T) -> bool:
        """Settle with a value, on the loop's thread. False if it was settled before."""
        if self._value is not _PENDING or self._exception is not None:
            return False
        self._value = value
        self._fire()
        return True

    def reject(self, exc: BaseException) -> bool:
        """Settle with an exception, on the loop's thread. False if it was settled before."""
        if self.done():
            return False
        self._exception = exc
        self._fire()
        return True

    def _fire(self) -> None:
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            waiter.wake(self)
        callbacks = self._callbacks
        if callbacks is not None:
            self._callbacks = None
            for fn, context in callbacks:
                THIS.loop.call_soon(fn, self, context=context)

    def __await__(self) -> Generator[Any, None, T]:
        if self._value is _PENDING and self._exception is None:
            self._asyncio_future_blocking = True
            yield self
        try:
            return self.result()
        except BaseException:
            del self  # as there
            raise

    __iter__ = __await__

    # -- pykka.Future: what ActorRef.ask() and its callers use, from any thread

    def set_get_hook(self, func: Callable[[float | None], T]) -> None:
        """Make get() ask `func`."""
        super().__init__()
        super().set_get_hook(func)
        self._hooked = True

    def set(self, value: T | None = None) -> None:
        """Pykka's word for resolve(), from any thread."""
        THIS.call_on_loop(self.resolve, value)

    def set_exception(self, exc_info: Any = None) -> None:
        """Pykka's word for reject(), from any thread; takes sys.exc_info() or nothing."""
        exc = exc_info[1] if exc_info else RuntimeError("actor failed")
        THIS.call_on_loop(self.reject, exc)

    def get(self, *, timeout: float | None = None) -> T:
        """Block the calling thread until there is a value; seconds, None for ever.

        Raises: pykka.Timeout; RuntimeError on the loop's own thread, where waiting would stop every process.
        """
        if self._hooked:
            return super().get(timeout=timeout)
        if self.done():
            return self.result()
        if threading.get_ident() == THIS.thread:
            raise RuntimeError("get() on the loop's thread would never return: await the future")
        ready = threading.Event()
        THIS.call_on_loop(self.add_done_callback, lambda _f: ready.set())
        if not ready.wait(timeout):
            raise pykka.Timeout(f"{timeout} seconds")
        return self.result()


class TimedFuture(LoopFuture[T]):
    """One with a `timer` that rejects it when its time is up. What comes later is too late, though the loop stood still
    and the timer could not fire.
    """

    timer: TimerRef

    def resolve(self, value: T) -> bool:
        """Settle with a value, if there is still time."""
        if self.timer.due < CLOCK.monotonic():
            TIMERS.expire(self.timer)
        if self._value is not _PENDING or self._exception is not None:
            return False
        self._value = value
        self._fire()
        return True

    def reject(self, exc: BaseException) -> bool:
        """Settle with an exception; a late one gives way to that of the timer."""
        if self.timer.due < CLOCK.monotonic():
            TIMERS.expire(self.timer)
        return super().reject(exc)
