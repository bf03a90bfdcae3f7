"""make_learn — writes programs and their output into the pages of docs/learn: `make learn`.

A page says what it shows, and this script puts it there; `tests/learn/test_chapters.py` compares it with what is
checked in. Three kinds of blocks are known:

- after `<!-- whole: NAME -->`: the whole of programs/NAME
- after `<!-- part: NAME: FIRST LINE ... LAST LINE -->`: those lines of it, and all between them
- a ```text block after a ```sh block with commands: what these commands print
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PROGRAMS = HERE / "programs"
PAGES = [*sorted(HERE.glob("*.md")), ROOT / "docs" / "otp-differences.md"]
LANGUAGES = {".py": "python", ".erl": "erlang", ".exs": "elixir", ".toml": "toml"}

SHOWN = re.compile(r"(<!-- (?:whole|part): [^\n]+ -->\n\n)```\w+\n.*?```\n", re.DOTALL)
RUN = re.compile(r"(```sh\n(?P<commands>(?:(?!```).)*)```\n\n)```text\n.*?```\n", re.DOTALL)
#: what differs from run to run: process ids, addresses in memory, times
KNOWN = re.compile(r"escript |erlc |elixir ")
VARIES = ((re.compile(r"<[\w.]+\.\d+\.\d+>"), "<pid>"), (re.compile(r"\b\d+\.\d+ ms"), "N ms"))


def lines_of(name: str, first: str, last: str) -> str:
    """From the line that begins with `first` to the next that begins with `last`. Raises LookupError."""
    lines = (PROGRAMS / name).read_text(encoding="utf-8").splitlines()
    starts = [n for n, line in enumerate(lines) if line.strip().startswith(first)]
    if len(starts) != 1:
        raise LookupError(f"{name}: {len(starts)} lines begin with {first!r}")
    for end in range(starts[0], len(lines)):
        if lines[end].strip().startswith(last):
            return "\n".join(lines[starts[0] : end + 1]) + "\n"
    raise LookupError(f"{name}: no line after {first!r} begins with {last!r}")


def source(marker: str) -> str:
    """The block that a marker asks for."""
    kind, _, rest = marker.removeprefix("<!-- ").removesuffix(" -->\n\n").partition(": ")
    name, _, limits = rest.partition(": ")
    if kind == "whole":
        text = (PROGRAMS / name).read_text(encoding="utf-8")
    else:
        first, _, last = limits.partition(" ... ")
        text = lines_of(name, first, last)
    return f"```{LANGUAGES[Path(name).suffix]}\n{text}```\n"


def output(commands: str) -> str:
    """What a shell prints for these commands, run at the root of the repository."""
    folder = Path(sys.executable).parent
    env = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(["sh", "-c", commands], cwd=ROOT, env=env, capture_output=True, text=True, timeout=100)
    return done.stdout.replace(str(ROOT), "…")


def fresh(text: str, run: Callable[[str], str] = output) -> str:
    """The page with all its blocks made anew; `run` gives the output of commands."""

    def ran(found: re.Match[str]) -> str:
        return f"{found[1]}```text\n{run(found['commands'])}```\n"

    text = SHOWN.sub(lambda found: found[1] + source(found[1]), text)
    return RUN.sub(ran, text)


def steady(text: str) -> str:
    """The text without what differs from run to run."""
    for pattern, word in VARIES:
        text = pattern.sub(word, text)
    return text


def main() -> None:
    """Write what has changed."""
    for page in PAGES:
        before = page.read_text(encoding="utf-8")
        after = fresh(before)
        if steady(after) != steady(before):
            page.write_text(after, encoding="utf-8")
            print("written:", page.relative_to(ROOT))


if __name__ == "__main__":
    main()
