"""actor — a process: a pykka.Actor that lives on the loop, with links, monitors and exit reasons.

OTP:      the process of erts: mailbox, signals, links, monitors
Differs:  Pykka runs each actor on a thread; here thousands share one loop. pykka.ActorRef's tell, ask, proxy and stop
          work on it from any thread. An exception in an `ask` ends the process too, as it does in OTP
Process:  this is what a process is; behaviours subclass it and define handle()
"""

from __future__ import annotations

import logging
import sys
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from types import CoroutineType
from typing import Any

import pykka

from otp.erts import exits, layout, registry
from otp.erts.clock import CLOCK
from otp.erts.driven import Driven
from otp.erts.future import LoopFuture
from otp.erts.links import remove_watcher, signal_down, signal_exit
from otp.erts.mailbox import NOTHING
from otp.erts.pid import NameAt, Pid, Ref, new_pid
from otp.erts.pykka_messages import Envelope, Stop, is_proxy, is_stop, reject_envelope
from otp.erts.scheduler import THIS
from otp.erts.signals import Tracing
from otp.erts.timer import TIMERS, TimerRef

__all__ = ["NOTHING", "PROCESSES", "Envelope", "Process", "is_proxy", "is_stop", "reject_envelope"]

log = logging.getLogger("otp.process")

#: all live processes of this node
PROCESSES: dict[Pid, Process] = {}


