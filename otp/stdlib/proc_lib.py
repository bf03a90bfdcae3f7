"""proc_lib — the start protocol, and the generic half of every behaviour.

OTP:      proc_lib.erl, and the receiving end of sys.erl
Differs:  a behaviour is a Process subclass that holds (callback module, state); the callback class has no attributes
"""

from __future__ import annotations

import inspect
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, Final

from otp.erts import exits
from otp.erts.actor import Envelope, Process, is_proxy, is_stop
from otp.erts.future import LoopFuture
from otp.erts.links import remove_watcher, watch
from otp.erts.pid import Pid
from otp.erts.process import link_processes
from otp.erts.registry import NAMES
from otp.erts.scheduler import THIS
from otp.erts.signals import Exit
from otp.erts.timer import TIMERS
from otp.stdlib.gen import IGNORE, Call, Failed, From, System, fail_call, reply

log = logging.getLogger("otp.proc_lib")


# -- the start protocol


async def start(
    make: Callable[[], Behaviour],
    args: tuple[Any, ...],
    *,
    name: str | None = None,
    link: bool = False,
    timeout: float | None = None,
) -> Pid | None:
    """Start a behaviour and wait for its init (proc_lib:start_link/5): the name first, then the link, then init.

    Returns its Pid, or None if init said IGNORE.
    Raises: AlreadyStarted if the name is taken (init does not run); StartError with init's reason, or timeout.
    A linked caller gets the exit signal of a failed init too, as in OTP: one that does not trap exits dies of it.
    """
    if name is not None and name in NAMES:
        raise exits.AlreadyStarted(NAMES[name])
    process = make()
    parent = THIS.running
    if parent is not None:
        process.parent = parent.pid
        if link:
            link_processes(parent, process.pid)
    if name is not None:
        NAMES[name] = process.pid
        process.name = name
    started = process.started
    assert started is not None
    process.begin(args)
    timer = TIMERS.after(timeout, _start_timeout, process) if timeout is not None else None
    try:
        return await started
    finally:
        if timer is not None:
            TIMERS.cancel(timer)


def _start_timeout(process: Behaviour) -> None:
    for other in process.links or ():
        if other.target is not None and other.target.links is not None:
            other.target.links.discard(process.pid)
    process.links = None
    process.answer_start(None, exits.StartError(exits.TIMEOUT))
    process.terminate_now(exits.KILLED)


