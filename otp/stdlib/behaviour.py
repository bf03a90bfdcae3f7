"""behaviour — the generic half of every behaviour: start, messages, end, sleep.

OTP:      gen.erl, and what gen_server, gen_statem, gen_fsm and gen_event do alike
Differs:  a behaviour is a Process subclass that holds (callback module, state); the callback class has no attributes
Way:      gen_server, gen_statem, gen_fsm, gen_event are built on [behaviour], which is built on sys_handler

    a parent                     the generic half                     the callback module
    await start_link(…) ──────►  takes the name, links
                                 begin ────────────────────────────►  init
    Pid or StartError ◄────────  answer_start ◄─────────────────────  a state, IGNORE, StopInit, a crash
    messages ─────────────────►  handle: system messages apart ────►  the behaviour's callbacks
    its exit (if trapped) ────►  end ──────────────────────────────►  terminate
"""

from __future__ import annotations

import time  # real time: what came when, for the person who looks
from collections.abc import Callable, Coroutine, Sequence
from types import CoroutineType
from typing import Any, NoReturn, TypedDict

from otp.erts import exits
from otp.erts.actor import NOTHING, Envelope, is_proxy, is_stop
from otp.erts.function_process import FunctionProcess, Unwind
from otp.erts.future import LoopFuture, TimedFuture
from otp.erts.links import remove_watcher, take_exit, untie, watch
from otp.erts.pid import Pid, Ref
from otp.erts.process import demonitor, give_way, link_processes, monitor
from otp.erts.registry import NAMES, Name, Via, find
from otp.erts.scheduler import THIS
from otp.erts.signals import Exit
from otp.erts.task import step_aside, step_back
from otp.erts.timer import TIMERS
from otp.stdlib import crash_report
from otp.stdlib.callback import check_options
from otp.stdlib.gen import IGNORE, Call, From, System, Throw, fail_call
from otp.stdlib.sys_handler import DebugFn, SysHandler

#: what a behaviour does after its start was answered and before its first message; a coroutine if it takes time
FollowUp = Callable[[], Coroutine[Any, Any, Any] | None]


class StartOptions(TypedDict, total=False):
    """What every start function takes: a name; seconds for init; idle seconds after which to hibernate; debug
    functions to install from the first message on.
    """

    name: Name | None
    timeout: float | None
    hibernate_after: float | None
    debug: Sequence[DebugFn]


