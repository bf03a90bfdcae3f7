"""test_headers — every file begins with what it is, and every public function says what it does."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(p for top in ("otp", "apps") for p in (ROOT / top).rglob("*.py") if p.name != "__init__.py")
FIELD = re.compile(r"^(OTP|Differs|Way|Process|RFC|XEP):\s+\S", re.MULTILINE)
DOCSTRING_FREE = re.compile(r"^(__|_|visit_)")


def ids(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=ids)
def test_head_says_what_the_file_is(path: Path) -> None:
    head = ast.get_docstring(ast.parse(path.read_text())) or ""
    first = head.splitlines()[0] if head else ""
    assert first.startswith(f"{path.stem} — "), (
        f'the first line of {ids(path)} must be: """{path.stem} — what it is. It is: {first!r}'
    )
    assert FIELD.search(head), f"the head of {ids(path)} needs a field: OTP, Differs, Way, Process, RFC or XEP"


@pytest.mark.parametrize("path", SOURCES, ids=ids)
def test_public_names_have_docstrings(path: Path) -> None:
    missing = []
    tree = ast.parse(path.read_text())
    for owner in [tree, *[n for n in tree.body if isinstance(n, ast.ClassDef)]]:
        if isinstance(owner, ast.ClassDef) and any("Protocol" in ast.dump(b) for b in owner.bases):
            continue
        for node in owner.body:
            named = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
            wanted = named and not DOCSTRING_FREE.match(node.name) and not private(owner) and not is_overload(node)
            if wanted and ast.get_docstring(node) is None:
                missing.append(node.name)
    assert not missing, (
        f"public names have a docstring, these of {ids(path)} have none: {', '.join(missing)}; "
        "write one, or begin the name with an underscore if nobody else uses it"
    )


def private(owner: ast.AST) -> bool:
    return isinstance(owner, ast.ClassDef) and owner.name.startswith("_")


def is_overload(node: ast.AST) -> bool:
    return any("overload" in ast.dump(d) or "setter" in ast.dump(d) for d in getattr(node, "decorator_list", []))


WAY = re.compile(r"^Way:(.*?)(?=^\S|^$|\Z)", re.MULTILINE | re.DOTALL)
#: what a Way line may name besides files, folders and what they define: processes, an application, a table
OTHERS = frozenset({"global_name_server", "kernel_sup", "mod_x", "module_schema", "xmppd_main"})


def named_in(head: str) -> set[str]:
    """The snake_case words of a head's Way line, and those in its brackets: files, or what files define."""
    way = WAY.search(head)
    text = way.group(1) if way else ""
    return {*re.findall(r"(?<!\w)[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?!\w)", text), *re.findall(r"\[([a-z]\w*)", text)}


def test_the_stations_of_a_way_exist() -> None:
    trees = {path: ast.parse(path.read_text()) for path in SOURCES}
    known = {part.removesuffix(".py") for path in SOURCES for part in path.relative_to(ROOT).parts} | OTHERS
    for tree in trees.values():
        for node in ast.walk(tree):
            match node:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.Name(id=name):
                    known.add(name)
    gone = {ids(path): names for path in SOURCES if (names := named_in(ast.get_docstring(trees[path]) or "") - known)}
    assert not gone


def test_a_station_that_is_gone_would_be_found() -> None:
    head = "x — a thing.\n\nWay:  old_file, b → [x] → c.no_such_thing\n      other_file\nProcess:  not_this_one\n"
    assert named_in(head) == {"old_file", "x", "no_such_thing", "other_file"}
