"""test_progress — how far long work is.

Way:  xmppd.cli.progress
"""

from __future__ import annotations

import json

import pytest

from xmppd.cli import progress
from xmppd.cli.progress import ProgressLine
from xmppd.store.copying import CopyProgress


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def play(clock: list[float], as_json: bool = False, step: float = 0.5) -> None:
    with ProgressLine(as_json) as tell:
        for done in range(11):
            clock[0] += step
            tell(CopyProgress("offline", done, 10))


def test_what_is_soon_done_says_nothing(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    play(clock, step=0.01)
    assert capsys.readouterr().err == ""


def test_long_work_says_now_and_then_how_far_it_is(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    play(clock)
    assert capsys.readouterr().err.splitlines() == ["offline: 3 of 10 30 %, 2 s", "offline: 7 of 10 70 %, 4 s"]


def test_with_json_each_line_is_an_object(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    play(clock, as_json=True)
    found = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert found == [{"progress": "offline", "done": n, "of": 10} for n in (3, 7)]


def test_on_a_terminal_it_is_one_line_that_is_gone_at_the_end(
    clock: list[float], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    play(clock)
    err = capsys.readouterr().err
    assert "\n" not in err
    assert err.endswith("\r\x1b[K")
