"""blocking — work that would stop the loop runs on threads: PBKDF2, files, databases.

OTP:      BEAM's dirty schedulers
Process:  real pykka.ThreadingActors: a small pool, and one of its own for each resource that wants a single owner
"""

from __future__ import annotations

import contextlib
import inspect
import itertools
import os
import queue as _queue
import time  # real time: threads wait by it
from collections.abc import Callable, Sequence
from types import FrameType, TracebackType
from typing import Any, ClassVar, Generic, TypeVar

import pykka

from otp.erts.future import LoopFuture
from otp.erts.scheduler import THIS

T = TypeVar("T")
M = TypeVar("M")


class Job(Generic[M]):
    """One request to a blocking actor. Exactly one of resolve and reject is called, on the actor's thread."""

    __slots__ = ("_outcome", "future", "message")

    def __init__(self, message: M) -> None:
        self.message = message
        self.future: LoopFuture[Any] = LoopFuture()
        self._outcome: tuple[bool, Any] | None = None

    def resolve(self, value: object) -> None:
        """The answer; it is handed over when the whole batch is done."""
        self._outcome = (True, value)

    def reject(self, exc: BaseException) -> None:
        """The failure; it is handed over when the whole batch is done."""
        self._outcome = (False, exc)

    def let_go(self) -> None:
        """The functions that have failed are over, and let go of what they held, this job included; on its thread.

        The exception knows their frames, these know the job, and it knows the exception: a ring that would stay, with
        all that was to be worked at, until the collector comes by.
        """
        if self._outcome is None or self._outcome[0]:
            return
        tb: TracebackType | None = self._outcome[1].__traceback__
        frame = tb.tb_frame if tb is not None else None
        while tb is not None:
            _clear(tb.tb_frame)
            tb = tb.tb_next
        while frame is not None:
            _clear(frame)
            frame = frame.f_back

    def settle(self) -> None:
        """Hand the outcome to whoever waits. Loop thread."""
        good, value = self._outcome or (False, RuntimeError("a blocking actor gave no answer"))
        future = self.future
        del self.message, self.future, self._outcome  # frames that still run hold the job
        if good:
            future.resolve(value)
        else:
            future.reject(value)


def _clear(frame: FrameType) -> None:
    """Not one that still runs; nor a coroutine's: if an exception is raised twice, those who wait on the loop had it
    before, and to clear the frame of one that is suspended ends it."""
    if not frame.f_code.co_flags & inspect.CO_COROUTINE:
        with contextlib.suppress(RuntimeError):
            frame.clear()


class BlockingActor(pykka.ThreadingActor):
    """A thread that owns something blocking and works in batches. Subclasses define handle_batch().

    `max_batch`: jobs taken at once; `linger`: seconds to wait for more when only one is there.
    """

    use_daemon_thread = True
    max_batch: ClassVar[int] = 1
    linger: ClassVar[float] = 0.0

    def handle_batch(self, jobs: Sequence[Job[Any]]) -> None:
        """Settle every job. An exception rejects those that have no outcome yet."""
        raise NotImplementedError

    def on_receive(self, message: Any) -> None:
        """Pykka's callback: one job; more are taken from the inbox, up to max_batch."""
        jobs = [message]
        deadline = time.monotonic() + self.linger
        while len(jobs) < self.max_batch:
            try:
                wait = max(deadline - time.monotonic(), 0.0)
                envelope = self.actor_inbox.get(wait > 0, wait or None)  # type: ignore[call-arg]
            except _queue.Empty:
                break
            if not isinstance(envelope.message, Job):
                self.actor_inbox.put(envelope)
                break
            jobs.append(envelope.message)
        self._work(jobs)

    def _work(self, jobs: list[Job[Any]]) -> None:
        try:
            self.handle_batch(jobs)
        except BaseException as exc:  # sys.exit() too: it ends who asked, not this thread
            for job in jobs:
                if job._outcome is None:
                    job.reject(exc)
        for job in jobs:
            job.let_go()
        THIS.call_on_loop(_settle_all, jobs)


def _settle_all(jobs: list[Job[Any]]) -> None:
    for job in jobs:
        job.settle()


def ask(actor: pykka.ActorRef[Any], message: object) -> LoopFuture[Any]:
    """Send a job to a blocking actor; await the answer. An actor that has stopped rejects with pykka.ActorDeadError."""
    job = Job(message)
    try:
        actor.tell(job)
    except pykka.ActorDeadError as exc:
        job.future.reject(exc)
    return job.future


class Busy(Exception):
    """The pool's queue is full: shed the work (reliability, overload)."""


class Pool:
    """A few threads for short blocking calls, with a bounded queue."""

    def __init__(self) -> None:
        self.actors: list[pykka.ActorRef[_Caller]] = []
        self.turn = itertools.count()
        self.waiting = 0
        self.limit = 1000


class _Caller(BlockingActor):
    def handle_batch(self, jobs: Sequence[Job[Any]]) -> None:
        for job in jobs:
            fn, args = job.message
            try:
                job.resolve(fn(*args))
            except BaseException as exc:
                job.reject(exc)


_POOL = Pool()


async def run_blocking(fn: Callable[..., T], *args: Any) -> T:
    """Run fn(*args) on a thread of the pool and await its result.

    Raises: Busy when 1000 calls wait already; what fn raises.
    """
    if _POOL.waiting >= _POOL.limit:
        raise Busy(f"{_POOL.waiting} blocking calls are waiting")
    if not _POOL.actors:
        _POOL.actors = [_Caller.start() for _ in range(max(2, min(4, os.cpu_count() or 2)))]
    _POOL.waiting += 1
    try:
        actor = _POOL.actors[next(_POOL.turn) % len(_POOL.actors)]
        return await ask(actor, (fn, args))  # type: ignore[no-any-return]
    finally:
        _POOL.waiting -= 1


def is_busy() -> bool:
    """Whether a call of run_blocking() has not come back yet."""
    return _POOL.waiting > 0


def stop_pool() -> None:
    """End the pool's threads; a later run_blocking starts new ones."""
    actors, _POOL.actors, _POOL.waiting = _POOL.actors, [], 0
    for actor in actors:
        actor.stop(block=False)
