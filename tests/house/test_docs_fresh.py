"""test_docs_fresh — the pages made from the code are those that are checked in."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "docs" / "make_docs.py"


def pages() -> Mapping[str, Callable[[], str]]:
    """What the script would write, by file name; what it uses lies beside it."""
    sys.path.insert(0, str(SCRIPT.parent))
    spec = importlib.util.spec_from_file_location("make_docs", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(SCRIPT.parent))
    found: Mapping[str, Callable[[], str]] = module.PAGES
    return found


PAGES = pages()


@pytest.mark.parametrize("name", sorted(PAGES))
def test_page_is_fresh(name: str) -> None:
    checked_in = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert checked_in == PAGES[name](), f"docs/{name} is not what the code says: make docs"


def test_pages_hold_what_they_are_for() -> None:
    made = {name: make() for name, make in PAGES.items()}
    assert made["subscriptions.md"].count("\n| none / none |") == 8
    assert sum(line.count(" / ") == 2 for line in made["subscriptions.md"].splitlines() if line[:1] == "|") == 72
    assert "`listener_sup`" in made["supervision.md"]
    assert "XEP-0199" in made["xeps.md"]
    assert "`user add USER [PASSWORD]`" in made["commands.md"]
    assert "`plain_without_tls`" in made["config.md"]
    assert "mod_roster.py:send_subscription (seq 30)" in made["hooks.md"]


def test_what_the_code_has_is_on_its_page() -> None:
    hooks = PAGES["hooks.md"]()
    fired = [line for line in hooks.splitlines() if line.startswith("- fired by:")]
    assert fired
    assert not [line for line in fired if "nobody" in line], "a hook point that nobody fires"
