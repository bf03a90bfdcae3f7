"""app_resource — reads NAME.app.toml, the file that says what an application is made of.

OTP:      application resource file, app(4)
Way:      [app_resource] → systools → boot → application_controller
Differs:  TOML instead of a term; data only, so that a boot can be ordered without running any of the code

    name = "greeter"
    vsn = "1.0"
    mod = "greeter.app:GreeterApp"          # absent in a library application
    applications = ["kernel", "stdlib"]     # up before us, down after us
    included_applications = []              # loaded with us; our own tree starts them
    start_phases = ["init", "go"]           # start_phase() of ours and of the included ones that name it, in this order
    registered = ["greeter_sup"]
    env = { greeting = "hello" }
"""

from __future__ import annotations

import difflib
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

_MOD: Final = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*\Z")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*\Z")
_STRINGS: Final = (
    "modules",
    "registered",
    "applications",
    "optional_applications",
    "included_applications",
    "start_phases",
)
_KEYS: Final = ("name", "vsn", "id", "description", "mod", "env", *_STRINGS)


class AppResourceError(Exception):
    """An application resource that cannot be used: all that is wrong with it, one line each."""

    def __init__(self, source: str, problems: Iterable[str]) -> None:
        self.source = source
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{source}: {problem}" for problem in self.problems))


@dataclass(frozen=True, slots=True)
class AppSpec:
    """What an application resource says.

    `mod` is "package.module:Class" of the Application behaviour, None for a library application;
    `applications` must run before it, `optional_applications` too if they are there at all;
    `env` holds the defaults of its settings.
    """

    name: str
    vsn: str
    description: str = ""
    mod: str | None = None
    modules: tuple[str, ...] = ()
    registered: tuple[str, ...] = ()
    applications: tuple[str, ...] = ()
    optional_applications: tuple[str, ...] = ()
    included_applications: tuple[str, ...] = ()
    start_phases: tuple[str, ...] = ()
    id: str = ""
    env: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


def parse(text: str, source: str = "app.toml") -> AppSpec:
    """The AppSpec in the text of a resource; `source` names it in errors. Raises AppResourceError."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise AppResourceError(source, [f"not TOML: {exc}"]) from exc
    problems = [*_unknown(table), *_wrong(table)]
    if problems:
        raise AppResourceError(source, problems)
    lists = {key: tuple(table.get(key, ())) for key in _STRINGS}
    return AppSpec(
        name=table["name"],
        vsn=table["vsn"],
        description=table.get("description", ""),
        id=table.get("id", ""),
        mod=table.get("mod"),
        env=MappingProxyType(table.get("env", {})),
        **lists,
    )


def read(path: Path) -> AppSpec:
    """The AppSpec in a file called NAME.app.toml. Raises AppResourceError, also when the names differ."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise AppResourceError(str(path), [f"cannot be read: {exc}"]) from exc
    spec = parse(text, str(path))
    expected = path.name.removesuffix(".app.toml")
    if spec.name != expected:
        raise AppResourceError(str(path), [f"name is {spec.name!r}, but the file says {expected!r}"])
    return spec


def locate(name: str, code_path: Iterable[str | Path] | None = None) -> Path:
    """The file of an application, in DIR/NAME/ or DIR/otp/NAME/ for a DIR of the code path (sys.path).

    Raises: AppResourceError, naming the folders that were searched.
    """
    dirs = [Path(d) for d in (sys.path if code_path is None else code_path) if str(d)]
    for base in dirs:
        for folder in (base / name, base / "otp" / name):
            path = folder / f"{name}.app.toml"
            if path.is_file():
                return path
    searched = ", ".join(map(str, dirs))
    raise AppResourceError(f"{name}.app.toml", [f"no such application: searched {searched}"])


def find(name: str, code_path: Iterable[str | Path] | None = None) -> AppSpec:
    """read(locate(name)): the spec of an application on the code path. Raises AppResourceError."""
    return read(locate(name, code_path))


def _unknown(table: Mapping[str, Any]) -> Iterable[str]:
    for key in table:
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, n=1)
            yield f"unknown key {key!r}" + (f"; did you mean {near[0]!r}?" if near else "")


def _wrong(table: Mapping[str, Any]) -> Iterable[str]:
    for key in ("name", "vsn"):
        if key not in table:
            yield f"{key!r} is missing"
    for key in ("name", "vsn", "id", "description", "mod"):
        if not isinstance(table.get(key, ""), str):
            yield f"{key!r} must be a string"
    for key in _STRINGS:
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            yield f"{key!r} must be a list of strings"
        elif len(set(value)) != len(value):
            yield f"{key!r} names something twice"
    if not isinstance(table.get("env", {}), dict):
        yield "'env' must be a table"
    yield from _malformed(table)


def _malformed(table: Mapping[str, Any]) -> Iterable[str]:
    name, mod = table.get("name"), table.get("mod")
    if isinstance(name, str) and not _NAME.match(name):
        yield f"'name' must be a lower-case identifier, not {name!r}"
    if isinstance(mod, str) and not _MOD.match(mod):
        yield f"'mod' must look like 'package.module:Class', not {mod!r}"
    for key in ("applications", "included_applications"):
        needs = table.get(key)
        if isinstance(needs, list) and name in needs:
            yield f"{name!r} cannot depend on itself"
