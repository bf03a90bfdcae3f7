"""otp_suite — holds otp against the cases of OTP's own suites: runs tests/otp once and counts per level.

Way:      cases.toml (the bar) → [otp_suite] ← pytest of tests/otp, cases found by their names
OTP:      ct_run and its summary

    make otp-suite                              # last lines: L1: 266 passed, 0 argued, 0 open …
    python tests/otp/otp_suite.py --open        # the open cases by name, without running anything: those without a test
    python tests/otp/otp_suite.py --docs        # writes the table of docs/otp-differences.md anew

A case is passed when there are tests called test_<suite>__<case> or test_<suite>__<case>__<more> and all of them pass;
upper and lower case are one. A skipped test does not pass. The status is 0 if nothing is open in L1 and L2 and no test
of tests/otp has failed.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CASES = HERE / "cases.toml"
DIFFERENCES = HERE.parents[1] / "docs" / "otp-differences.md"
LEVELS = ("L1", "L2", "L3")
MUST = ("L1", "L2")
BEGIN, END = "<!-- argued cases: begin -->", "<!-- argued cases: end -->"

Case = tuple[str, str]
#: level -> how many passed, how many are argued, which are open
Summary = dict[str, tuple[int, int, list[Case]]]


def manifest(path: Path = CASES) -> tuple[dict[str, list[Case]], dict[Case, str]]:
    """The cases of each level, and the argued ones with their reasons. Raises: ValueError for an argued stranger."""
    table = tomllib.loads(path.read_text())
    levels = {level: [(suite, case) for suite, names in table[level].items() for case in names] for level in LEVELS}
    known = {f"{suite}.{case}": (suite, case) for cases in levels.values() for suite, case in cases}
    strangers = [name for name in table["argued"] if name not in known]
    if strangers:
        raise ValueError(f"argued, but no case: {', '.join(strangers)}")
    return levels, {known[name]: reason for name, reason in table["argued"].items()}


def case_of(test: str) -> Case | None:
    """(suite, case) that a test's name bears, in lower case; None if it bears none."""
    parts = test.split("[")[0].removeprefix("test_").lower().split("__")
    return (parts[0], parts[1]) if len(parts) > 1 else None


class Tally:
    """A pytest plugin: what came of each case."""

    def __init__(self) -> None:
        self.passed: set[Case] = set()
        self.failed: set[Case] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One phase of one test."""
        case = case_of(report.nodeid.rsplit("::", 1)[-1])
        if case is None:
            return
        if report.outcome != "passed":
            self.failed.add(case)
        elif report.when == "call":
            self.passed.add(case)

    @property
    def good(self) -> set[Case]:
        """The cases all of whose tests passed."""
        return self.passed - self.failed


def summary(
    levels: dict[str, list[Case]], argued: Iterable[Case], good: set[Case]
) -> dict[str, tuple[int, int, list[Case]]]:
    """For each level: how many passed, how many are argued, and which are open."""
    argued, result = set(argued), {}
    for level, cases in levels.items():
        left = [case for case in cases if (case[0].lower(), case[1].lower()) not in good]
        open_ = [case for case in left if case not in argued]
        result[level] = (len(cases) - len(left), len(left) - len(open_), open_)
    return result


def written() -> set[Case]:
    """The cases that have a test, read from the sources."""
    names: set[Case] = set()
    for path in HERE.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and (case := case_of(node.name)):
                names.add(case)
    return names


def table(levels: dict[str, list[Case]], argued: dict[Case, str]) -> str:
    """The argued cases as a table of Markdown."""
    rows = [
        f"| {level} | `{s}.{c}` | {argued[s, c]} |" for level in LEVELS for s, c in levels[level] if (s, c) in argued
    ]
    return "\n".join([BEGIN, "", "| level | case | why it is argued and not tested |", "|---|---|---|", *rows, "", END])


def with_table(page: str, new: str) -> str:
    """The page with its table replaced."""
    head, rest = page.split(BEGIN)
    return head + new + rest.split(END)[1]


def show(result: Summary, names: bool) -> None:
    """Open cases by name if wanted, then a line for each level."""
    for level, (_passed, _argued, open_) in result.items():
        if names and open_:
            print(f"{level} open: " + " ".join(f"{suite}.{case}" for suite, case in open_))
    for level, (passed, argued, open_) in result.items():
        print(f"{level}: {passed} passed, {argued} argued, {len(open_)} open")


def main(arguments: list[str]) -> int:
    """See the head of the file; further arguments go to pytest."""
    levels, argued = manifest()
    if arguments == ["--open"]:
        show(summary(levels, argued, written()), names=True)
        return 0
    if arguments == ["--docs"]:
        DIFFERENCES.write_text(with_table(DIFFERENCES.read_text(), table(levels, argued)))
        return 0
    tally = Tally()
    status = pytest.main([str(HERE), "-q", *arguments], plugins=[tally])
    result = summary(levels, argued, tally.good)
    show(result, names=True)
    return 1 if status or any(result[level][2] for level in MUST) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
