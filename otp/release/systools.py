"""systools — turns a release and its applications into a boot script. Pure.

OTP:      systools:make_script/1, rel(4), script(4)
Way:      app_resource → [systools] → boot
Differs:  the script is a value, not a file; Python's own import loads modules when an application starts

    name = "xmppd"
    vsn = "0.1.0"
    [applications]                 # each with its restart type
    kernel = "permanent"
    stdlib = "permanent"
    xmppd = "permanent"
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from otp.kernel.app_resource import AppSpec

TYPES: Final = ("permanent", "transient", "temporary", "load", "none")
#: what they do with an application: start it; «load» only makes it known, «none» not even that
_STARTED: Final = ("permanent", "transient", "temporary")
#: applications without which nothing boots
MANDATORY: Final = ("kernel", "stdlib")


class ReleaseError(Exception):
    """A release from which no boot script can be made."""


@dataclass(frozen=True, slots=True)
class Release:
    """What a release file says: (application, restart type) in the order of the file."""

    name: str
    vsn: str
    applications: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Load:
    """Step: make an application known to the controller, with its environment."""

    spec: AppSpec


@dataclass(frozen=True, slots=True)
class Start:
    """Step: start a loaded application; what its end means for the node is its restart type."""

    app: str
    type_: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Step: a mark that init:get_status/0 reports."""

    mark: str


Step = Load | Start | Progress


@dataclass(frozen=True, slots=True)
class Script:
    """A boot script: its steps are carried out one after the other by boot."""

    name: str
    vsn: str
    steps: tuple[Step, ...]


def parse_release(text: str, source: str = "rel.toml") -> Release:
    """The Release in the text of a release file; `source` names it in errors. Raises ReleaseError."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise ReleaseError(f"{source}: not TOML: {exc}") from exc
    problems = [*_release_problems(table)]
    if problems:
        raise ReleaseError("\n".join(f"{source}: {problem}" for problem in problems))
    return Release(table["name"], table["vsn"], tuple(table["applications"].items()))


def make_script(release: Release, specs: Mapping[str, AppSpec]) -> Script:
    """The boot script of a release: all is loaded, then started; dependencies first, else as in the file.

    `specs` holds the AppSpec of at least every application of the release.
    Raises: ReleaseError for missing, duplicate or circular applications, all missing ones in one message.
    """
    _check_present(release, specs)
    chosen = {name: specs[name] for name, _ in release.applications}
    _check_owned("register the name", {spec.name: spec.registered for spec in chosen.values()})
    _check_owned("hold the module", {spec.name: spec.modules for spec in chosen.values()})
    _check_owned("include", {spec.name: spec.included_applications for spec in chosen.values()})
    types = dict(release.applications)
    ordered = [name for name in sort_applications(chosen) if types[name] != "none"]
    inside = {name for spec in chosen.values() for name in spec.included_applications}
    loads = [Load(chosen[name]) for name in ordered]
    starts = [Start(name, types[name]) for name in ordered if types[name] in _STARTED and name not in inside]
    steps: list[Step] = [*loads, Progress("applications_loaded"), *starts, Progress("started")]
    return Script(release.name, release.vsn, tuple(steps))


def sort_applications(specs: Mapping[str, AppSpec]) -> list[str]:
    """The names of `specs` with dependencies before dependents, otherwise in the mapping's order.

    Raises: ReleaseError when applications need each other in a circle; the circle is named.
    """
    ordered: dict[str, None] = {}
    for name in specs:
        _visit(name, specs, ordered, [])
    return list(ordered)


def _visit(name: str, specs: Mapping[str, AppSpec], ordered: dict[str, None], path: list[str]) -> None:
    if name in ordered:
        return
    if name in path:
        circle = " -> ".join([*path[path.index(name) :], name])
        raise ReleaseError(f"applications need each other in a circle: {circle}")
    spec = specs[name]
    for needed in (*spec.included_applications, *spec.applications, *spec.optional_applications):
        if needed in specs:
            _visit(needed, specs, ordered, [*path, name])
    ordered[name] = None


def _check_present(release: Release, specs: Mapping[str, AppSpec]) -> None:
    listed = [name for name, _ in release.applications]
    problems = [f"{name!r} must be part of every release" for name in MANDATORY if name not in listed]
    for name in listed:
        if name not in specs:
            problems.append(f"{name!r} has no application resource" + _near(name, specs))
            continue
        needs = (*specs[name].applications, *specs[name].included_applications)
        absent = [needed for needed in needs if needed not in listed]
        problems += [f"{name!r} needs {needed!r}, which the release leaves out" for needed in absent]
    if problems:
        raise ReleaseError("\n".join(f"release {release.name}: {problem}" for problem in problems))


def _check_owned(verb: str, things: Mapping[str, Iterable[str]]) -> None:
    """What belongs to one application only: a name, a module, an included application."""
    owner: dict[str, str] = {}
    for app, owned in things.items():
        for thing in owned:
            if thing in owner:
                raise ReleaseError(f"{owner[thing]!r} and {app!r} both {verb} {thing!r}")
            owner[thing] = app


def _near(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _release_problems(table: Mapping[str, Any]) -> Sequence[str]:
    known = ("name", "vsn", "applications")
    problems = [f"unknown key {key!r}{_near(key, known)}" for key in table if key not in known]
    strings = ("name", "vsn")
    problems += [f"{key!r} must be a string" for key in strings if not isinstance(table.get(key), str)]
    apps = table.get("applications")
    if not isinstance(apps, dict) or not apps:
        return [*problems, "'applications' must be a table of name = restart type"]
    for name, type_ in apps.items():
        if type_ not in TYPES:
            problems.append(f"{name!r} has restart type {type_!r}; it is one of {', '.join(TYPES)}")
    return problems
