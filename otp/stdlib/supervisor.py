"""supervisor — starts children in order, restarts those that die, stops them in reverse order.

OTP:      module supervisor: four strategies, three restart types, intensity, significant children
Differs:  which_children lists in start order; start_child returns the Pid (None: init said ignore) or raises
Way:      child_spec (values) → [supervisor] asks restart (decides) and has children perform it
Process:  one per tree node; traps exits; its children are linked to it

    user module                 supervisor                          children
    ──────────────────────────  ──────────────────────────────────  ──────────────────────────────
    start_link ──────────────►  init: start in order ─────────────► start functions, linked
    start_child(sup, spec) ───► check, start, enter ──────────────► start function
                                Exit(pid, reason) ◄──────────────── a child ends
                                restart.ended → actions ──────────► stop group, start group
                                a start fails: TryAgain to itself
    exit signal of parent ────► terminate: stop in reverse ───────► "shutdown", then "kill"

Two servers; the second needs the first:

>>> from otp.erts import process, runtime
>>> from otp.stdlib import gen_server, supervisor
>>> from otp.stdlib.child_spec import TRANSIENT, Strategy, SupFlags
>>> from otp.stdlib.supervisor import Supervisor
>>> class Part(gen_server.GenServer[str]):
...     def init(self, what):
...         print(what, "starts")
...         process.trap_exit()
...         return what
...     def terminate(self, reason, what):
...         print(what, "ends:", reason)
>>> class AcmeSup(Supervisor):
...     def init(self):
...         return SupFlags(Strategy.REST_FOR_ONE, intensity=10, period=1), [
...             gen_server.spec(Part, "db", name="db"),
...             gen_server.spec(Part, "web", name="web", restart=TRANSIENT),
...         ]
>>> async def main():
...     process.trap_exit()
...     sup = await supervisor.start_link(AcmeSup, name="acme_sup")
...     process.exit_(process.whereis("db"), "kill")
...     print(await supervisor.count_children(sup))
...     await gen_server.stop(sup, "shutdown")
>>> runtime.run(main)
db starts
web starts
web ends: shutdown
db starts
web starts
ChildCounts(specs=2, active=2, supervisors=0, workers=2)
web ends: shutdown
db ends: shutdown
"""

import logging
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from otp.erts import exits
from otp.erts.clock import CLOCK
from otp.erts.exits import StartError
from otp.erts.pid import Pid
from otp.erts.process import Dest, self_, sleep, trap_exit
from otp.erts.registry import Name
from otp.erts.signals import Exit
from otp.stdlib import child_admin, child_spec, children, gen, gen_server, reports, restart
from otp.stdlib.callback import Callbacks, callbacks
from otp.stdlib.child_admin import ChildCounts, ChildError, ChildInfo, ChildRefused
from otp.stdlib.child_spec import ChildSpec, SpecError, SupFlags
from otp.stdlib.children import FAMILIES, Child, Family
from otp.stdlib.gen_server import IGNORE, GenServer, NoReply, Reply, Stop, StopInit
from otp.stdlib.restart import Key

__all__ = [
    "ChildCounts",
    "ChildError",
    "ChildInfo",
    "SupInit",
    "Supervisor",
    "change_code",
    "check_childspecs",
    "count_children",
    "delete_child",
    "get_callback_module",
    "get_childspec",
    "restart_child",
    "spec",
    "start_child",
    "start_link",
    "terminate_child",
    "which_children",
]

log = logging.getLogger("otp.supervisor")
SupInit = tuple[SupFlags | Mapping[str, Any], Sequence[ChildSpec | Mapping[str, Any]]]
SupRef = Dest


class Supervisor(Callbacks):
    """The callback module: `init` says what the tree looks like, and nothing else."""

    def init(self, *args: Any) -> SupInit:
        """Return (flags, child specs in start order), or IGNORE."""
        raise NotImplementedError


# -- requests


@dataclass(frozen=True, slots=True)
class _StartChild:
    what: ChildSpec | Mapping[str, Any] | tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _OnChild:
    verb: Literal["terminate", "restart", "delete", "spec"]
    key: Key


