"""test_crash_points — each named crash point is a place in the code, and each place has a name and is walked."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from xmppd import crash_points

ROOT = Path(__file__).parents[2]
SOURCES = sorted(p for top in ("otp", "apps") for p in (ROOT / top).rglob("*.py"))


def reached(source: str) -> list[str]:
    """The names given to crash_points.reach in a file; "?" where it is no literal."""
    return [
        str(node.args[0].value) if isinstance(node.args[0], ast.Constant) else "?"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "crash_points.reach"
    ]


def places() -> set[str]:
    """All names that the code reaches."""
    return {name for path in SOURCES for name in reached(path.read_text())}


def test_each_point_is_in_the_code_and_has_a_row() -> None:
    assert places() == set(crash_points.POINTS)


@pytest.mark.parametrize("name", sorted(crash_points.POINTS))
def test_a_row_says_what_is_done_by_then(name: str) -> None:
    assert crash_points.parse(f"{name}:2") is not None, "a name is of a-z, _ and dots"
    assert len(crash_points.POINTS[name]) > 20


def test_it_would_be_found() -> None:
    assert reached('from xmppd import crash_points\ncrash_points.reach("a.b")\ncrash_points.reach(x)') == ["a.b", "?"]
