"""child_admin — a supervisor's requests about single children: start, terminate, restart, delete, count.

OTP:      the handle_call clauses of supervisor.erl
Differs:  the refusals {error, running} and so on travel as ChildRefused and are raised in the caller
Way:      supervisor.start_child … → request → [child_admin] in the supervisor's process → answer
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from otp.erts.exits import AlreadyStarted, StartError
from otp.erts.pid import Pid
from otp.erts.process import is_alive
from otp.stdlib import child_spec, children, reports
from otp.stdlib.child_spec import ChildSpec, SpecError
from otp.stdlib.children import Child, Family
from otp.stdlib.restart import Key


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


@dataclass(frozen=True, slots=True)
class ChildRefused:
    """An answer that is raised at the caller as error(reason)."""

    error: Callable[..., Exception]
    reason: object


async def start_child(family: Family, what: ChildSpec | Mapping[str, Any] | tuple[Any, ...]) -> object:
    """Start and enter one more child; what its start function returned, or Refused."""
    if family.template is not None:
        return await _start_simple(family, family.template, what)
    try:
        return await _start_one(family, child_spec.as_spec(cast(ChildSpec, what)))
    except SpecError as fault:
        return ChildRefused(lambda reason: SpecError(*reason), fault.reason)


async def _start_one(family: Family, what: ChildSpec) -> object:
    known = family.children.get(what.id)
    if known is not None:
        return ChildRefused(AlreadyStarted, known.pid) if known.pid else ChildRefused(StartError, "already_present")
    child_spec.check_one(family.flags, what)
    try:
        started = await children.start(what)
    except StartError as failure:
        reports.error(family.name, "start_error", failure.reason, what, None)
        return _refused(failure)
    pid = children.pid_of(started)
    if pid is not None or what.restart is not child_spec.TEMPORARY:
        family.add(what.id, Child(what), pid)
        reports.progress(family.name, what, pid)
    return started


def _refused(failure: StartError) -> ChildRefused:
    if isinstance(failure, AlreadyStarted):
        return ChildRefused(AlreadyStarted, failure.pid)
    return ChildRefused(StartError, failure.reason)


async def _start_simple(family: Family, template: ChildSpec, extra: object) -> object:
    if not isinstance(extra, tuple):
        return ChildRefused(SpecError, "simple_one_for_one takes arguments")
    try:
        started = await children.start(template, extra)
    except StartError as failure:
        return _refused(failure)
    pid = children.pid_of(started)
    if pid is not None:
        family.add(pid, Child(template, extra), pid)
    return started


async def _terminate_child(family: Family, key: Key) -> object:
    if family.template is not None and not isinstance(key, Pid):
        return ChildRefused(ChildError, "simple_one_for_one")
    if key not in family.children:
        gone = family.template is not None and isinstance(key, Pid) and not is_alive(key)
        return None if gone else ChildRefused(ChildError, "not_found")
    await children.stop_each(family, (key,))
    return None


async def _restart_child(family: Family, key: Key) -> object:
    refusal = _unless_down(family, key)
    if refusal is not None:
        return refusal
    child = family.children[key]
    try:
        started = await children.start(child.spec)
    except StartError as failure:
        reports.error(family.name, "start_error", failure.reason, child.spec, None)
        return _refused(failure)
    pid = children.pid_of(started)
    family.set_pid(key, child, pid)
    reports.progress(family.name, child.spec, pid)
    return started


async def _delete_child(family: Family, key: Key) -> object:
    refusal = _unless_down(family, key)
    if refusal is None:
        family.drop(key)
    return refusal


async def _childspec(family: Family, key: Key) -> object:
    if isinstance(key, Pid):
        key = family.key_of(key)
    child = family.children.get(key)
    return child.spec if child else ChildRefused(ChildError, "not_found")


def _unless_down(family: Family, key: Key) -> ChildRefused | None:
    if family.template is not None:
        return ChildRefused(ChildError, "simple_one_for_one")
    child = family.children.get(key)
    if child is None:
        return ChildRefused(ChildError, "not_found")
    if child.restarting:
        return ChildRefused(ChildError, "restarting")
    return ChildRefused(ChildError, "running") if child.pid else None


VERBS: Final[dict[str, Callable[[Family, Key], Awaitable[object]]]] = {
    "terminate": _terminate_child,
    "restart": _restart_child,
    "delete": _delete_child,
    "spec": _childspec,
}


def which(family: Family) -> list[ChildInfo]:
    """All children in start order."""
    simple = family.template is not None
    return [
        ChildInfo(None if simple else key, "restarting" if one.restarting else one.pid, one.spec.type, one.spec.modules)
        for key, one in family.children.items()
    ]


def count(family: Family) -> ChildCounts:
    """How many there are."""
    members = family.children.values()
    supervisors = sum(one.spec.type == "supervisor" for one in members)
    specs = 1 if family.template is not None else len(members)
    return ChildCounts(specs, sum(one.pid is not None for one in members), supervisors, len(members) - supervisors)
