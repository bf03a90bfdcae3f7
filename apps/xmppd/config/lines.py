"""lines — finds the line of each key in a TOML text, so that an error can name it.

OTP:      none; erl_scan keeps positions, Python's tomllib does not
Way:      config.load → [lines]

The text is known to be valid TOML (tomllib has read it); this only walks over it again and records where
each table and key begins. A path is a tuple of names, with an index after an array of tables:
`("listen", 0, "port")`.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field

Path = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)(.+?)\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
_INLINE = re.compile(r"""(?:[{,]\s*)((?:[\w-]+|"[^"]*"|'[^']*'))\s*=""")


@dataclass
class _Walk:
    lines: dict[Path, int] = field(default_factory=dict)
    counts: dict[Path, int] = field(default_factory=dict)
    table: Path = ()

    def header(self, array: bool, names: Path, number: int) -> None:
        """Enter a table; the tables above it may be arrays, then their last element is meant."""
        path: Path = ()
        for place, name in enumerate(names):
            path = (*path, name)
            if place < len(names) - 1 and path in self.counts:
                path = (*path, self.counts[path] - 1)
        if array:
            index = self.counts.get(path, 0)
            self.counts[path] = index + 1
            self.lines.setdefault(path, number)
            path = (*path, index)
        self.lines.setdefault(path, number)
        self.table = path

    def key(self, names: Path, rest: str, number: int) -> None:
        """Note a key, the tables its dots make, and the keys of an inline table on the same line."""
        path = self.table
        for name in names:
            path = (*path, name)
            self.lines.setdefault(path, number)
        if rest.lstrip().startswith("{"):
            for match in _INLINE.finditer(rest):
                self.lines.setdefault((*path, *_parts(match[1])), number)


def _parts(dotted: str) -> Path:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))


def _complete(text: str) -> bool:
    """Tell whether `key = value` ends here: a value over several lines is not TOML until its last one."""
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def key_lines(text: str) -> dict[Path, int]:
    """Return the line, counted from 1, of each table and key of a valid TOML text."""
    walk = _Walk()
    pending = ""
    for number, line in enumerate(text.splitlines(), 1):
        if pending:
            pending += "\n" + line
            pending = "" if _complete(pending) else pending
        elif found := _KEY.match(line):
            walk.key(_parts(found[1]), line[found.end() :], number)
            pending = "" if _complete(line) else line
        elif found := _HEADER.match(line):
            walk.header(found[1] == "[[", _parts(found[2]), number)
    return walk.lines
