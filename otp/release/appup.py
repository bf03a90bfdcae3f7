"""appup — how an application goes from one version to another while it runs. Pure.

OTP:      appup(4), relup(4), systools_rc.erl (translation of high-level instructions)
Way:      APP.appup.toml → [appup] → release_handler performs the low-level instructions
Differs:  TOML; modules need no list of dependencies, they are loaded in the order of the file

    vsn = "2.0"
    [[up]]
    from = "1.0"
    instructions = [
        ["load_module", "shop.prices"],                # code without processes
        ["update", "shop.till", "advanced", "extra"],  # suspend, load, code_change(old vsn, state, extra), resume
        ["update", "shop.sup", "supervisor"],          # new flags and specs from init; children go on
        ["add_module", "shop.card"], ["delete_module", "shop.cash"],
        ["apply", "shop.till:announce", ["2.0"]],
        ["restart_application", "shop"], ["restart_emulator"],
    ]
    [[down]]
    to = "1.0"
    instructions = […]
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Instruction = tuple[Any, ...]

#: low-level instruction -> how many arguments it has
LOW: Final = {
    "suspend": 1,
    "load": 1,
    "code_change": 2,
    "supervisor_change": 1,
    "resume": 1,
    "remove": 1,
    "stop_application": 1,
    "start_application": 1,
    "apply": 2,
    "restart_emulator": 0,
}
#: high-level instruction -> the least and the most arguments
HIGH: Final = {
    "update": (1, 3),
    "load_module": (1, 1),
    "add_module": (1, 1),
    "delete_module": (1, 1),
    "restart_application": (1, 1),
    "add_application": (1, 1),
    "remove_application": (1, 1),
    "apply": (1, 2),
    "restart_emulator": (0, 0),
}


class AppupError(Exception):
    """An appup that cannot be used: all that is wrong with it, one line each."""


@dataclass(frozen=True, slots=True)
class Appup:
    """The version it belongs to, and the instructions from and to others."""

    vsn: str
    up: Mapping[str, tuple[Instruction, ...]]
    down: Mapping[str, tuple[Instruction, ...]]

    def path(self, running: str, wanted: str) -> tuple[Instruction, ...]:
        """The instructions from the running version to the wanted one. Raises: AppupError if there are none."""
        if wanted == self.vsn and running in self.up:
            return self.up[running]
        if running == self.vsn and wanted in self.down:
            return self.down[wanted]
        raise AppupError(f"no way from {running} to {wanted}: this is the appup of {self.vsn}")


def parse(text: str, source: str = "appup.toml") -> Appup:
    """The Appup in the text of a file; `source` names it in errors. Raises: AppupError."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise AppupError(f"{source}: not TOML: {exc}") from exc
    problems = [*_problems(table)]
    if problems:
        raise AppupError("\n".join(f"{source}: {problem}" for problem in problems))
    ways = {
        way: {entry[key]: tuple(tuple(i) for i in entry["instructions"]) for entry in table.get(way, [])}
        for way, key in (("up", "from"), ("down", "to"))
    }
    return Appup(table["vsn"], ways["up"], ways["down"])


def translate(instructions: Sequence[Instruction]) -> list[Instruction]:
    """Low-level instructions for high-level ones; those that are low already stay. Raises: AppupError."""
    low: list[Instruction] = []
    for instruction in instructions:
        if problem := _problem(instruction):
            raise AppupError(problem)
        low += _translated(*instruction)
    return low


def _translated(op: str, *args: Any) -> Iterable[Instruction]:
    match op, *args:
        case "update", module, "supervisor":
            return [("load", module), ("supervisor_change", module)]
        case "update", module, *how:
            soft = not how or how[0] == "soft"
            change = [] if soft else [("code_change", module, how[1] if len(how) > 1 else None)]
            return [("suspend", module), ("load", module), *change, ("resume", module)]
        case "load_module" | "add_module", module:
            return [("load", module)]
        case "delete_module", module:
            return [("remove", module)]
        case "restart_application", app:
            return [("stop_application", app), ("start_application", app)]
        case "add_application", app:
            return [("start_application", app)]
        case "remove_application", app:
            return [("stop_application", app)]
        case "apply", fn, *rest:
            return [("apply", fn, rest[0] if rest else ())]
    return [(op, *args)]


def _problems(table: Mapping[str, Any]) -> Iterable[str]:
    if not isinstance(table.get("vsn"), str):
        yield "'vsn' must be a string"
    for key in table:
        if key not in ("vsn", "up", "down"):
            yield f"unknown key {key!r}"
    for way, other in (("up", "from"), ("down", "to")):
        entries = table.get(way, [])
        if not isinstance(entries, list):
            yield f"{way!r} must be [[{way}]] tables"
            continue
        for entry in entries:
            if not isinstance(entry.get(other), str) or not isinstance(entry.get("instructions"), list):
                yield f"each [[{way}]] has {other!r} and 'instructions'"
                continue
            yield from filter(None, map(_problem, entry["instructions"]))


def _problem(instruction: Any) -> str | None:
    """What is wrong with one instruction, or None."""
    if not isinstance(instruction, (list, tuple)) or not instruction or not isinstance(instruction[0], str):
        return f"no instruction: {instruction!r}"
    op, count = instruction[0], len(instruction) - 1
    least, most = HIGH.get(op, (LOW.get(op, -1),) * 2)
    if least < 0:
        return f"unknown instruction {op!r}"
    if not least <= count <= most and count != LOW.get(op, -1):
        return f"{op!r} has {count} arguments: {instruction!r}"
    if count and not isinstance(instruction[1], str):
        return f"{op!r} is of a module or an application by name: {instruction!r}"
    if op == "update" and count > 1 and instruction[2] not in ("supervisor", "soft", "advanced"):
        return f"'update' is soft, advanced or supervisor: {instruction!r}"
    return None
