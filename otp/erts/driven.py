"""driven — runs a process's async code step by step: what it waits for when suspended, and how it resumes.

OTP:      the stack of a process that waits
Differs:  no asyncio.Task drives it, but asyncio takes it for one (task): timeouts, task groups and all that asks for
          the current task work. Each process has a context of its own, a copy of its spawner's
Process:  half of what a process is; actor has the other half
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from asyncio.tasks import _enter_task, _leave_task
from collections import deque
from collections.abc import Coroutine
from typing import Any, Final

from otp.erts.future import LoopFuture, TimedFuture
from otp.erts.mailbox import NOTHING, Receive
from otp.erts.pid import Pid
from otp.erts.scheduler import THIS
from otp.erts.task import ProcessTask, step_aside, step_back
from otp.erts.timer import TIMERS

log = logging.getLogger("otp.process")
#: yielded to let the other ready processes run first; a bare yield lets the loop turn, too
GIVE_WAY: Final = object()
#: seconds that the code of a dead process may still wait while it cleans up
LAST_WORDS: Final = 5.0
#: dead processes whose code still cleans up
UNWINDING: Final[set[Driven]] = set()


class Driven:
    """The half of a process that runs async code up to its next suspension, and on when what it waits for is there."""

    pid: Pid
    name: str | None = None
    context: contextvars.Context  # its context variables
    _queue: deque[Any] | None = None
    _queued = False  # stands in the run queue
    _executing = False  # its code is on the Python stack
    _coro: Coroutine[Any, Any, Any] | None = None  # suspended code
    _receive: Receive | None = None
    _doomed: Any = NOTHING
    _task: ProcessTask | None = None  # since it first ran async code

    def _failed(self, exc: BaseException) -> None:
        raise NotImplementedError  # the other half, Process, says what becomes of it

    def _has_work(self) -> bool:
        if self._coro is None:
            return bool(self._queue)
        if self._task is not None and self._task.woken:
            return True
        receive = self._receive
        return receive is not None and (receive.expired is not None or receive.seen < len(self._queue or ()))

    def _resume(self) -> bool:
        """Go on with suspended code if what it waits for is there. True when it has come to its end."""
        coro, task = self._coro, self._task
        assert coro is not None
        assert task is not None
        if not task.woken and (self._receive is None or not self._receive.look(self._queue)):
            return False
        self._coro = self._receive = None
        return self._step(coro, task)

    def _drive(self, coro: Coroutine[Any, Any, Any]) -> bool:
        """Run code by hand up to its next suspension. True when it has come to its end and the process lives."""
        task = self._task
        if task is None:
            task = self._task = ProcessTask(self)
        task.coro = coro
        return self._step(coro, task)

    def _step(self, coro: Coroutine[Any, Any, Any], task: ProcessTask) -> bool:
        loop, task.woken = THIS.loop, False
        try:
            _enter_task(loop, task)  # type: ignore[arg-type]  # typed for asyncio.Task alone
            try:
                awaited = coro.throw(task.take_cancel()) if task._must_cancel else coro.send(None)
            finally:
                _leave_task(loop, task)  # type: ignore[arg-type]  # likewise
        except StopIteration:
            task.coro = task.waiter = None
            return self._doomed is NOTHING
        except BaseException as exc:
            self._raised(exc, task)
            return False
        self._coro = coro
        task.waiter = awaited
        if type(awaited) is LoopFuture or type(awaited) is TimedFuture:
            awaited._asyncio_future_blocking = False
            awaited._waiter = self
        else:
            self._wait_for(awaited, task)
        if task._must_cancel and task.waiter is not None and task.waiter.cancel(msg=task._message):
            task._must_cancel = False
        return False

    def _raised(self, exc: BaseException, task: ProcessTask) -> None:
        task.coro = task.waiter = None
        if self.pid.target is not None:
            self._failed(exc)
        elif not isinstance(exc, asyncio.CancelledError | GeneratorExit):
            log.error("process %s failed while it was ended: %r", self.pid, exc)

    def _wait_for(self, awaited: Any, task: ProcessTask) -> None:
        if isinstance(awaited, LoopFuture):
            awaited._asyncio_future_blocking = False
            awaited._waiter = self
        elif getattr(awaited, "_asyncio_future_blocking", None):
            awaited._asyncio_future_blocking = False
            awaited.add_done_callback(self.wake)
        elif awaited is GIVE_WAY:
            task.waiter = None
            self.wake(None)
        elif awaited is None:  # asyncio.sleep(0): a turn of the loop for the others
            THIS.loop.call_soon(self.wake, None)
        else:
            self._coro = task.waiter = None
            self._failed(TypeError(f"a process cannot await {awaited!r}"))

    def wake(self, future: Any) -> None:
        """What the suspended code waits for is there. Loop thread only."""
        task = self._task
        if task is None or (self._coro is None and not self._executing):
            return
        task.woken = True
        if not self._queued and not self._executing:
            self._queued = True
            THIS.ready(self)  # type: ignore[arg-type]  # the other half of it is a Process

    # -- code that outlives its process

    def unwind(self) -> None:
        """The process is dead: its suspended code is cancelled, so that `finally`, timeouts and task groups clean up.

        What asyncio waits for is cancelled first, and awaited, as asyncio does. LAST_WORDS seconds later it is over.
        """
        task = self._task
        assert task is not None
        awaited = task.waiter
        task._must_cancel, task._requests = True, task._requests + 1
        if not (awaited is None or isinstance(awaited, LoopFuture)) and awaited.cancel():
            pass  # it will wake us
        else:
            self.step_after_death()
        if self._coro is not None:
            UNWINDING.add(self)
            TIMERS.after(LAST_WORDS, self.silence)

    def step_after_death(self) -> None:
        """Another step of code whose process is dead."""
        coro, self._coro = self._coro, None
        self._receive = None
        previous, THIS.running = THIS.running, self  # type: ignore[assignment]  # likewise
        self._executing = True
        outer = step_aside()
        try:
            if coro is not None:
                self.context.run(self._drive, coro)
        finally:
            step_back(outer)
            self._executing = False
            THIS.running = previous
        if self._coro is None:
            self._ended_for_good()
        elif self._task is not None and self._task.woken and not self._queued:
            self._queued = True
            THIS.ready(self)

    def silence(self) -> None:
        """Its time to clean up is over."""
        coro, self._coro = self._coro, None
        if coro is None:
            return
        log.error("process %s ended, and its code went on waiting: it is dropped", self.pid)
        try:
            coro.close()
        except BaseException as exc:
            log.error("process %s failed while it was ended: %r", self.pid, exc)
        self._ended_for_good()

    def _ended_for_good(self) -> None:
        UNWINDING.discard(self)
        if self._task is not None:
            self._end_task()

    def _end_task(self) -> None:
        """Tell whoever asked the task, and let go of it: they hold each other, and nothing of a dead process is to wait
        for the garbage collection."""
        task, self._task = self._task, None
        assert task is not None
        task.coro = None
        task.end()