class Behaviour(Process):
    """The generic half of a behaviour. Subclasses define accept_init, receive_message and call_terminate."""

    kind: ClassVar[str] = "gen"
    _ended = False
    _stash: list[Any] | None = None
    debug: list[Callable[[str, object, object], object]] | None = None
    started_at = 0.0

    def __init__(self, module: Any) -> None:
        super().__init__()
        self.module = module
        self.label = type(module)
        self.state: Any = None
        self.started: LoopFuture[Pid | None] | None = LoopFuture()  # None once it is answered

    # -- what a subclass gives

    def accept_init(self, result: Any) -> Coroutine[Any, Any, Any] | None:
        """Take init's result: set the state, or raise StartError, or return through ignore()."""
        raise NotImplementedError

    def receive_message(self, message: Any) -> Coroutine[Any, Any, Any] | None:
        """Handle one message that is not a system message."""
        raise NotImplementedError

    def call_terminate(self, reason: object) -> Any:
        """Run the callback's terminate; may return a coroutine."""
        raise NotImplementedError

    def replace_state(self, fn: Callable[[Any], Any]) -> Any:
        """Set the state to fn(state) and return it (sys:replace_state)."""
        self.state = fn(self.state)
        return self.state

    def view_state(self) -> Any:
        """The state as sys:get_state shows it."""
        return self.state

    # -- start

    def begin(self, args: tuple[Any, ...]) -> None:
        """Run init now, on the caller's turn; what suspends goes on later."""
        previous, THIS.running = THIS.running, self
        self._executing = True
        try:
            self._drive(self._init(args))
        finally:
            self._executing = False
            THIS.running = previous
        self.settle()

    async def _init(self, args: tuple[Any, ...]) -> None:
        try:
            result = self.module.init(*args)
            if inspect.iscoroutine(result):
                result = await result
            if result is IGNORE:
                self._not_started(exits.NORMAL, None)
                return
            after = self.accept_init(result)
        except GeneratorExit:  # killed while init was waiting
            raise
        except exits.StartError as exc:
            self._not_started(exc.reason, exc)
            return
        except BaseException as exc:
            reason = exits.reason_of(exc)
            if not exits.is_clean(reason):
                self.report_crash(reason)
            self._not_started(reason, exits.StartError(reason))
            return
        self.started_at = time.time()
        self.answer_start(self.pid)
        if after is not None:
            await after

    def _not_started(self, reason: object, error: exits.StartError | None) -> None:
        # the name is free before the caller hears of it
        if self.name is not None:
            NAMES.pop(self.name, None)
            self.name = None
        self._ended = True
        self.doom(reason)
        self.answer_start(None, error)

    def answer_start(self, pid: Pid | None, error: exits.StartError | None = None) -> None:
        """Tell who waits for the start; once."""
        started, self.started = self.started, None
        if started is not None and error is not None:
            started.reject(error)
        elif started is not None:
            started.resolve(pid)

    def terminate_now(self, reason: object) -> None:
        """Die; who still waits for the start is told."""
        super().terminate_now(reason)
        self.answer_start(None, exits.StartError(reason))

    # -- messages

    def handle(self, message: Any) -> Coroutine[Any, Any, Any] | None:
        """Sort system messages and the parent's exit from the rest."""
        cls = type(message)
        if cls is System:
            return self._system(message)
        if cls is Exit and message.pid is self.parent and self.parent is not None:
            return self.end(message.reason)
        if cls is Envelope:
            return self._envelope(message)
        return self.receive_message(message)

    def _envelope(self, envelope: Envelope[Any]) -> Coroutine[Any, Any, Any] | None:
        # from a pykka.ActorRef: tell is info, ask is a call, stop ends in order
        if is_stop(envelope.message):
            self._stopping = envelope
            return self.end(exits.NORMAL)
        if is_proxy(envelope.message):
            return self.handle_envelope(envelope)
        future = envelope.reply_to
        if future is None:
            return self.receive_message(envelope.message)
        assert isinstance(future, LoopFuture)
        ref = watch(self.pid, lambda why: fail_call(future, why, self.pid, envelope.message))
        future.add_done_callback(lambda _f: remove_watcher(ref, self.pid))
        return self.receive_message(Call(From(None, ref, future), envelope.message))

    # -- the end

    def _failed(self, exc: BaseException) -> None:
        if isinstance(exc, (KeyboardInterrupt, SystemExit)):
            super()._failed(exc)
        reason = exits.reason_of(exc)
        if not exits.is_clean(reason):
            self.report_crash(reason)
        code = self.end(reason)
        if code is not None:
            self._drive(code)

    def end(self, reason: object, after: Callable[[], None] | None = None) -> Coroutine[Any, Any, Any] | None:
        """Run terminate, then `after`, then die with `reason`; a crash in terminate replaces the reason."""
        if self._ended:
            self.doom(reason)
            return None
        self._ended = True
        try:
            result = self.call_terminate(reason)
        except BaseException as exc:
            reason = exits.reason_of(exc)
            self.report_crash(reason)
        else:
            if inspect.iscoroutine(result):
                return self._end_async(result, reason, after)
        if after is not None:
            after()
        self.doom(reason)
        return None

    async def _end_async(self, code: Any, reason: object, after: Callable[[], None] | None) -> None:
        try:
            await code
        except Exception as exc:
            reason = exits.reason_of(exc)
            self.report_crash(reason)
        if after is not None:
            after()
        self.doom(reason)

    def report_crash(self, reason: object) -> None:
        """The error report of the behaviour: who, why, with which state."""
        text = reason.traceback if isinstance(reason, exits.Crash) and reason.traceback else reason
        log.error(
            "%s %s %s terminating: %s\nstate: %.500s",
            self.kind,
            self.name or self.pid,
            type(self.module).__qualname__,
            text,
            self._status(),
            extra={"report": "crash", "pid": str(self.pid), "registered": self.name, "reason": str(reason)},
        )

    def _status(self) -> Any:
        """The state for a log line: format_status hides what must not be seen."""
        try:
            return self.module.format_status(self.view_state())
        except Exception as exc:
            return f"(format_status failed: {exc!r})"

    # -- system messages (sys.erl)

    def _system(self, message: System) -> Coroutine[Any, Any, Any] | None:
        if message.op == "terminate":
            return self.end(message.args[0])
        try:
            answer = SYSTEM_OPS[message.op](self, *message.args)
        except Exception as exc:
            answer = Failed(f"{message.op}: callback failed: {exc!r}")
        reply(message.from_, answer)
        return None

    def sys_suspend(self) -> str:
        """From now on only system messages are handled; the others wait in order."""
        if self._stash is None:
            self._stash = []
            self.handle = self._handle_suspended  # type: ignore[method-assign]
        return "ok"

    def _handle_suspended(self, message: Any) -> Coroutine[Any, Any, Any] | None:
        if type(message) is System:
            return self._system(message)
        if type(message) is Exit and message.pid is self.parent:
            return self.end(message.reason)
        assert self._stash is not None
        self._stash.append(message)
        return None

    def sys_resume(self) -> str:
        """Handle what waited, then go on."""
        stash, self._stash = self._stash, None
        if stash is not None:
            self.__dict__.pop("handle", None)
            self._refresh_debug()
            self.requeue(stash)
        return "ok"

    def sys_install(self, fn: Callable[[str, object, object], object]) -> str:
        """Have fn("in", message, state) see each message before it is handled; it is removed when it returns "done"."""
        self.debug = [*(self.debug or []), fn]
        self._refresh_debug()
        return "ok"

    def sys_remove(self, fn: Callable[[str, object, object], object]) -> str:
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
        if type(message) is not System:
            for fn in list(self.debug or ()):
                try:
                    done = fn("in", message, self.state) == "done"
                except Exception as exc:
                    log.error("a debug function of %s failed and is removed: %r", self.pid, exc)
                    done = True
                if done:
                    self.sys_remove(fn)
        return Behaviour.handle(self, message)

    def sys_code_change(self, module: Any, old_vsn: object, extra: object) -> str:
        """Put another version of the callback class in place; its code_change makes the new state."""
        new = module.code_change(old_vsn, self.view_state(), extra)
        self.replace_state(lambda _old: new)
        self.module = module
        self.label = type(module)
        return "ok"


SYSTEM_OPS: Final[dict[str, Callable[..., Any]]] = {
    "get_state": lambda p: p.view_state(),
    "replace_state": lambda p, fn: p.replace_state(fn),
    "get_status": lambda p: {
        "pid": p.pid,
        "module": type(p.module).__qualname__,
        "behaviour": p.kind,
        "suspended": p._stash is not None,
        "parent": p.parent,
        "state": p._status(),
    },
    "suspend": Behaviour.sys_suspend,
    "resume": Behaviour.sys_resume,
    "install": Behaviour.sys_install,
    "remove": Behaviour.sys_remove,
    "code_change": Behaviour.sys_code_change,
}
