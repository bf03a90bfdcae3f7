"""children — a supervisor's children: keeps, starts and stops them.

OTP:      the second half of supervisor.erl (start_children, do_terminate, shutdown, terminate_dynamic_children)
Way:      supervisor → [children] → start functions, exit signals; introspect reads FAMILIES
Process:  none; everything here runs in the supervisor's own process

    stop one child             supervisor                          child
    ─────────────────────────  ──────────────────────────────────  ─────────────────────────
    shutdown = seconds         monitor, exit signal "shutdown"     terminate("shutdown")
      … time is up             exit signal "kill", wait for Down   dead at its next suspension
    shutdown = "brutal_kill"   exit signal "kill", wait for Down
    shutdown = "infinity"      waits for Down however long

A stop waits for the Down, not for the Exit, so that a child that has unlinked itself cannot hang its supervisor.
"""

import time  # real time: what came when, for the person who looks
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from otp.erts import exits
from otp.erts.exits import Ignored, StartError, is_clean, passes, reason_of
from otp.erts.pid import Pid, Ref
from otp.erts.process import cancel_timer, exit_, make_ref, monitor, receive, self_, send_after
from otp.erts.signals import Down, Exit
from otp.stdlib import reports
from otp.stdlib.child_spec import BRUTAL_KILL, INFINITY, ChildSpec, Restart, SpecError, Started, SupFlags
from otp.stdlib.restart import Key, Window

#: every live supervisor of this node and its family, for those who look on (DESIGN 14)
FAMILIES: Final[dict[Pid, "Family"]] = {}


@dataclass(frozen=True, slots=True)
class Ending:
    """How a child ended last: its pid (None: it did not even start), the reason, and when (time.time())."""

    pid: Pid | None
    reason: object
    at: float


class Child:
    """One child; a temporary one of a simple_one_for_one costs this, a dict entry and its process."""

    __slots__ = ("extra", "last", "pid", "restarting", "restarts", "spec")

    def __init__(self, spec: ChildSpec, extra: tuple[Any, ...] = ()) -> None:
        self.spec = spec
        self.pid: Pid | None = None
        self.restarting = False
        self.restarts = 0
        self.last: Ending | None = None
        #: start arguments of its own, beside those of the spec; not kept for a temporary child
        self.extra = () if spec.restart is Restart.TEMPORARY else extra

    @property
    def is_up(self) -> bool:
        """Runs, or is to be started again as soon as that succeeds."""
        return self.pid is not None or self.restarting


@dataclass(slots=True)
class Family:
    """The state of a supervisor. Children stand in start order, under their id (simple_one_for_one: their pid)."""

    name: str
    module: type
    args: tuple[Any, ...]
    flags: SupFlags
    template: ChildSpec | None = None
    children: dict[Key, Child] = field(default_factory=dict)
    by_pid: dict[Pid, Key] = field(default_factory=dict)
    window: Window = field(default_factory=Window)
    restarts: int = 0
    last: Ending | None = None

    def record_end(self, child: Child, reason: object) -> None:
        """Remember why a child has ended, for those who look on."""
        self.last = child.last = Ending(child.pid, reason, time.time())

    def recent_restarts(self, now: float) -> int:
        """Restarts that count against the intensity at `now` (seconds, monotonic)."""
        return sum(now - at <= self.flags.period for at in self.window.times)

    def key_of(self, pid: Pid) -> Key | None:
        """The key of the child with this pid, or None."""
        if self.template is None:
            return self.by_pid.get(pid)
        return pid if pid in self.children else None

    def add(self, key: Key, child: Child, pid: Pid | None) -> None:
        """Enter a child that has just been started."""
        self.children[key] = child
        self.set_pid(key, child, pid)

    def set_pid(self, key: Key, child: Child, pid: Pid | None) -> None:
        """Note that a child runs under `pid`, or not at all."""
        if child.pid is not None:
            self.by_pid.pop(child.pid, None)
        child.pid, child.restarting = pid, False
        if pid is not None and self.template is None:
            self.by_pid[pid] = key

    def drop(self, key: Key) -> None:
        """Forget a child."""
        child = self.children.pop(key)
        if child.pid is not None:
            self.by_pid.pop(child.pid, None)


def renew(family: Family, flags: SupFlags, specs: Sequence[ChildSpec]) -> None:
    """Other flags and specs for a family that lives: the new ones in their order, then the children they do not name.

    Raises SpecError if simple_one_for_one would begin or end.
    """
    if flags.is_simple != family.flags.is_simple:
        raise SpecError("invalid_strategy", flags.strategy)
    family.flags = flags
    if family.template is not None:
        family.template = specs[0]
        for child in family.children.values():
            child.spec = specs[0]
        return
    named: dict[Key, Child] = {}
    for spec in specs:
        named[spec.id] = family.children.pop(spec.id) if spec.id in family.children else Child(spec)
        named[spec.id].spec = spec
    family.children = {**named, **family.children}


# -- starting


