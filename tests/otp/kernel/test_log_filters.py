"""log_filters — by the cases of logger_filters_SUITE."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from otp.kernel import log_filters
from otp.stdlib import reports
from otp.stdlib.child_spec import ChildSpec


def record(name: str = "otp.a.b", level: int = logging.INFO, **extra: Any) -> logging.LogRecord:
    return logging.makeLogRecord({"name": name, "levelno": level, "msg": "x", **extra})


@pytest.mark.parametrize(
    ("how", "hits"),
    [
        ("sub", {"otp.a", "otp.a.b", "otp.a.b.c"}),
        ("super", {"otp", "otp.a"}),
        ("equal", {"otp.a"}),
        ("not_equal", {"otp", "otp.a.b", "otp.a.b.c", "otp.ab", "else"}),
    ],
)
def test_logger_filters__domain(how: str, hits: set[str]) -> None:
    for name in ("otp", "otp.a", "otp.a.b", "otp.a.b.c", "otp.ab", "else"):
        told = record(name)
        assert log_filters.domain(told, ("log", how, "otp.a")) is (told if name in hits else "ignore")
        assert log_filters.domain(told, ("stop", how, "otp.a")) == ("stop" if name in hits else "ignore")
    with pytest.raises(ValueError, match="comparison"):
        log_filters.domain(told, ("log", "beside", "otp"))
    with pytest.raises(ValueError, match="action"):
        log_filters.domain(told, ("keep", how, "otp"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("how", "hits"),
    [
        ("lt", {20, 25}),
        ("lteq", {20, 25, 30}),
        ("eq", {30}),
        ("gteq", {30, 40, 80}),
        ("gt", {40, 80}),
        ("neq", {20, 25, 40, 80}),
    ],
)
def test_logger_filters__level(how: str, hits: set[int]) -> None:
    for number in (20, 25, 30, 40, 80):
        told = record(level=number)
        assert log_filters.level(told, ("log", how, "warning")) is (told if number in hits else "ignore")
        assert log_filters.level(told, ("stop", how, "warning")) == ("stop" if number in hits else "ignore")
    for bad in (("log", "about", "warning"), ("log", "eq", "loud")):
        with pytest.raises(ValueError, match=r"comparison|no such level"):
            log_filters.level(told, bad)  # type: ignore[arg-type]


def test_logger_filters__progress(caplog: pytest.LogCaptureFixture) -> None:
    """The progress reports that supervisors really write, and no others."""
    spec = ChildSpec("child", (print, ()))  # type: ignore[arg-type]
    with caplog.at_level(logging.INFO, "otp.supervisor"):
        reports.progress("sup", spec, None)
        reports.error("sup", "child_terminated", "boom", spec, None)
    report, error = caplog.records
    assert log_filters.progress(report, "stop") == "stop"
    assert log_filters.progress(report, "log") is report
    for other in (error, record(), record(report={"label": "progress"}), record(report="text")):
        assert log_filters.progress(other, "stop") == "ignore"
    with pytest.raises(ValueError, match="action"):
        log_filters.progress(report, "keep")  # type: ignore[arg-type]
