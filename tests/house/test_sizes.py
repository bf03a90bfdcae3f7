"""test_sizes — files and functions stay small enough to be read in one go (docs/style.md, sizes)."""

from __future__ import annotations

import ast
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(p for top in ("otp", "apps") for p in (ROOT / top).rglob("*.py"))
HARD_FILE, HARD_FUNCTION, DEPTH = 400, 40, 4
#: files that may be longer, each with its reason in docs/style.md; empty at the start
EXCUSED: dict[str, int] = {}
BRANCHES = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.AsyncFor, ast.AsyncWith, ast.Match)


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text())
    return [n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]


def code_lines(fn: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    first = fn.body[0]
    doc = first.end_lineno - first.lineno + 1 if ast.get_docstring(fn) and first.end_lineno else 0
    return (fn.end_lineno or fn.lineno) - fn.lineno + 1 - doc


def depth(node: ast.AST) -> int:
    """How deep branches nest below a node; elif does not count as nesting."""
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        is_elif = isinstance(node, ast.If) and isinstance(child, ast.If) and child in node.orelse
        step = 1 if isinstance(child, BRANCHES) and not is_elif else 0
        deepest = max(deepest, step + depth(child))
    return deepest


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_file_and_functions_are_small(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    assert lines <= EXCUSED.get(str(path.relative_to(ROOT)), HARD_FILE), (
        f"{lines} lines, at most {HARD_FILE}: split it by what it says"
    )
    long = [f"{f.name}: {code_lines(f)}" for f in functions(path) if code_lines(f) > HARD_FUNCTION]
    assert not long, f"functions of more than {HARD_FUNCTION} lines: {', '.join(long)}"
    deep = [f"{f.name}: {depth(f)}" for f in functions(path) if depth(f) > DEPTH]
    assert not deep, f"branches nest more than {DEPTH} deep: {', '.join(deep)}; a function each makes them flat"


def test_medians_are_those_of_a_readable_house() -> None:
    assert statistics.median(len(p.read_text().splitlines()) for p in SOURCES if p.name != "__init__.py") <= 250
    assert statistics.median(code_lines(f) for p in SOURCES for f in functions(p)) <= 10
