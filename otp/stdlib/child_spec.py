"""child_spec — the specs of children and the flags of a supervisor: values, checked when made.

OTP:      the maps sup_flags() and child_spec() of supervisor.erl; every refusal has OTP's own name
Differs:  `period` and `shutdown` are seconds (float); a map is a dict, another way to write the same
Way:      Supervisor.init → [child_spec] → restart (decides) → supervisor (performs)

    >>> from otp.stdlib.child_spec import ChildSpec, Restart
    >>> ChildSpec("sm", (print, ("a",)), restart=Restart.TRANSIENT).shutdown
    5.0
    >>> ChildSpec("c2s_sup", (print, ()), type="supervisor").shutdown
    'infinity'
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Literal, NamedTuple, TypeVar, cast

from otp.erts.pid import Pid
from otp.erts.registry import Name, Via
from otp.erts.suggest import meant


class Strategy(StrEnum):
    """Who else is restarted when one child has ended."""

    ONE_FOR_ONE = "one_for_one"
    ONE_FOR_ALL = "one_for_all"
    REST_FOR_ONE = "rest_for_one"
    SIMPLE_ONE_FOR_ONE = "simple_one_for_one"


class Restart(StrEnum):
    """When a child is restarted: always, after an abnormal end, or never."""

    PERMANENT = "permanent"
    TRANSIENT = "transient"
    TEMPORARY = "temporary"


class AutoShutdown(StrEnum):
    """Whether the supervisor ends by itself once its significant children have."""

    NEVER = "never"
    ANY_SIGNIFICANT = "any_significant"
    ALL_SIGNIFICANT = "all_significant"


PERMANENT = Restart.PERMANENT
TRANSIENT = Restart.TRANSIENT
TEMPORARY = Restart.TEMPORARY

Shutdown = float | Literal["infinity", "brutal_kill"]
INFINITY: Literal["infinity"] = "infinity"
BRUTAL_KILL: Literal["brutal_kill"] = "brutal_kill"

_E = TypeVar("_E", bound=StrEnum)
#: what a start function returns: a pid, with whatever it wants its starter to know; None if init said "ignore"
Started = Pid | None | tuple[Pid, Any]
StartFn = Callable[..., Awaitable[Started]]


class SpecError(ValueError):
    """A child spec or supervisor flag that cannot be; `reason` is OTP's name for the fault, `hint` what may be."""

    def __init__(self, *reason: object, hint: str = "") -> None:
        super().__init__(" ".join(map(str, reason)) + (f": {hint}" if hint else ""))
        self.reason, self.hint = reason, hint


class StartCall(NamedTuple):
    """The call that starts a child and links it to the caller (OTP: mfargs)."""

    fn: StartFn
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class SupFlags:
    """How a supervisor reacts: more than `intensity` restarts within `period` seconds end it."""

    strategy: Strategy = Strategy.ONE_FOR_ONE
    intensity: int = 1
    period: float = 5.0
    auto_shutdown: AutoShutdown = AutoShutdown.NEVER

    def __post_init__(self) -> None:
        object.__setattr__(self, "strategy", _one_of(Strategy, self.strategy, "invalid_strategy"))
        object.__setattr__(self, "auto_shutdown", _one_of(AutoShutdown, self.auto_shutdown, "invalid_auto_shutdown"))
        if not _is_time(self.intensity) or self.intensity != int(self.intensity):
            raise SpecError("invalid_intensity", self.intensity)
        if not _is_time(self.period) or not self.period:
            raise SpecError("invalid_period", self.period)

    @property
    def is_simple(self) -> bool:
        """True for simple_one_for_one: many children of one spec, known by their pids."""
        return self.strategy is Strategy.SIMPLE_ONE_FOR_ONE


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """One child: its id among its siblings, how to start it, when to restart it, how long its end may take.

    `start` is a StartCall or a plain `(async fn, args)` or `(async fn, args, kwargs)`; awaiting it gives the
    child's Pid, or None (init said "ignore"). `shutdown` is seconds, "infinity" or "brutal_kill"; left out,
    it is 5 s for a worker and "infinity" for a supervisor. Raises SpecError for a value that cannot be.
    """

    id: Hashable
    start: StartCall | tuple[StartFn, tuple[Any, ...]] | tuple[StartFn, tuple[Any, ...], Mapping[str, Any]]
    restart: Restart = Restart.PERMANENT
    shutdown: Shutdown | None = None
    type: Literal["worker", "supervisor"] = "worker"
    significant: bool = False
    modules: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", _start_call(self.start))
        object.__setattr__(self, "restart", _one_of(Restart, self.restart, "invalid_restart_type"))
        if self.type not in ("worker", "supervisor"):
            raise SpecError("invalid_child_type", self.type, hint=meant(self.type, ("worker", "supervisor")))
        if self.shutdown is None:
            object.__setattr__(self, "shutdown", INFINITY if self.type == "supervisor" else 5.0)
        elif self.shutdown not in (INFINITY, BRUTAL_KILL) and not _is_time(self.shutdown):
            hint = f"seconds, or a word: {meant(self.shutdown, (INFINITY, BRUTAL_KILL))}"
            raise SpecError("invalid_shutdown", self.shutdown, hint=hint)
        if not isinstance(self.modules, tuple | list):
            raise SpecError("invalid_modules", self.modules)
        if not isinstance(self.significant, bool):
            raise SpecError("invalid_significant", self.significant)
        if self.significant and self.restart is Restart.PERMANENT:
            raise SpecError("bad_combination", ("significant", True), ("restart", "permanent"))

    @property
    def call(self) -> StartCall:
        """The start call, whatever form it was written in."""
        return cast(StartCall, self.start)


