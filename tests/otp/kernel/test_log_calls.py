"""log_calls — see test_logger__log_all_levels_api, test_logger__format_report and test_logger__log_failed."""

from __future__ import annotations

import logging

import pytest

from otp.kernel import log_calls


def test_a_function_is_not_called_for_a_line_that_is_not_written(caplog: pytest.LogCaptureFixture) -> None:
    called: list[str] = []
    with caplog.at_level(logging.ERROR, "otp.user"):
        log_calls.info(lambda: called.append("x"))
        log_calls.error(lambda: "100 % sure" if not called else "")
    assert called == []
    assert caplog.messages == ["100 % sure"]


def test_a_report_of_anything_is_some_text() -> None:
    assert log_calls.format_report(object).startswith("<class")  # type: ignore[arg-type]
