"""How much of a flood reaches the log: a model says how many, and nothing is lost without a word."""

from __future__ import annotations

import logging
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp.kernel import log_cap
from otp.kernel.log_cap import BURST, CAP, WINDOW, Cap


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(1, 200), st.floats(0, 3)), max_size=20))
def test_what_is_held_back_is_counted(floods: list[tuple[str, int, float]]) -> None:
    with pytest.MonkeyPatch.context() as patched:
        now = [0.0]
        patched.setattr(log_cap.time, "monotonic", lambda: now[0])
        cap, said, written, told = Cap(), 0, 0, 0
        for text, count, pause in floods:
            for _ in range(count):
                said += 1
                before = cap.admit("log", logging.INFO, text)
                if before is not None:
                    written += 1
                    told += sum(int(re.match(r"\d+", line)[0]) for line in before)  # type: ignore[index]
            now[0] += pause
        now[0] += WINDOW + 1  # the last windows are over
        for text in ("a", "b"):
            said, written = said + 1, written + 1
            told += sum(int(re.match(r"\d+", line)[0]) for line in cap.admit("log", logging.INFO, text) or ())  # type: ignore[index]
        assert said == written + told


def test_of_one_message_and_of_one_logger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_cap.time, "monotonic", lambda: 0.0)
    cap = Cap()
    assert sum(cap.admit("x", logging.INFO, "the same") is not None for _ in range(CAP * 2)) == CAP
    assert sum(cap.admit("y", logging.INFO, str(n)) is not None for n in range(BURST * 2)) == BURST
    assert cap.admit("y", logging.WARNING, "severe") == ()
    assert cap.admit("z", logging.INFO, "another logger") == ()


def test_it_keeps_no_more_than_so_many_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_cap.time, "monotonic", lambda: 0.0)
    cap = Cap()
    for number in range(5000):
        cap.admit("x", logging.INFO, str(number))
    assert len(cap._windows) <= 1000