class Behaviour(SysHandler):
    """The generic half of a behaviour. Subclasses define accept_init, receive_message and call_terminate."""

    kind = "gen"
    _ended = False
    started_at = 0.0
    started: LoopFuture[Pid | None] | None = None  # until it is answered
    via: Via | None = None  # its name, if that stands in another registry

    def __init__(self, module: Any) -> None:
        super().__init__()
        self.started = LoopFuture()
        self.adopt(module)

    def adopt(self, module: Any) -> None:
        """Take a callback module. Also called on a process that becomes a behaviour late (enter_loop)."""
        self.module = module
        self.label = type(module)
        self.state: Any = None

    # -- what a subclass gives

    def accept_init(self, result: Any) -> FollowUp | None:
        """Take init's result: set the state, or raise StartError. What init wanted done then is returned."""
        raise NotImplementedError

    def receive_message(self, message: Any) -> Coroutine[Any, Any, Any] | None:
        """Handle one message that is not a system message."""
        raise NotImplementedError

    def take_return(self, result: Any, message: Any) -> Coroutine[Any, Any, Any] | None:
        """Go on as if the callback that was at `message` had returned `result`."""
        raise NotImplementedError

    def call_terminate(self, reason: object) -> Any:
        """Run the callback's terminate; may return a coroutine."""
        raise NotImplementedError

    # -- start

    def begin(self, args: tuple[Any, ...]) -> None:
        """Run init now, on the caller's turn; what suspends goes on later."""
        previous, THIS.running = THIS.running, self
        self._executing = True
        outer = step_aside()
        try:
            self.context.run(self._first, args)
        except BaseException as exc:
            self._lost(exc)
        finally:
            step_back(outer)
            self._executing = False
            THIS.running = previous
        self.settle()

    def _first(self, args: tuple[Any, ...]) -> None:
        try:
            try:
                result = self.module.init(*args)
            except Throw as thrown:
                result = thrown.value
            waits = isinstance(result, CoroutineType)
            follow_up = None if waits else self._accept(result)  # nearly always: no task is made for it
        except BaseException as exc:
            (self._failed if exits.passes(exc) else self._init_failed)(exc)
            return
        if waits:
            self._drive(self._init(result))
        elif follow_up is not None:
            self._drive(self._follow(follow_up))

    async def _init(self, code: Coroutine[Any, Any, Any]) -> None:
        try:
            try:
                result = await code
            except Throw as thrown:
                result = thrown.value
            follow_up = self._accept(result)
        except BaseException as exc:
            if exits.passes(exc):  # killed while init was waiting, or by its own hand
                raise
            self._init_failed(exc)
            return
        if follow_up is not None:
            await self._follow(follow_up)

    def _accept(self, result: Any) -> FollowUp | None:
        if result is IGNORE:
            self._not_started(exits.NORMAL, exits.Ignored())
            return None
        follow_up = self.accept_init(result)
        self.started_at = time.time()
        self.answer_start(self.pid)
        return follow_up

    def _init_failed(self, exc: BaseException) -> None:
        if isinstance(exc, exits.StartError):
            self._not_started(exc.reason, exc)
            return
        reason = exits.reason_of(exc)
        if not exits.is_clean(reason):
            self.report_crash(reason)
        self._not_started(reason, exits.StartError(reason))

    async def _follow(self, follow_up: FollowUp) -> None:
        await give_way()  # who started it goes on: what fails from now on is an exit, no failed start
        rest = follow_up()
        if rest is not None:
            await rest

    def _not_started(self, reason: object, error: exits.StartError) -> None:
        if self.name is not None:  # it is free before the caller hears of it
            NAMES.pop(self.name, None)
            self.name = None
        if self.via is not None:
            self.via.registry.unregister_name(self.via.name)
        self._ended = True
        self.doom(reason)
        self.answer_start(None, error)

    def answer_start(self, pid: Pid | None, error: exits.StartError | None = None) -> None:
        """Tell who waits for the start; once."""
        started = self.started
        if started is not None and error is not None:
            started.reject(error)
        elif started is not None:
            started.resolve(pid)
        self.started = None

    def terminate_now(self, reason: object) -> None:
        """Die; a caller that still waits for the start is told."""
        super().terminate_now(reason)
        self.answer_start(None, exits.DiedAtStart(reason))

    # -- messages

    def handle(self, message: Any) -> Coroutine[Any, Any, Any] | None:
        """Sort system messages and the parent's exit from the rest."""
        cls = type(message)
        if cls is System:
            return self.answer_system(message)
        if cls is Exit and message.pid is self.obeys and self.obeys is not None:
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
            self.keep_waiting()
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
        if isinstance(exc, exits.Ended) and self._doomed is not NOTHING:
            return
        if isinstance(exc, Throw) and not self._ended:
            self._thrown(exc)
            return
        reason = exits.reason_of(exc)
        if not exits.is_clean(reason):
            self.report_crash(reason, exc)
        code = self.end(reason)
        if code is not None:
            self._drive(code)

    def _thrown(self, thrown: Throw) -> None:
        try:
            code = self.take_return(thrown.value, crash_report.last_message(self, thrown))
        except BaseException as exc:
            self._failed(exc)
        else:
            if code is not None:
                self._drive(code)

    def end(self, reason: object, after: Callable[[], None] | None = None) -> Coroutine[Any, Any, Any] | None:
        """Run terminate, then `after`, then die with `reason`; a crash in terminate replaces the reason."""
        if self._ended:
            self.doom(reason)
            return None
        self._ended = True
        self.stop_waiting()
        try:
            result = self.call_terminate(reason)
        except exits.Ended:  # terminate has ended the process by a signal
            return None
        except Throw:  # as good as a return
            pass
        except BaseException as exc:
            reason = exits.reason_of(exc)
            self.report_crash(reason, exc)
        else:
            if isinstance(result, CoroutineType):
                return self._end_async(result, reason, after)
        if after is not None:
            after()
        self.doom(reason)
        return None

    async def _end_async(self, code: Any, reason: object, after: Callable[[], None] | None) -> None:
        try:
            await code
        except Throw:
            pass
        except BaseException as exc:
            if exits.passes(exc):
                raise
            reason = exits.reason_of(exc)
            self.report_crash(reason, exc)
        if after is not None:
            after()
        self.doom(reason)

    def report_crash(self, reason: object, exc: BaseException | None = None) -> None:
        """The error report of the behaviour, with the crash report of the process in it."""
        crash_report.write(self, reason, crash_report.last_message(self, exc), exc)