@dataclass(frozen=True, slots=True)
class _Ask:
    what: Literal["which", "count", "module"]


@dataclass(frozen=True, slots=True)
class _TryAgain:
    key: Key


# -- API


async def start_link(module: type[Supervisor], *args: Any, name: Name | None = None) -> Pid:
    """Start a supervisor with all its children, linked to the caller.

    Raises Ignored if init said IGNORE; StartError: ("shutdown", ("failed_to_start_child", id, reason)),
    ("start_spec", fault), AlreadyStarted.
    """
    return await gen_server.start_link(_Server, module, name, args, name=name)


def spec(
    module: type[Supervisor],
    *args: Any,
    id: Hashable = None,
    name: Name | None = None,
    restart: child_spec.Restart = child_spec.PERMANENT,
) -> ChildSpec:
    """The spec of a supervisor as child of another; its id is `id`, else `name`, else the class's name."""
    start = child_spec.StartCall(start_link, (module, *args), {"name": name})
    return ChildSpec(id or gen.plain(name) or module.__name__, start, restart, type="supervisor")


async def start_child(sup: SupRef, what: ChildSpec | Mapping[str, Any] | tuple[Any, ...] | list[Any]) -> Any:
    """Start one more child: its spec, or for simple_one_for_one the arguments to add to those of the one spec.

    Returns what its start function did: its Pid, (Pid, info), or None.

    Raises AlreadyStarted(pid), StartError("already_present") for a known id that does not run, or StartError with
    the reason the child did not start for (it is then not entered); SpecError for a spec that cannot live here.
    """
    return await _call(sup, _StartChild(tuple(what) if isinstance(what, list) else what))


async def terminate_child(sup: SupRef, key: Hashable) -> None:
    """Stop a child, by id (simple_one_for_one: by pid). The spec of a temporary one goes too. Raises ChildError."""
    await _call(sup, _OnChild("terminate", key))


async def restart_child(sup: SupRef, key: Hashable) -> Any:
    """Start a child that does not run; returns what its start function did. Raises ChildError, StartError."""
    return await _call(sup, _OnChild("restart", key))


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


async def get_callback_module(sup: SupRef) -> type[Supervisor]:
    """The class whose init says what the tree looks like."""
    return cast("type[Supervisor]", await _call(sup, _Ask("module")))


def check_childspecs(specs: Sequence[ChildSpec | Mapping[str, Any]], flags: SupFlags | None = None) -> None:
    """Refuse specs that cannot live together (under such flags; by default one_for_one). Raises SpecError."""
    child_spec.check(flags or SupFlags(), [child_spec.as_spec(one) for one in specs])


async def change_code(sup: SupRef, module: type[Supervisor] | None = None) -> None:
    """Ask init (of `module`, if given) for flags and specs again. Running children stay as they are; new ones do
    not start by themselves. Raises RuntimeError, and all stays as it was, if init or its specs are at fault. It is
    suspended meanwhile.
    """
    status: dict[str, Any] = await gen.system(sup, "get_status")
    await gen.system(sup, "suspend")
    try:
        await gen.system(sup, "code_change", _Server(), None, module)
    finally:
        if not status["suspended"]:
            await gen.system(sup, "resume")


async def _call(sup: SupRef, request: object) -> object:
    answer = await gen_server.call(sup, request, timeout=None)
    if isinstance(answer, ChildRefused):
        raise answer.error(answer.reason)
    return answer


# -- the process


