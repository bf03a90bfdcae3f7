"""test_otp_suite__manifest — the bar itself: all cases are there, and the page of differences agrees."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def load() -> Any:
    spec = importlib.util.spec_from_file_location("otp_suite", HERE / "otp_suite.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SUITE = load()


def test_the_manifest_has_every_case_once() -> None:
    levels, argued = SUITE.manifest()
    cases = [case for level in levels.values() for case in level]
    assert len(cases) == len(set(cases)) == 517
    assert all(len(reason) > 30 for reason in argued.values())


def test_no_case_is_argued_and_tested() -> None:
    _levels, argued = SUITE.manifest()
    assert not set(argued) & SUITE.written()


def test_a_name_says_its_case() -> None:
    assert SUITE.case_of("test_gen_server__call") == ("gen_server", "call")
    assert SUITE.case_of("test_supervisor__tree__with_more[uvloop-1]") == ("supervisor", "tree")
    assert SUITE.case_of("test_something_else") is None


def test_a_case_with_a_failed_test_is_open() -> None:
    levels = {"L1": [("a", "x"), ("a", "y"), ("a", "z")], "L2": [], "L3": []}
    result = SUITE.summary(levels, [("a", "z")], {("a", "x")})
    assert result["L1"] == (1, 1, [("a", "y")])


def test_the_page_of_differences_is_fresh() -> None:
    page = SUITE.DIFFERENCES.read_text()
    assert SUITE.with_table(page, SUITE.table(*SUITE.manifest())) == page, "run: python tests/otp/otp_suite.py --docs"