async def start(make: Callable[[], Behaviour], args: tuple[Any, ...], options: StartOptions, link: bool = False) -> Pid:
    """Start a behaviour and wait for its init: the name first, then the link, then init.

    Returns its Pid. Raises Ignored, a StartError that is no failure, if init said IGNORE.
    Raises: AlreadyStarted if the name is taken (init does not run); StartError with init's reason, or timeout.
    A linked caller gets the exit signal of a failed init too, as in OTP: one that does not trap exits dies of it. (The
    signal of a process that died in its init, by a kill, is taken out of the mailbox: it is the StartError.)
    """
    process = _prepare(make, options)
    parent = THIS.running or THIS.host
    if parent is not None:
        process.parent = parent.pid
        if link:
            process.obeys = parent.pid
            link_processes(parent, process.pid)
    try:
        return await _run_init(process, args, options.get("timeout"))
    except exits.DiedAtStart:
        if link and parent is not None:
            take_exit(parent, process.pid)
        raise


async def start_monitor(make: Callable[[], Behaviour], args: tuple[Any, ...], options: StartOptions) -> tuple[Pid, Ref]:
    """The same, not linked but monitored; a start that fails raises as there, and there is no Down."""
    process = _prepare(make, options)
    process.parent = THIS.running.pid if THIS.running is not None else None
    ref = monitor(process.pid)
    try:
        return await _run_init(process, args, options.get("timeout")), ref
    except BaseException:
        demonitor(ref, flush=True)
        raise


def _prepare(make: Callable[[], Behaviour], options: StartOptions) -> Behaviour:
    if options:
        check_options(options, StartOptions.__annotations__)
    name = options.get("name")
    if name is not None:
        holder = find(name)
        if holder is not None:
            raise exits.AlreadyStarted(holder)
    process = make()
    process.obeys = process.pid  # one that is not linked at its start is its own parent
    if isinstance(name, str):
        NAMES[name] = process.pid
        process.name = name
    elif name is not None:
        process.via = name
        if not name.registry.register_name(name.name, process.pid):
            process.started = None
            process.terminate_now(exits.NORMAL)
            raise exits.AlreadyStarted(find(name))
    for fn in options.get("debug", ()):
        process.install(fn)
    idle = options.get("hibernate_after")
    if idle is not None:
        process.sleep_when_idle(idle)
    return process


async def _run_init(process: Behaviour, args: tuple[Any, ...], timeout: float | None) -> Pid:
    started, timer = process.started, None
    assert started is not None
    if timeout is not None:
        process.started = started = TimedFuture()
        timer = started.timer = TIMERS.after(timeout, _start_timeout, process)
    process.begin(args)
    try:
        pid = await started
        assert pid is not None
        return pid
    finally:
        if timer is not None:
            TIMERS.cancel(timer)


def _start_timeout(process: Behaviour) -> None:
    for other in process.links or ():
        if other.target is not None:
            untie(other.target, process.pid)
    process.links = None
    process.answer_start(None, exits.StartError(exits.TIMEOUT))
    process.doom(exits.KILLED)


def enter_loop(kind: type[Behaviour], module: Any, name: Name | None, idle: float | None, result: Any) -> NoReturn:
    """The running process, started by proc_lib, becomes a behaviour to the end of its life, as if init gave `result`.

    Raises ProcessExit: process_was_not_started_by_proc_lib, or process_not_registered under `name`.
    """
    process = THIS.running
    if not getattr(process, "by_proc_lib", False):
        raise exits.ProcessExit("process_was_not_started_by_proc_lib")
    assert process is not None
    if name is not None and find(name) is not process.pid:
        raise exits.ProcessExit(("process_not_registered", name))

    def become(function: FunctionProcess) -> None:
        one: Any = function
        one.__class__ = kind
        one.adopt(module)
        one.obeys = one.parent
        one.started_at = time.time()
        if idle is not None:
            one.sleep_when_idle(idle)
        try:
            follow_up = one.accept_init(result)
            code = follow_up() if follow_up is not None else None
        except BaseException as exc:
            one._failed(exc)
        else:
            if code is not None:
                one._drive(code)

    raise Unwind(become)
