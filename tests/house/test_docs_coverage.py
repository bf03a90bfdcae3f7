"""test_docs_coverage — each rule in docs/xep-coverage.md has a test that is run, or a reason in words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REFERENCE = re.compile(r"`(tests/[\w./-]+\.(?:py|story))(?::(\w+))?`")
TABLE = [
    tuple(cell.strip() for cell in line.strip("|").split("|"))
    for line in (ROOT / "docs" / "xep-coverage.md").read_text("utf-8").splitlines()
    if re.match(r"\| (?!XEP|---)", line)
]


def is_run(path: str, name: str) -> bool:
    """Whether pytest finds it: a function or class of a test file, or a story, which tests/stories runs."""
    text = (ROOT / path).read_text("utf-8") if (ROOT / path).is_file() else ""
    if path.endswith(".story"):
        return bool(text) and not name
    named = rf"^(?:async )?def {name}\(|^class {name}\b|^{name} = \w+\.TestCase$"
    return name.lower().startswith("test") and re.search(named, text, re.MULTILINE) is not None


@pytest.mark.parametrize("row", TABLE, ids=lambda row: " ".join(row[:2])[:60])
def test_each_rule_has_a_test_or_a_reason(row: tuple[str, ...]) -> None:
    xep, rule, shown = row
    assert re.fullmatch(r"\d{4}(, \d{4})*|RFC \d{4}|house", xep)
    assert rule
    found = REFERENCE.findall(shown)
    assert [ref for ref in found if not is_run(*ref)] == []
    if rule.startswith("trap:"):
        assert found, "a trap is a test"
    words = REFERENCE.sub("", shown).strip(" ,()")
    assert found or len(words) > 20, "neither a test nor a reason"


def test_no_rule_stands_there_twice() -> None:
    rules = [row[:2] for row in TABLE]
    assert len(rules) == len(set(rules))
    assert len(rules) > 80
    assert is_run("tests/house/test_docs_coverage.py", "test_no_rule_stands_there_twice")
    assert not is_run("tests/house/test_docs_coverage.py", "test_that_there_is_not")
    assert not is_run("tests/house/test_docs_coverage.py", "is_run"), "which pytest does not run"
