"""supervisor — starts children in order, restarts those that die, stops them in reverse order.

OTP:      module supervisor: four strategies, three restart types, intensity, significant children
Differs:  which_children lists in start order; start_child returns the Pid (None: init said ignore) or raises
Way:      child_spec (values) → [supervisor] asks restart (decides) and has children perform it
Process:  one per tree node; traps exits; its children are linked to it

    class AcmeSup(Supervisor):
        def init(self) -> SupInit:
            return SupFlags(Strategy.REST_FOR_ONE, intensity=10, period=1), [
                ChildSpec("db", (gen_server.start_link, (Db,))),
                ChildSpec("web", (gen_server.start_link, (Web, 8080)), restart=TRANSIENT),
            ]

    sup = await supervisor.start_link(AcmeSup, name="acme_sup")

    user module                 supervisor                          children
    ──────────────────────────  ──────────────────────────────────  ──────────────────────────────
    start_link ──────────────►  init: start in order ─────────────► start functions, linked
    start_child(sup, spec) ───► check, start, enter ──────────────► start function
                                Exit(pid, reason) ◄──────────────── a child ends
                                restart.ended → actions ──────────► stop group, start group
                                a start fails: TryAgain to itself
    exit signal of parent ────► terminate: stop in reverse ───────► "shutdown", then "kill"
"""

import time
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from otp.erts import exits
from otp.erts.exits import AlreadyStarted, StartError
from otp.erts.pid import Pid
from otp.erts.process import self_, trap_exit
from otp.erts.signals import Exit
from otp.stdlib import child_spec, children, gen_server, reports, restart
from otp.stdlib.child_spec import ChildSpec, SpecError, SupFlags
from otp.stdlib.children import FAMILIES, Child, Family
from otp.stdlib.gen_server import IGNORE, GenServer, NoReply, Reply, Stop, StopInit
from otp.stdlib.restart import Key

SupInit = tuple[SupFlags, Sequence[ChildSpec]]
SupRef = Pid | str


class Supervisor:
    """The callback module: `init` says what the tree looks like, and nothing else."""

    def init(self, *args: Any) -> SupInit:
        """Return (flags, child specs in start order), or IGNORE."""
        raise NotImplementedError


class ChildError(Exception):
    """A child cannot be handled so; `reason` is not_found, running, restarting or simple_one_for_one."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ChildInfo:
    """One line of which_children: `id` is None in a simple_one_for_one; `pid` is None if it does not run."""

    id: Hashable
    pid: Pid | Literal["restarting"] | None
    type: str
    modules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChildCounts:
    """How many specs, running children, and children of either type there are."""

    specs: int
    active: int
    supervisors: int
    workers: int


# -- requests


@dataclass(frozen=True, slots=True)
class _StartChild:
    what: ChildSpec | tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _OnChild:
    verb: Literal["terminate", "restart", "delete", "spec"]
    key: Key


@dataclass(frozen=True, slots=True)
class _Ask:
    what: Literal["which", "count"]


@dataclass(frozen=True, slots=True)
class _TryAgain:
    key: Key


@dataclass(frozen=True, slots=True)
class _Refused:
    error: Callable[..., Exception]
    reason: object


# -- API


async def start_link(module: type[Supervisor], *args: Any, name: str | None = None) -> Pid | None:
    """Start a supervisor with all its children, linked to the caller; None if init said IGNORE.

    Raises StartError: ("shutdown", ("failed_to_start_child", id, reason)), ("start_spec", fault), AlreadyStarted.
    """
    return await gen_server.start_link(_Server, module, name, args, name=name)


def spec(
    module: type[Supervisor],
    *args: Any,
    id: Hashable = None,
    name: str | None = None,
    restart: child_spec.Restart = child_spec.PERMANENT,
) -> ChildSpec:
    """The spec of a supervisor as child of another; its id is `id`, else `name`, else the class's name."""
    start = child_spec.StartCall(start_link, (module, *args), {"name": name})
    return ChildSpec(id or name or module.__name__, start, restart, type="supervisor")


async def start_child(sup: SupRef, what: ChildSpec | tuple[Any, ...] | list[Any]) -> Pid | None:
    """Start one more child: its spec, or for simple_one_for_one the arguments to add to those of the one spec.

    Raises AlreadyStarted(pid), StartError("already_present") for a known id that does not run, or StartError with
    the reason the child did not start for (it is then not entered); SpecError for a spec that cannot live here.
    """
    request = what if isinstance(what, ChildSpec) else tuple(what)
    return cast("Pid | None", await _call(sup, _StartChild(request)))


