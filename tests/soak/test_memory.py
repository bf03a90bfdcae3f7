"""How fast memory grows."""

from __future__ import annotations

import os

from tests.soak.memory import rss, slope


def test_the_slope_is_in_mebibytes_an_hour() -> None:
    assert abs(slope([(t, 1000.0 + 1024 * t / 3600) for t in range(0, 600, 10)]) - 1.0) < 1e-6
    assert slope([(1.0, 5.0)]) == slope([(1.0, 5.0), (1.0, 7.0)]) == 0.0


def test_the_resident_set_of_a_process() -> None:
    assert rss(os.getpid()) > 1000
    assert rss(2**22 + 1) == 0
