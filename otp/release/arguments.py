"""arguments — the command line of a node: flags with their values, and plain words. Pure.

OTP:      init:get_arguments/0, get_argument/1, get_plain_arguments/0
Differs:  none: -flag value value …; «--» ends the values of a flag, plain words follow; after «-extra» all is plain

    >>> from otp.release.arguments import parse
    >>> parse(["-boot", "start", "-a", "x", "y", "--", "file", "-a", "z"])
    Arguments(flags=(('boot', ('start',)), ('a', ('x', 'y')), ('a', ('z',))), plain=('file',))
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_VARIABLE: Final = re.compile(r"\$([A-Za-z_]\w*)(?=/|\Z)")


class UnknownVariable(Exception):
    """A setting begins with $NAME/, and no -boot_var says what NAME is."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a command line says: its flags in order, each with its values, and the plain words."""

    flags: tuple[tuple[str, tuple[str, ...]], ...] = ()
    plain: tuple[str, ...] = ()

    def get(self, flag: str) -> list[tuple[str, ...]] | None:
        """The values of each time the flag was given; None if it was not."""
        return [values for name, values in self.flags if name == flag] or None

    def variables(self) -> dict[str, str]:
        """What -boot_var NAME VALUE … says."""
        pairs: dict[str, str] = {}
        for values in self.get("boot_var") or []:
            pairs.update(zip(values[::2], values[1::2], strict=False))
        return pairs


def parse(words: Sequence[str]) -> Arguments:
    """The Arguments of a command line, without the program's own name."""
    flags: list[tuple[str, list[str]]] = []
    plain: list[str] = []
    taking: list[str] = plain
    for n, word in enumerate(words):
        if word == "-extra":
            plain += words[n + 1 :]
            break
        if word == "--":
            taking = plain
        elif word.startswith("-") and len(word) > 1:
            flags.append((word[1:], taking := []))
        else:
            taking.append(word)
    return Arguments(tuple((name, tuple(values)) for name, values in flags), tuple(plain))


def expand(settings: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, Any]:
    """The settings with $NAME at the beginning of a string replaced. Raises: UnknownVariable, naming it."""
    return {key: _expanded(value, variables) if isinstance(value, str) else value for key, value in settings.items()}


def _expanded(text: str, variables: Mapping[str, str]) -> str:
    found = _VARIABLE.match(text)
    if found is None:
        return text
    if found[1] not in variables:
        raise UnknownVariable(f"the boot variable {found[1]} is not set: -boot_var {found[1]} VALUE")
    return variables[found[1]] + text[found.end() :]