async def start(spec: ChildSpec, extra: Iterable[Any] = ()) -> Started:
    """Call the start function of a child: its pid, (pid, info), or None.

    Raises StartError with its reason, or that of whatever it raised, or with what it returned if that is none of these.
    """
    call = spec.call
    try:
        started = await call.fn(*call.args, *extra, **call.kwargs)
    except Ignored:
        return None
    except StartError:
        raise
    except BaseException as exc:
        if passes(exc):
            raise
        raise StartError(reason_of(exc)) from exc
    if started is not None and not isinstance(pid_of(started), Pid):
        raise StartError(started)
    return started


def pid_of(started: Started) -> Pid | None:
    """The pid of what a start function returned."""
    return started[0] if isinstance(started, tuple) and started else started


async def start_all(family: Family, keys: Iterable[Key]) -> tuple[Key, object] | None:
    """Start these children one after another, each up before the next. Returns (key, reason) of the first failure."""
    for key in keys:
        child = family.children[key]
        try:
            pid = pid_of(await start(child.spec, child.extra))
        except StartError as exc:
            reports.error(family.name, "start_error", exc.reason, child.spec, child.pid)
            family.record_end(child, exc.reason)
            return key, exc.reason
        if family.template is not None:
            _move(family, key, child, pid)
        elif pid is None and child.spec.restart is Restart.TEMPORARY:
            family.drop(key)
        else:
            family.set_pid(key, child, pid)
            reports.progress(family.name, child.spec, pid)
    return None


def _move(family: Family, key: Key, child: Child, pid: Pid | None) -> None:
    """A restarted child of a simple_one_for_one goes under its new pid."""
    del family.children[key]
    if pid is not None:
        family.add(pid, child, pid)


# -- stopping


async def stop_all(family: Family) -> None:
    """The end of the family: last started first, or all at once if they are of one kind (simple_one_for_one)."""
    if family.template is not None:
        await stop_together(family, family.template)
    else:
        await stop_each(family, tuple(reversed(family.children)))


async def stop_each(family: Family, keys: Iterable[Key]) -> None:
    """Stop these children, one after another in this order; temporary ones are forgotten."""
    for key in keys:
        child = family.children[key]
        if child.pid is not None:
            reason = await _stop(child.pid, child.spec)
            if not _as_told(reason, child.spec):
                reports.error(family.name, "shutdown_error", reason, child.spec, child.pid)
        family.set_pid(key, child, None)
        if child.spec.restart is Restart.TEMPORARY or family.template is not None:
            family.drop(key)


async def _stop(pid: Pid, spec: ChildSpec) -> object:
    """Stop one child and return the reason it ended for."""
    ref = monitor(pid)
    exit_(pid, exits.KILL if spec.shutdown == BRUTAL_KILL else exits.SHUTDOWN)
    timeout = spec.shutdown if isinstance(spec.shutdown, int | float) else None

    def is_down(message: object) -> bool:
        return isinstance(message, Down) and message.ref is ref

    try:
        down: Down = await receive(is_down, timeout)
    except exits.ReceiveTimeout:
        exit_(pid, exits.KILL)
        down = await receive(is_down)
    return await _flush_exit(pid, down.reason)


async def _flush_exit(pid: Pid, reason: object) -> object:
    """Take the child's exit signal out of the mailbox; it knows the reason of one that died before the monitor."""
    try:
        last: Exit = await receive(lambda m: isinstance(m, Exit) and m.pid is pid, 0)
    except exits.ReceiveTimeout:
        return reason
    return last.reason


def _as_told(reason: object, spec: ChildSpec) -> bool:
    if spec.shutdown == BRUTAL_KILL and reason == exits.KILLED:
        return True
    return reason == exits.SHUTDOWN or (spec.restart is not Restart.PERMANENT and is_clean(reason))


async def stop_together(family: Family, spec: ChildSpec) -> None:
    """Send all children the exit signal at once and wait for all; one timer for them together, then kill."""
    ended: Counter[object] = Counter()
    known: dict[object, object] = {}
    waiting: dict[object, Ref] = {c.pid: monitor(c.pid) for c in family.children.values() if c.pid is not None}
    _signal(waiting, exits.KILL if spec.shutdown == BRUTAL_KILL else exits.SHUTDOWN)
    late = make_ref()
    timer = None if spec.shutdown in (INFINITY, BRUTAL_KILL) else send_after(float(spec.shutdown or 0), self_(), late)

    def concerns_us(message: object) -> bool:
        return message is late or (isinstance(message, Down | Exit) and message.pid in family.children)

    while waiting:
        message = await receive(concerns_us)
        if message is late:
            _signal(waiting, exits.KILL)
        elif isinstance(message, Exit):  # before the Down: it was dead already, the Down would say noproc
            known[message.pid] = message.reason
        elif message.ref is waiting.pop(message.pid, None):
            reason = known.get(message.pid, message.reason)
            if not _as_told(reason, spec):
                ended[repr(reason)] += 1
    if timer is not None:
        cancel_timer(timer)
    family.children.clear()
    for reason, count in ended.items():
        reports.error(family.name, "shutdown_error", (reason, count), spec, None)


def _signal(pids: Iterable[object], reason: object) -> None:
    for pid in list(pids):
        exit_(cast(Pid, pid), reason)
