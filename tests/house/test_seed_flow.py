"""test_seed_flow — docs/seed-flow.md leaves no item out, and no test of the seed is missing from it.

That each test and story exists that it names, tests/house/test_docs.py checks with all other documents.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs" / "seed-flow.md").read_text(encoding="utf-8")
ROWS = [line.split("|")[1:-1] for line in DOC.splitlines() if line.startswith("| ")]
KEYS = [row[0].strip() for row in ROWS if row[0].strip() != "item"]
RECEIVER = {
    "become_controller", "reset_stream", "starttls", "compress", "change_shaper", "close", "data", "closed",
    "socket error", "timer activate", "idle", "terminate", "parser events",
}  # fmt: skip
OTHERS = {
    *(f"3.{n}" for n in range(1, 9)), "1 (a)", "1 (b)", "1 (c)", "1, stop", "3, timeouts",
    "3.7, replaced", "3.7, kick", "3.7, system_shutdown", "3.7, terminate",
    "own: directed", "own: to self", "own: subscriptions", "own: unavailable",
    "in: probe", "in: error", "in: subscriptions", "in: other", "pushes", "removal", "pre-approval",
    "caller", "stop", "crash", "hosts",
}  # fmt: skip


def test_each_item_has_its_row() -> None:
    assert [key for key in KEYS if key.isdigit()] == [str(n) for n in range(1, 32)]
    assert set(KEYS) >= RECEIVER | OTHERS


def test_each_row_names_a_test_or_a_story() -> None:
    named = re.compile(r"`tests/[\w/]+\.(py:test_\w+|story)`")
    assert not [row[0] for row in ROWS if row[0].strip() != "item" and not named.search(row[2])]


@pytest.mark.parametrize("number", range(1, 32))
def test_an_item_that_is_tested_alone_is_named_in_the_test(number: int) -> None:
    row = next(row for row in ROWS if row[0].strip() == str(number))
    assert re.search(rf"test_item_{number}_|test_items_25_to_28_", row[2])


def test_every_test_of_the_seed_stands_in_the_table() -> None:
    names = [
        f"{file.name}:{node.name}"
        for file in sorted((ROOT / "tests" / "interop").glob("test_seed_flow*.py"))
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    assert len(names) > 80
    assert not [name for name in names if f"/{name}`" not in DOC]
