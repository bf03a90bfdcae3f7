"""trace — reports what processes send and receive, and their starts and ends, to a tracer; off, it costs nothing.

OTP:      erlang:trace/3, trace_info/2
Differs:  an event is a Trace with its time; a tracer may be a function as well as a process; a reply to a call is
          shown as a message ("reply", value), though no mailbox holds it
Way:      Process.deliver, the end and the start of a process are exchanged while anybody is traced → [trace] → tracer
Process:  none; events are made on the traced process's turn

    trace.trace(pid, {"send", "receive"}, tracer=process.self_())
    Trace(pid, "receive", message, other=sender, at=monotonic seconds)
    trace.trace("all", {"procs"}, tracer=print); trace.clear()
"""

from __future__ import annotations

import logging
import time  # real time: what came when, for the person who looks
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from otp.erts.actor import PROCESSES, Process
from otp.erts.links import Net, deliver
from otp.erts.pid import NameAt, Pid, Ref, is_local
from otp.erts.scheduler import THIS
from otp.erts.signals import AliasReply
from otp.erts.suggest import meant

log = logging.getLogger("otp.trace")

#: send, receive; procs: spawn, spawned, exit, link, unlink, getting_linked, getting_unlinked, register, unregister;
#: call: functions that otp.kernel.dbg watches; set_on_*: who is spawned or linked is traced as its parent is
FLAGS: Final = frozenset(
    {"send", "receive", "procs", "call", "set_on_spawn", "set_on_first_spawn", "set_on_link", "set_on_first_link"}
)


@dataclass(frozen=True, slots=True)
class Trace:
    """One event of a traced process: what it is about, who else takes part, and when (time.monotonic())."""

    pid: Pid
    event: str
    what: Any
    other: Any = None
    at: float = 0.0


Tracer = Pid | Callable[[Trace], object]


class TraceSession:
    """What one process is traced for, and by whom."""

    __slots__ = ("flags", "tracer")

    def __init__(self, flags: frozenset[str], tracer: Tracer) -> None:
        self.flags, self.tracer = flags, tracer

    def event(self, process: Process, event: str, what: object, other: object = None) -> None:
        """One of procs; a new link may hand the flags on."""
        if "procs" in self.flags:
            self.emit(process, event, what, other)
        if event == "link" and isinstance(what, Pid) and what.target is not None:
            self._inherit(process, what.target, "link")

    def spawned(self, process: Process, child: Process) -> None:
        """A traced process has made another."""
        if "procs" in self.flags:
            self.emit(process, "spawn", child.pid)
        self._inherit(process, child, "spawn")
        if child.tracing is not None:
            child.tracing.event(child, "spawned", process.pid)

    def _inherit(self, process: Process, child: Process, by: str) -> None:
        first = f"set_on_first_{by}"
        if child.tracing is None and {f"set_on_{by}", first} & self.flags:
            child.tracing = TraceSession(self.flags - {first}, self.tracer)
            TRACED.add(child.pid)
        if first in self.flags:
            process.tracing = TraceSession(self.flags - {first}, self.tracer)

    def emit(self, process: Process, event: str, what: object, other: object = None) -> None:
        """Bring an event to the tracer; one that is dead or fails ends the trace."""
        told = Trace(process.pid, event, what, other, time.monotonic())
        if isinstance(self.tracer, Pid):
            target: Process | None = self.tracer.target
            if target is None:
                _drop(process)
            else:
                _deliver(target, told)
            return
        try:
            self.tracer(told)
        except BaseException as exc:
            log.error("the tracer of %s failed, its trace ends: %r", process.pid, exc)
            _drop(process)


#: who is traced
TRACED: Final[set[Pid]] = set()


class _Defaults:
    """What processes are traced for from their start."""

    new: TraceSession | None = None
    installed = False


def trace(who: Pid | str, flags: Iterable[str], *, tracer: Tracer | None = None, on: bool = True) -> int:
    """Set (or with on=False clear) trace flags of a process, of "existing", "new" or "all"; how many that are.

    The tracer is the running process unless another, or a function, is given; a tracer is not traced.
    Raises: ValueError (badarg) for an unknown flag, a dead process, or one that is traced by another tracer.
    """
    wanted = frozenset(flags)
    if unknown := wanted - FLAGS:
        hints = "; ".join(meant(flag, sorted(FLAGS)) for flag in unknown)
        raise ValueError(f"no such trace flag: {', '.join(sorted(unknown))}; {hints}")
    chosen = tracer if tracer is not None else THIS.running.pid if THIS.running is not None else None
    if chosen is None:
        raise ValueError("no tracer")
    processes = [p for p in _processes(who) if p.pid is not chosen]
    if on and isinstance(who, Pid) and any(_busy(p, chosen) for p in processes):
        raise ValueError(f"{who} is traced by another")
    for process in processes:
        if not _busy(process, chosen):
            _set(process, wanted, chosen, on)
    if who in ("new", "all"):
        before = _Defaults.new.flags if _Defaults.new is not None else frozenset()
        after = before | wanted if on else before - wanted
        _Defaults.new = TraceSession(after, chosen) if after else None
    _switch()
    return len(processes)


def trace_info(pid: Pid) -> tuple[frozenset[str], Tracer | None]:
    """The flags of a process, and its tracer. Raises: ValueError (badarg) for a dead one."""
    process: Process | None = pid.target
    if process is None:
        raise ValueError(f"{pid} does not live")
    session = process.tracing
    return (session.flags, session.tracer) if isinstance(session, TraceSession) else (frozenset(), None)


