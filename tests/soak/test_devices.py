"""Twenty seconds of what `python -m tests.soak.devices` does for as long as one likes, and that it sees faults."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.devices import disorder, play


def test_what_comes_too_late_is_told() -> None:
    assert disorder(["a", "b", "c"], ["a", "b", "c"]) == []
    assert disorder(["a", "c", "b", "x"], ["a", "b", "c"]) == ["b"]


@pytest.mark.timeout(240)
def test_each_of_two_devices_shows_all_that_the_archive_has_whatever_is_killed(tmp_path: Path) -> None:
    found = play(tmp_path, minutes=0.4, every=5.0, faults="worker,parent,restart")
    assert found.figures["acknowledged"] > 100, found.text()
    assert found.figures["resumed"] > 5, found.text()
    assert found.faults, found.text()
    assert found.figures["lost"] == found.figures["missing"] == 0, found.text()


@pytest.mark.timeout(240)
def test_each_shows_it_in_one_order_if_nothing_is_killed(tmp_path: Path) -> None:
    found = play(tmp_path, minutes=0.2)
    assert found.figures["acknowledged"] > 100, found.text()
    assert found.wrong == [], found.text()
