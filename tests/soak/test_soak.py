"""Twenty seconds of what `make soak` does for as long as one likes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.soak import Run, play
from tests.soak.verdict import losses


@pytest.mark.timeout(180)
def test_nothing_that_was_acknowledged_is_lost_under_load_and_faults(tmp_path: Path) -> None:
    report = play(Run(minutes=0.3, every=4.0, users=8), tmp_path)
    assert report.figures["acknowledged"] > 100, report.text()
    assert report.figures["resumed"] > 5, report.text()
    assert report.faults, report.text()  # how many there are in that time is the machine's business
    assert not losses(report.wrong), report.text()
