"""test_exits — reasons are plain values."""

from __future__ import annotations

import pytest

from otp.erts import exits


@pytest.mark.parametrize("reason", ["normal", "shutdown", ("shutdown", "why")])
def test_clean_reasons(reason: object) -> None:
    assert exits.is_clean(reason)


@pytest.mark.parametrize("reason", ["kill", "noproc", ("shutdown",), ("other", 1), None, exits.Crash("E", "")])
def test_everything_else_is_reported(reason: object) -> None:
    assert not exits.is_clean(reason)


def test_a_crash_compares_without_its_traceback() -> None:
    def crash_of(line: str) -> exits.Crash:
        try:
            exec(compile(line, "x", "exec"))
        except ZeroDivisionError as exc:
            return exits.crash(exc)
        raise AssertionError("no error")

    a, b = crash_of("1/0"), crash_of("\n\n1/0")
    assert a == b
    assert "ZeroDivisionError" in a.traceback
    assert str(a) == "ZeroDivisionError: division by zero"


def test_reason_of_an_exception() -> None:
    assert exits.reason_of(exits.ProcessExit("why")) == "why"
    assert exits.reason_of(ValueError("x")) == exits.Crash("ValueError", "x")
    error = exits.CallError("timeout", "fred", "question")
    assert (error.why, error.reason) == ("timeout", ("timeout", ("call", "fred", "question")))


def test_a_call_that_failed_ends_its_caller_with_the_terms_and_shows_them_in_short() -> None:
    request = ("a term", ["x" * 1000])
    error = exits.CallError("timeout", ("dest",), request)
    assert isinstance(error.reason, tuple)
    assert error.reason[1][1:] == (("dest",), request)
    assert error.reason[1][2] is request
    assert len(str(error)) < 600


def test_shutdown_with_a_word() -> None:
    assert exits.shutdown("tired") == ("shutdown", "tired")