async def terminate_child(sup: SupRef, key: Hashable) -> None:
    """Stop a child, by id (simple_one_for_one: by pid). The spec of a temporary one goes too. Raises ChildError."""
    await _call(sup, _OnChild("terminate", key))


async def restart_child(sup: SupRef, key: Hashable) -> Pid | None:
    """Start a child that does not run. Raises ChildError, StartError."""
    return cast("Pid | None", await _call(sup, _OnChild("restart", key)))


async def delete_child(sup: SupRef, key: Hashable) -> None:
    """Forget a child that does not run. Raises ChildError."""
    await _call(sup, _OnChild("delete", key))


async def get_childspec(sup: SupRef, key: Hashable) -> ChildSpec:
    """The spec of a child, by id or pid. Raises ChildError("not_found")."""
    return cast(ChildSpec, await _call(sup, _OnChild("spec", key)))


async def which_children(sup: SupRef) -> list[ChildInfo]:
    """All children in start order."""
    return cast("list[ChildInfo]", await _call(sup, _Ask("which")))


async def count_children(sup: SupRef) -> ChildCounts:
    """How many children there are."""
    return cast(ChildCounts, await _call(sup, _Ask("count")))


async def _call(sup: SupRef, request: object) -> object:
    answer = await gen_server.call(sup, request, timeout=None)
    if isinstance(answer, _Refused):
        raise answer.error(answer.reason)
    return answer


# -- the process


class _Server(GenServer[Family]):
    """The supervisor's process."""

    async def init(self, module: type[Supervisor], name: str | None, args: tuple[Any, ...]) -> Any:
        """Ask the callback module, check, start all children."""
        trap_exit(True)
        answer = module().init(*args)
        if answer is IGNORE:
            return IGNORE
        if not (isinstance(answer, tuple) and len(answer) == 2 and isinstance(answer[0], SupFlags)):
            return StopInit(("bad_return", (module.__name__, "init", answer)))
        flags, specs = answer
        try:
            child_spec.check(flags, specs)
        except SpecError as fault:
            return StopInit(("start_spec", fault.reason))
        family = Family(name or f"{self_()}", module, args, flags, specs[0] if flags.is_simple else None)
        if not flags.is_simple:
            family.children = {spec.id: Child(spec) for spec in specs}
            failed = await children.start_all(family, tuple(family.children))
            if failed is not None:
                await children.stop_all(family)
                return StopInit(exits.shutdown(("failed_to_start_child", *failed)))
        _publish(family)
        return family

    async def handle_call(self, request: Any, from_: Any, family: Family) -> Any:
        """The API's requests, one after another; a start function is awaited, so the next caller waits."""
        if isinstance(request, _StartChild):
            return Reply(await _start_child(family, request.what), family)
        if isinstance(request, _OnChild):
            return Reply(await _VERBS[request.verb](family, request.key), family)
        return Reply(_which(family) if request.what == "which" else _count(family), family)

    def handle_cast(self, request: Any, family: Family) -> Any:
        """A start has failed before: try again, if the child is still wanted."""
        child = family.children.get(request.key)
        if child is None or not child.restarting:
            return NoReply(family)
        decision = restart.again(family.flags, family.children, request.key, family.window, time.monotonic())
        return _perform(family, child, None, decision)

    def handle_info(self, message: Any, family: Family) -> Any:
        """A child has ended. Anything else is none of ours."""
        key = family.key_of(message.pid) if isinstance(message, Exit) and message.pid else None
        if key is None:
            return NoReply(family)
        child = family.children[key]
        pid = child.pid
        kind = child.spec.restart
        if kind is child_spec.PERMANENT or not exits.is_clean(message.reason):
            reports.error(family.name, "child_terminated", message.reason, child.spec, pid)
        family.set_pid(key, child, None)
        decision = restart.ended(family.flags, family.children, key, message.reason, family.window, time.monotonic())
        if decision[0] == (restart.Drop(key),):
            family.drop(key)
            return NoReply(family)
        return _perform(family, child, message.reason, decision)

    async def terminate(self, reason: object, family: Family) -> None:
        """The way down: all children, last started first."""
        await children.stop_all(family)


def _publish(family: Family) -> None:
    pid = self_()
    FAMILIES[pid] = family
    process = pid.target
    if process.on_exit is None:
        process.on_exit = []
    process.on_exit.append(lambda: FAMILIES.pop(pid, None))