def as_spec(spec: ChildSpec | Mapping[str, Any]) -> ChildSpec:
    """A ChildSpec, or one written as a map; keys that mean nothing are ignored. Raises SpecError: missing_id …"""
    if isinstance(spec, ChildSpec):
        return spec
    if not isinstance(spec, Mapping):
        raise SpecError("invalid_child_spec", spec)
    for key in ("id", "start"):
        if key not in spec:
            raise SpecError(f"missing_{key}")
    return ChildSpec(**{one.name: spec[one.name] for one in fields(ChildSpec) if one.name in spec})


def as_flags(flags: SupFlags | Mapping[str, Any]) -> SupFlags:
    """SupFlags, or flags written as a map. Raises SpecError."""
    if isinstance(flags, SupFlags):
        return flags
    return SupFlags(**{one.name: flags[one.name] for one in fields(SupFlags) if one.name in flags})


def check(flags: SupFlags, specs: Sequence[ChildSpec]) -> None:
    """Refuse a set of children that cannot live under such flags. Raises SpecError.

    Only simple_one_for_one is bound to one spec; ids are unique; significant children need auto_shutdown.
    """
    if flags.is_simple and len(specs) != 1:
        raise SpecError("bad_start_spec", tuple(spec.id for spec in specs))
    seen: set[Hashable] = set()
    for spec in specs:
        check_one(flags, spec)
        if spec.id in seen:
            raise SpecError("duplicate_child_name", spec.id)
        seen.add(spec.id)


def check_one(flags: SupFlags, spec: ChildSpec) -> None:
    """Refuse one child that these flags do not allow. Raises SpecError."""
    if not isinstance(spec, ChildSpec):
        raise SpecError("invalid_child_spec", spec)
    if spec.significant and flags.auto_shutdown is AutoShutdown.NEVER:
        raise SpecError("bad_combination", ("auto_shutdown", "never"), ("significant", True))


def _one_of(kind: type[_E], value: str, fault: str) -> _E:
    try:
        return kind(value)
    except ValueError:
        raise SpecError(fault, value, hint=meant(value, kind)) from None


def _start_call(start: object) -> StartCall:
    if not isinstance(start, tuple) or not 2 <= len(start) <= 3 or not callable(start[0]):
        raise SpecError("invalid_mfa", start, hint="start is (async function, (arguments,)), or gen_server.spec(…)")
    if not isinstance(start[1], tuple | list):
        raise SpecError("invalid_mfa", start, hint="the arguments are a tuple: one is (argument,)")
    return StartCall(start[0], tuple(start[1]), *start[2:])


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def spec_of(
    start_link: Callable[..., Any],
    module: type | None,
    args: tuple[Any, ...],
    id: Hashable,
    name: Name | None,
    restart: Restart,
    shutdown: Shutdown | None,
) -> ChildSpec:
    """The spec of a behaviour as child of a supervisor; its id is `id`, else `name`, else the class's name."""
    positional = args if module is None else (module, *args)
    known = (
        id or (name.name if isinstance(name, Via) else name) or (module.__name__ if module is not None else "gen_event")
    )
    return ChildSpec(known, StartCall(start_link, positional, {"name": name}), restart, shutdown)