class Process(Driven, pykka.Actor):
    """One process. Subclasses define handle(message); a behaviour's code never sees this object, only pids."""

    # Defaults stand on the class: a process that has no links, name or timer pays nothing for them.
    _timer: TimerRef | None = None  # of the wait that a message would end
    _ref: pykka.ActorRef[Any] | None = None
    _stopping: Envelope[Any] | None = None  # pykka's stop, that waits for the end
    reductions = 0
    busy = 0.0  # seconds that its code has run
    trapping = False
    parent: Pid | None = None
    links: tuple[Pid] | set[Pid] | None = None  # most processes have one, to their supervisor: a tuple
    monitors: dict[Ref, Pid | NameAt] | None = None  # what I watch
    watchers: dict[Ref, Pid | Callable[[object], None]] | None = None  # who watches me
    on_exit: list[Callable[[], None]] | None = None
    label: Any = None  # what it runs, for people
    dictionary: dict[Any, Any] | None = None
    tags: dict[Ref, Any] | None = None  # of monitors that were given one
    timers: dict[int, TimerRef] | None = None  # end with the process
    max_queue: int | None = None
    suspended_by: dict[Pid, int] | None = None
    tracing: Tracing | None = None
    group_leader: Pid | None = None  # who it belongs to: the master of its application

    def __init_subclass__(cls) -> None:
        layout.share(cls)

    def __init__(self) -> None:
        self.pid = pid = new_pid()
        pid.target = self
        PROCESSES[pid] = self
        self.context = copy_context()
        parent = THIS.running
        if parent is not None and parent.group_leader is not None:
            self.group_leader = parent.group_leader

    # -- what Pykka asks of a runtime

    @staticmethod
    def _create_actor_inbox() -> Any:
        raise RuntimeError("a process is its own inbox")

    @staticmethod
    def _create_future() -> LoopFuture[Any]:
        return LoopFuture()

    def _start_actor_loop(self) -> None:
        """Nothing to start: it runs when there is a message."""

    @property
    def actor_ref(self) -> pykka.ActorRef[Any]:
        """Pykka's handle; made when it is first asked for."""
        if self._ref is None:
            self.actor_urn, self.actor_inbox, self.actor_stopped = str(self.pid), self, self  # type: ignore[assignment]
            self._ref = pykka.ActorRef(self)
        return self._ref

    def put(self, envelope: Envelope[Any]) -> None:
        """pykka.ActorInbox: takes an envelope from any thread."""
        THIS.call_on_loop(self.deliver, envelope)

    def get(self) -> Envelope[Any]:
        """pykka.ActorInbox, unused."""
        raise RuntimeError("the scheduler reads this mailbox")

    def empty(self) -> bool:
        """pykka.ActorInbox."""
        return not self._queue

    def is_set(self) -> bool:
        """threading.Event's word for «has stopped», as pykka.ActorRef asks it."""
        return self.pid.target is None

    def stop(self) -> None:
        """pykka.Actor.stop: an orderly end after what is in the mailbox."""
        self.deliver(Envelope(Stop()))

    # -- mailbox and turns

    def deliver(self, message: Any) -> None:
        """Append to the mailbox and become ready. Loop thread only; a dead process takes nothing."""
        if self.pid.target is None:
            reject_envelope(message)
            return
        if not self._queued and (self._coro is None or self._receive is not None) and not self._executing:
            if self._timer is not None and self._timer.due < CLOCK.monotonic():
                TIMERS.expire(self._timer)  # the loop stood still: this message comes too late to end the wait
            if not self._queued:
                self._queued = True
                THIS.ready(self)
        queue = self._queue
        if queue is None:
            self._queue = deque((message,))
        else:
            queue.append(message)

    def limit_queue(self, limit: int | None) -> None:
        """From now on a mailbox of more than `limit` messages ends the process; None: no bound."""
        self.max_queue = limit
        if limit is None:
            self.__dict__.pop("deliver", None)
        else:
            self.deliver = self._deliver_bounded  # type: ignore[method-assign]

    def _deliver_bounded(self, message: Any) -> None:
        Process.deliver(self, message)
        length = len(self._queue or ())
        if self.max_queue is not None and length > self.max_queue and self._doomed is NOTHING:
            reason = ("max_queue", length)
            self.report_crash(reason)
            self.doom(reason)

    def run(self, budget: int) -> None:
        """One turn: handle up to `budget` messages. Called by the scheduler."""
        self._queued = False
        if self.pid.target is None:
            if self._coro is not None:
                self.step_after_death()
            return
        previous, THIS.running = THIS.running, self
        self._executing = True
        try:
            self.context.run(self._turn, budget)
        except BaseException as exc:  # of the code that copes with failures: it costs this process and no other
            self._lost(exc)
        finally:
            self._executing = False
            THIS.running = previous
        self.settle()

    def settle(self) -> None:
        """After its code left the stack: die if doomed, else be ready again if there is work."""
        if self._doomed is not NOTHING:
            self.terminate_now(self._doomed)
        elif self._has_work():
            self._queued = True
            THIS.ready(self)
        elif not self._queue:
            self._queue = None

    def _turn(self, budget: int) -> None:
        if self._coro is not None and not self._resume():
            return
        queue = self._queue
        while queue and budget and self._doomed is NOTHING:
            budget -= 1
            self.reductions += 1
            try:
                result = self.handle(queue.popleft())
            except BaseException as exc:
                self._failed(exc)
                return
            if result is not None and not self._drive(result):
                return
            queue = self._queue

    def requeue(self, messages: list[Any]) -> None:
        """Put messages back in front of the mailbox, in their order."""
        self._queue = deque((*messages, *(self._queue or ())))

    def handle(self, message: Any) -> Coroutine[Any, Any, Any] | None:
        """Handle one message; return the coroutine if the code is async. Behaviours override it."""
        if type(message) is Envelope:
            return self.handle_envelope(message)
        result = self.on_receive(message)
        return result if isinstance(result, CoroutineType) else None

    def handle_envelope(self, envelope: Envelope[Any]) -> Coroutine[Any, Any, Any] | None:
        """A message that came through a pykka.ActorRef: tell, ask, proxy or stop."""
        if is_stop(envelope.message):
            self.doom(exits.NORMAL)
            self._stopping = envelope
            return None
        if envelope.reply_to is None:
            result = self._handle_receive(envelope.message)
            return result if isinstance(result, CoroutineType) else None
        return self._answer(envelope)

    async def _answer(self, envelope: Envelope[Any]) -> None:
        reply_to = envelope.reply_to
        assert reply_to is not None
        try:
            result = self._handle_receive(envelope.message)
            reply_to.set(await result if hasattr(result, "__await__") else result)
        except BaseException as exc:
            if not exits.passes(exc):
                reply_to.set_exception(sys.exc_info())
            raise

    # -- the end

    def doom(self, reason: object) -> None:
        """End with `reason`: at once, or when the code that is on the stack has returned."""
        if self._executing:
            if self._doomed is NOTHING:
                self._doomed = reason
        else:
            self.terminate_now(reason)

    def _failed(self, exc: BaseException) -> None:
        if isinstance(exc, exits.Ended) and self._doomed is not NOTHING:
            return
        reason = exits.reason_of(exc)
        if self._doomed is NOTHING:
            self._doomed = reason
        if not exits.is_clean(reason):
            self.report_crash(reason)

    def _lost(self, exc: BaseException) -> None:
        if self._doomed is NOTHING:
            self._doomed = exits.reason_of(exc)
        log.error("process %s %s cannot even fail", self.pid, self.name or self.label or "", exc_info=exc)

    def report_crash(self, reason: object) -> None:
        """Write the crash report (proc_lib). Behaviours say more."""
        text = reason.traceback if isinstance(reason, exits.Crash) else exits.brief(reason)
        log.error("process %s %s ended: %s", self.pid, self.name or self.label or "", text)

    def terminate_now(self, reason: object) -> None:
        """Die: free the name, tell links and monitors, drop the mailbox."""
        pid = self.pid
        if pid.target is None:
            return
        pid.target = None
        del PROCESSES[pid]
        if self._coro is not None:
            self.unwind()
        elif self._task is not None:
            self._end_task()
        if self.name is not None:
            registry.NAMES.pop(self.name, None)
        for fn in self.on_exit or ():
            try:
                fn()
            except BaseException:
                log.exception("process %s ends, and %r fails", pid, fn)
        self._tell_watchers(reason)
        self._tell_links(reason)
        for ref, target in (self.monitors or {}).items():
            remove_watcher(ref, target)
        for timer in list((self.timers or {}).values()):
            TIMERS.cancel(timer)
        queue, self._queue = self._queue, None
        for message in queue or ():
            reject_envelope(message)
        if self._stopping is not None and self._stopping.reply_to is not None:
            self._stopping.reply_to.set(None)

    def _tell_watchers(self, reason: object) -> None:
        watchers, self.watchers = self.watchers, None
        for ref, watcher in (watchers or {}).items():
            if isinstance(watcher, Pid):
                signal_down(ref, watcher, self.pid, reason)
            else:
                watcher(reason)

    def _tell_links(self, reason: object) -> None:
        links, self.links = self.links, None
        if links:
            _FALLING.extend((self.pid, other, reason) for other in sorted(links, key=_serial))
            _fall()


#: exit signals of links on their way: a chain falls breadth first, as in Erlang, and not down our own stack
_FALLING: deque[tuple[Pid, Pid, object]] = deque()


def _fall() -> None:
    if THIS.falling:
        return
    THIS.falling = True
    try:
        while _FALLING:
            from_, to, reason = _FALLING.popleft()
            signal_exit(from_, to, reason, linked=True)
    finally:
        THIS.falling = False


def _serial(pid: Pid) -> int:
    return pid.serial
