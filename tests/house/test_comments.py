"""test_comments — what is left to do has an issue, and nothing speaks of the machine it was written on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KINDS = (".py", ".md", ".toml", ".sh", ".story", ".service", ".sql")
FILES = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "Makefile", ROOT / "pyproject.toml"] + [
    path
    for top in ("otp", "apps", "tests", "rel", "docs", ".ci")
    for path in sorted((ROOT / top).rglob("*"))
    if path.is_file() and (path.suffix in KINDS or path.suffix == "") and path != Path(__file__)
]
LOOSE = re.compile(r"\b(TODO|FIXME|XXX|COMPAT)\b(?!\(#\d+\))")
MACHINE = re.compile(r"(?<![\w.])/(?:work|root|home/\w+|Users)/\w|\bpypi\.org\b|index-url\b(?!\")")


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_nothing_loose(path: Path) -> None:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    loose = [f"{n}: {line.strip()}" for n, line in enumerate(lines, 1) if LOOSE.search(line) or MACHINE.search(line)]
    assert not loose


def test_the_check_would_find_some() -> None:
    assert LOOSE.search("# TODO: later")
    assert not LOOSE.search("# FIXME(#12): later")
    assert MACHINE.search("see /work/x")
    assert not MACHINE.search("apps/work/x")
