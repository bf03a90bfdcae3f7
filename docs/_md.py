"""_md — Markdown, and what files and modules say of themselves: the tools of make_docs."""

from __future__ import annotations

import ast
import importlib
import itertools
import pkgutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType

from xmppd import mods

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(p for top in ("otp", "apps") for p in (ROOT / top).rglob("*.py"))
NOTE = "<!-- made from the code by `make docs`; edits here are lost -->\n"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(_cell(item) for item in line) + " |\n" for line in lines) + "\n"


def _cell(item: object) -> str:
    return " ".join(str(item).split()).replace("|", "\\|")


def page(title: str, words: str, *parts: str) -> str:
    """A whole page."""
    return f"# {title}\n\n{NOTE}\n{words.strip()}\n\n" + "".join(parts).rstrip() + "\n"


def head_of(path: Path) -> str:
    """The docstring a source file begins with."""
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def path_of(module: str) -> str:
    """The file of a module, below the root."""
    shelf = "" if module.startswith("otp.") else "apps/"
    return f"{shelf}{module.replace('.', '/')}.py"


def words_of(path: str) -> str:
    """What a file says it is, without its name."""
    head = head_of(ROOT / path).splitlines()
    return " ".join(itertools.takewhile(bool, head)).partition(" — ")[2]


def mod_modules() -> list[ModuleType]:
    """All mod_* files, in order."""
    names = sorted(found.name for found in pkgutil.iter_modules(mods.__path__) if found.name.startswith("mod_"))
    return [importlib.import_module(f"{mods.__name__}.{name}") for name in names]


def named(places: Iterable[str]) -> str:
    return ", ".join(f"`{place}`" for place in sorted(set(places))) or "nobody yet"