async def _perform(family: Family, child: Child, reason: object, decision: restart.Decision) -> Any:
    """Carry out what restart has decided about a child."""
    actions, family.window = decision
    for action in actions:
        match action:
            case restart.Drop(key):
                family.drop(key)
            case restart.Stop(keys):
                await children.stop_each(family, keys)
            case restart.Start(keys):
                child.restarts += 1
                family.restarts += 1
                await _start_or_try_again(family, keys)
            case restart.GiveUp(why):
                if why == restart.TOO_OFTEN:
                    reports.error(family.name, "shutdown", (why, reason), child.spec, None)
                return Stop(exits.SHUTDOWN, family)
    return NoReply(family)


async def _start_or_try_again(family: Family, keys: tuple[Key, ...]) -> None:
    failed = await children.start_all(family, keys)
    if failed is not None:
        family.children[failed[0]].restarting = True
        gen_server.cast(self_(), _TryAgain(failed[0]))


# -- what the API asks for


async def _start_child(family: Family, what: ChildSpec | tuple[Any, ...]) -> object:
    if family.template is not None:
        return await _start_simple(family, family.template, what)
    if not isinstance(what, ChildSpec):
        return _Refused(SpecError, "invalid_child_spec")
    known = family.children.get(what.id)
    if known is not None:
        return _Refused(AlreadyStarted, known.pid) if known.pid else _Refused(StartError, "already_present")
    try:
        child_spec.check_one(family.flags, what)
        pid = await children.start(what)
    except SpecError as fault:
        return _Refused(SpecError, fault.reason)
    except StartError as failure:
        reports.error(family.name, "start_error", failure.reason, what, None)
        return _Refused(type(failure), failure.pid if isinstance(failure, AlreadyStarted) else failure.reason)
    if pid is not None or what.restart is not child_spec.TEMPORARY:
        family.add(what.id, Child(what), pid)
        reports.progress(family.name, what, pid)
    return pid


async def _start_simple(family: Family, template: ChildSpec, extra: object) -> object:
    if not isinstance(extra, tuple):
        return _Refused(SpecError, "simple_one_for_one takes arguments")
    try:
        pid = await children.start(template, extra)
    except StartError as failure:
        return _Refused(type(failure), failure.pid if isinstance(failure, AlreadyStarted) else failure.reason)
    if pid is not None:
        family.add(pid, Child(template, extra), pid)
    return pid


async def _terminate_child(family: Family, key: Key) -> object:
    if family.template is not None and not isinstance(key, Pid):
        return _Refused(ChildError, "simple_one_for_one")
    if key not in family.children:
        return _Refused(ChildError, "not_found")
    await children.stop_each(family, (key,))
    return None


async def _restart_child(family: Family, key: Key) -> object:
    refusal = _unless_down(family, key)
    if refusal is not None:
        return refusal
    child = family.children[key]
    try:
        pid = await children.start(child.spec)
    except StartError as failure:
        reports.error(family.name, "start_error", failure.reason, child.spec, None)
        return _Refused(type(failure), failure.pid if isinstance(failure, AlreadyStarted) else failure.reason)
    family.set_pid(key, child, pid)
    reports.progress(family.name, child.spec, pid)
    return pid


async def _delete_child(family: Family, key: Key) -> object:
    refusal = _unless_down(family, key)
    if refusal is None:
        family.drop(key)
    return refusal


async def _childspec(family: Family, key: Key) -> object:
    if isinstance(key, Pid):
        key = family.key_of(key)
    child = family.children.get(key)
    return child.spec if child else _Refused(ChildError, "not_found")


def _unless_down(family: Family, key: Key) -> _Refused | None:
    if family.template is not None:
        return _Refused(ChildError, "simple_one_for_one")
    child = family.children.get(key)
    if child is None:
        return _Refused(ChildError, "not_found")
    if child.restarting:
        return _Refused(ChildError, "restarting")
    return _Refused(ChildError, "running") if child.pid else None


_VERBS: dict[str, Callable[[Family, Key], Awaitable[object]]] = {
    "terminate": _terminate_child,
    "restart": _restart_child,
    "delete": _delete_child,
    "spec": _childspec,
}


def _which(family: Family) -> list[ChildInfo]:
    simple = family.template is not None
    return [
        ChildInfo(None if simple else key, "restarting" if one.restarting else one.pid, one.spec.type, one.spec.modules)
        for key, one in family.children.items()
    ]


def _count(family: Family) -> ChildCounts:
    members = family.children.values()
    supervisors = sum(one.spec.type == "supervisor" for one in members)
    specs = 1 if family.template is not None else len(members)
    return ChildCounts(specs, sum(one.pid is not None for one in members), supervisors, len(members) - supervisors)
