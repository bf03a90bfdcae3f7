"""test_report_text — reports in words: bounded in depth and length, in one line, whatever is given."""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts.exits import Crash
from otp.stdlib.report_text import describe, reason_text

CHILD = {"id": "sm", "pid": None}


@pytest.mark.parametrize(
    ("report", "text"),
    [
        ({"label": ("supervisor", "shutdown"), "supervisor": "top", "reason": ("a", 1), "offender": CHILD},
         "supervisor top: child sm shutdown: ('a', 1)"),
        ({"label": ("supervisor", "progress"), "supervisor": "top", "started": CHILD},
         "supervisor top: child sm None started"),
        ({"label": "other", "x": 1}, "{'label': 'other', 'x': 1}"),
        (17, "17"),
    ],
)  # fmt: skip
def test_each_kind_of_report(report: Any, text: str) -> None:
    assert describe(report) == text


def test_bounds() -> None:
    deep: Any = [[[[[[1]]]]]]
    assert describe(deep) == "[[[[[[1]]]]]]"
    assert describe(deep, depth=4) == "[[...]]"
    assert describe(list(range(100)), depth=3) == "[0, 1, 2, ...]"
    assert describe("x" * 100, chars_limit=10) == "'xxxxxxxx…"
    assert describe({"label": 1}, single_line=True, chars_limit=0) == "…"


def test_reasons_for_people() -> None:
    assert reason_text("killed") == "killed"
    assert reason_text(("shutdown", 1)) == "('shutdown', 1)"
    assert reason_text(Crash("ValueError", "no")) == "ValueError: no"
    assert reason_text(Crash("ValueError", "no", "Traceback …")) == "Traceback …"
