"""A life of another node: its serials are pids of that life."""

from __future__ import annotations

from otp.erts.pid import intern
from otp.kernel.dist_entry import DistEntry


def test_a_serial_names_a_process_of_that_life_only() -> None:
    first, second = DistEntry("w1", 1, None), DistEntry("w1", 2, None)
    assert first.pid(7) is intern("w1", 1, 7)
    assert first.pid(7) is not second.pid(7)
    assert (first.linked, first.watched_by_us, first.watched_by_them) == (set(), {}, {})