def clear(tracer: Tracer | None = None) -> None:
    """Trace nothing any more; with a tracer, only what goes to it."""
    for pid in list(TRACED):
        session = pid.target.tracing if pid.target is not None else None
        if tracer is None or (isinstance(session, TraceSession) and session.tracer == tracer):
            TRACED.discard(pid)
            if pid.target is not None:
                pid.target.tracing = None
    if _Defaults.new is not None and tracer in (None, _Defaults.new.tracer):
        _Defaults.new = None
    _switch()


# -- internals


def _processes(who: Pid | str) -> list[Process]:
    if isinstance(who, Pid):
        if who.target is None:
            raise ValueError(f"{who} does not live here")
        return [who.target]
    if who not in (words := ("existing", "new", "all")):
        raise ValueError(f"trace whom? {who!r}; {meant(who, words)}")
    return [] if who == "new" else [pid.target for pid in PROCESSES if pid.target is not None]


def _busy(process: Process, tracer: Tracer) -> bool:
    session = process.tracing
    if not isinstance(session, TraceSession) or session.tracer == tracer:
        return False
    return not isinstance(session.tracer, Pid) or session.tracer.target is not None


def _set(process: Process, flags: frozenset[str], tracer: Tracer, on: bool) -> None:
    before = process.tracing.flags if isinstance(process.tracing, TraceSession) else frozenset()
    after = before | flags if on else before - flags
    process.tracing = TraceSession(after, tracer) if after else None
    (TRACED.add if after else TRACED.discard)(process.pid)


def _drop(process: Process) -> None:
    process.tracing = None
    TRACED.discard(process.pid)
    _switch()


# -- what takes the place of Process's methods while anybody is traced

_init, _deliver, _terminate = Process.__init__, Process.deliver, Process.terminate_now


def _switch() -> None:
    on = bool(TRACED) or _Defaults.new is not None
    if on == _Defaults.installed:
        return
    _Defaults.installed = on
    Process.__init__ = _traced_init if on else _init  # type: ignore[method-assign]
    Process.deliver = _traced_deliver if on else _deliver  # type: ignore[method-assign]
    Process.terminate_now = _traced_terminate if on else _terminate  # type: ignore[method-assign]
    if on:
        THIS.call_on_loop = _traced_call  # type: ignore[method-assign]
        Net.carrier = _Carrier(Net.carrier)
    else:
        THIS.__dict__.pop("call_on_loop", None)
        if isinstance(Net.carrier, _Carrier):
            Net.carrier = Net.carrier.inner


def stand_on(deliver_: Callable[..., None], terminate: Callable[..., None]) -> None:
    """Put other methods beneath, whether anybody is traced or not: message_trace has its own there while it looks."""
    global _deliver, _terminate
    _deliver, _terminate = deliver_, terminate
    on = _Defaults.installed
    Process.deliver = _traced_deliver if on else _deliver  # type: ignore[method-assign]
    Process.terminate_now = _traced_terminate if on else _terminate  # type: ignore[method-assign]


def _session(process: Process | None, flag: str) -> TraceSession | None:
    session = process.tracing if process is not None else None
    return session if isinstance(session, TraceSession) and flag in session.flags else None


def _traced_init(self: Process) -> None:
    _init(self)
    parent = THIS.running
    if _Defaults.new is not None and self.pid is not _Defaults.new.tracer:
        _set(self, _Defaults.new.flags, _Defaults.new.tracer, True)
    if parent is not None and isinstance(parent.tracing, TraceSession):
        session = parent.tracing
        session.spawned(parent, self)


def _traced_deliver(self: Process, message: Any) -> None:
    sender = THIS.running
    if sender is not None and (session := _session(sender, "send")) is not None:
        session.emit(sender, "send", message, self.pid)
    if self.pid.target is not None and (session := _session(self, "receive")) is not None:
        session.emit(self, "receive", message, sender.pid if sender is not None else None)
    _deliver(self, message)


def _traced_terminate(self: Process, reason: object) -> None:
    if self.pid.target is not None and isinstance(self.tracing, TraceSession):
        self.tracing.event(self, "exit", reason)
        TRACED.discard(self.pid)
    _terminate(self, reason)
    _switch()


def _traced_call(fn: Callable[..., Any], *args: Any) -> None:
    sender = THIS.running
    if sender is not None and (session := _session(sender, "send")) is not None:
        to = args[0] if fn is deliver else None
        if isinstance(to, Pid) and to.target is None and is_local(to):
            session.emit(sender, "send_to_non_existing_process", args[1], to)
    waiter = getattr(getattr(fn, "__self__", None), "_waiter", None)
    if isinstance(waiter, Process) and getattr(fn, "__name__", "") == "resolve":
        _replied(sender, waiter, args[0])
    type(THIS).call_on_loop(THIS, fn, *args)


def _replied(sender: Process | None, waiter: Process, value: object) -> None:
    if sender is not None and (session := _session(sender, "send")) is not None:
        session.emit(sender, "send", ("reply", value), waiter.pid)
    if (session := _session(waiter, "receive")) is not None:
        session.emit(waiter, "receive", ("reply", value), sender.pid if sender is not None else None)


class _Carrier:
    """The carrier in use, with an eye on what is sent through it."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def send(self, to: Pid | NameAt | Ref, message: object) -> None:
        """A message on its way to another node."""
        sender = THIS.running
        if sender is not None and (session := _session(sender, "send")) is not None:
            shown = ("reply", message.value) if isinstance(message, AliasReply) else message
            session.emit(sender, "send", shown, to)
        self.inner.send(to, message)
