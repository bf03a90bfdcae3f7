"""reader — one key at a time: flag, environment, file or default, and where it came from.

OTP:      none
Way:      config.load → [reader] → config.schema

Precedence: flag (`--set section.key=value`), then environment (`XMPPD_SECTION_KEY`, or the content of the
file that `XMPPD_SECTION_KEY_FILE` names), then file, then default. Nothing is raised here: each error is
noted, and the default stands in, so that the next error is found too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path as FilePath
from typing import Any

from xmppd.config.kinds import Kind, suggest
from xmppd.config.lines import Path
from xmppd.config.problems import Problem

PREFIX = "XMPPD_"


def env_name(path: Path) -> str:
    """Return the variable of a key: `("limits", "rate")` is `XMPPD_LIMITS_RATE`; arrays count from 1."""
    parts = [str(part + 1) if isinstance(part, int) else part for part in path]
    return PREFIX + "_".join(re.sub(r"[^A-Z0-9]", "_", part.upper()) for part in parts)


def dotted(path: Path) -> str:
    """Return the name of a key as `config explain` and `--set` take it: `listen.1.port`."""
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in path)


@dataclass
class SectionReader:
    """The sources, and what was found out while reading them."""

    file: str
    lines: Mapping[Path, int]
    env: Mapping[str, str]
    flags: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)
    origins: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    bad: set[Path] = field(default_factory=set)

    def problem(self, path: Path, text: str) -> None:
        """Note an error at the place of a key, or of the nearest table around it; one a key is enough."""
        if path in self.bad:
            return
        self.bad.add(path)
        origin = self.origins.get(dotted(path), "") if self.line(path) else self._outside_around(path)
        if origin.startswith(("--set", PREFIX)):
            self.problems.append(Problem(origin, 0, text))
            return
        self.problems.append(Problem(self.file, self.line(path), text))

    def _outside_around(self, path: Path) -> str:
        """Return the flag or variable of a key that is not in the file, or of one beside it: to that it is due."""
        near = (dotted(path), *(name for name in self.origins if name.startswith(dotted(path[:-1]) + ".")))
        found = (self.origins.get(name, "") for name in near)
        return next((origin for origin in found if origin.startswith(("--set", PREFIX))), "")

    def line(self, path: Path) -> int:
        """Return the line of a key, or of the nearest table around it; 0 if it is not in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 0)

    def place(self, path: Path) -> None:
        """Remember where in the file a key was set, if it was."""
        if line := self.line(path):
            self.origins[dotted(path)] = f"{self.file}:{line}"

    def outside(self, path: Path) -> tuple[str, str] | None:
        """Return (text, origin) of a key set by a flag or by the environment."""
        name, variable = dotted(path), env_name(path)
        self.used.update(each for each in (variable, variable + "_FILE") if each in self.env)
        if name in self.flags:
            self.used.add(name)
            return self.flags[name], f"--set {name}"
        if variable in self.env:
            return self.env[variable], variable
        if variable + "_FILE" in self.env:
            return self._content(variable + "_FILE")
        return None

    def _content(self, variable: str) -> tuple[str, str] | None:
        try:
            text = FilePath(self.env[variable]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            self.problems.append(Problem(variable, 0, f"cannot be read: {error}"))
            return None
        return text.rstrip("\n"), variable

    def value(self, path: Path, kind: Kind, table: Mapping[str, Any], default: Any) -> Any:
        """Return the value of one key, by precedence; a bad one is recorded, and the default stands in."""
        given = self.outside(path)
        try:
            if given is not None:
                self.origins[dotted(path)] = given[1]
                return kind.from_text(given[0])
            if path[-1] in table:
                self.place(path)
                return kind.parse(table[str(path[-1])])
        except ValueError as error:
            self.problem(path, f"{dotted(path)} {error}")
        return default

    def section(self, owner: type, path: Path, raw: object, also: Iterable[str] = ()) -> dict[str, Any]:
        """Read all keys of one dataclass from one table; `also` are keys its caller reads itself."""
        table = self.table(path, raw)
        known = {f.name: f for f in fields(owner) if "kind" in f.metadata}
        self.unknown(path, table, [*known, *also])
        return {name: self.value((*path, name), f.metadata["kind"], table, default_of(f)) for name, f in known.items()}

    def table(self, path: Path, raw: object) -> Mapping[str, Any]:
        """Return a table, or an empty one and a recorded error if it is something else."""
        if isinstance(raw, Mapping):
            return raw
        if raw is not None:
            self.problem(path, f"{dotted(path)} must be a table: [{dotted(path)}]")
        return {}

    def unknown(self, path: Path, table: Mapping[str, Any], known: list[str]) -> None:
        """Note each key of a table that has no meaning."""
        for name in table:
            if name not in known:
                full = dotted((*path, name))
                hint = suggest(name, known) or (f"; there are {', '.join(known)}" if known else "; it takes none")
                self.problem((*path, name), f'unknown key "{full}"{hint}')


def default_of(declared: Field[Any]) -> Any:
    """Return the default of a declared field."""
    if callable(declared.default_factory):
        return declared.default_factory()
    return declared.default