class _Server(GenServer[Family]):
    """The supervisor's process."""

    async def init(self, module: type[Supervisor], name: Name | None, args: tuple[Any, ...]) -> Any:
        """Ask the callback module, check, start all children."""
        trap_exit(True)
        answer = _ask_module(module, args)
        if answer is IGNORE:
            return IGNORE
        flags, specs = answer
        family = Family(str(gen.plain(name) or self_()), module, args, flags, specs[0] if flags.is_simple else None)
        _publish(family)
        if not flags.is_simple:
            family.children = {spec.id: Child(spec) for spec in specs}
            failed = await children.start_all(family, tuple(family.children))
            if failed is not None:
                await children.stop_all(family)
                return StopInit(exits.shutdown(("failed_to_start_child", *failed)))
        return family

    async def handle_call(self, request: Any, from_: Any, family: Family) -> Any:
        """The API's requests, one after another; a start function is awaited, so the next caller waits."""
        if isinstance(request, _StartChild):
            return Reply(await child_admin.start_child(family, request.what), family)
        if isinstance(request, _OnChild):
            return Reply(await child_admin.VERBS[request.verb](family, request.key), family)
        if not isinstance(request, _Ask):
            raise exits.ProcessExit(("undef", "handle_call", request))
        if request.what == "module":
            return Reply(family.module, family)
        return Reply(child_admin.which(family) if request.what == "which" else child_admin.count(family), family)

    def handle_cast(self, request: Any, family: Family) -> Any:
        """A start has failed before: try again, if the child is still wanted."""
        if not isinstance(request, _TryAgain):
            return self.handle_info(request, family)
        child = family.children.get(request.key)
        if child is None or not child.restarting:
            return NoReply(family)
        decision = restart.again(family.flags, family.children, request.key, family.window, CLOCK.monotonic())
        return _perform(family, child, None, decision)

    def handle_info(self, message: Any, family: Family) -> Any:
        """A child has ended. Other messages are unexpected and logged; exits of processes linked for other reasons are
        ignored."""
        if not isinstance(message, Exit):
            log.error("supervisor %s got an unexpected message: %.200r", family.name, message)
            return NoReply(family)
        key = family.key_of(message.pid) if message.pid else None
        if key is None:
            return NoReply(family)
        child = family.children[key]
        pid = child.pid
        kind = child.spec.restart
        if kind is child_spec.PERMANENT or not exits.is_clean(message.reason):
            reports.error(family.name, "child_terminated", message.reason, child.spec, pid)
        family.record_end(child, message.reason)
        family.set_pid(key, child, None)
        decision = restart.ended(family.flags, family.children, key, message.reason, family.window, CLOCK.monotonic())
        if decision[0] == (restart.ForgetChild(key),):
            family.drop(key)
            return NoReply(family)
        return _perform(family, child, message.reason, decision)

    async def terminate(self, reason: object, family: Family) -> None:
        """The way down: all children, last started first."""
        await children.stop_all(family)

    def code_change(self, old_vsn: object, family: Family, extra: Any) -> Family:
        """Flags and specs as the module's init (`extra`: another class in its place) now says; nobody is restarted."""
        module = extra or family.module
        children.renew(family, *_ask_module(module, family.args))
        family.module = module
        return family

    def format_status(self, family: Family) -> Any:
        """In short: there may be tens of thousands of children."""
        return {"name": family.name, "module": family.module.__qualname__, "children": len(family.children)}


def _ask_module(module: type[Supervisor], args: tuple[Any, ...]) -> Any:
    """What init says, checked: (flags, specs) or IGNORE. Raises StartError as OTP names it."""
    answer = callbacks(module, Supervisor).init(*args)
    if answer is IGNORE:
        return IGNORE
    if not (isinstance(answer, tuple) and len(answer) == 2 and isinstance(answer[0], SupFlags | Mapping)):
        raise StartError(("bad_return", (module.__name__, "init", answer)))
    try:
        flags = child_spec.as_flags(answer[0])
    except SpecError as fault:
        raise StartError(("supervisor_data", fault.reason)) from fault
    try:
        specs = [child_spec.as_spec(one) for one in answer[1]]
        child_spec.check(flags, specs)
    except SpecError as fault:
        raise StartError(("start_spec", fault.reason)) from fault
    return flags, specs


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
            case restart.ForgetChild(key):
                family.drop(key)
            case restart.StopChild(keys):
                await children.stop_each(family, keys)
            case restart.StartChild(keys):
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
        # what holds the name may be dying (a killed supervisor's children): in BEAM that happens concurrently
        await sleep(0)
        gen_server.cast(self_(), _TryAgain(failed[0]))
