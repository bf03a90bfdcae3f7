"""test_bench_otp — the benchmark of the runtime runs and gives figures; how high they are is not asserted."""

from __future__ import annotations

import math

from tests.otp.bench import bench_otp


def test_every_column_of_our_runtime_is_measured() -> None:
    row = bench_otp.one("otp", 1000, 1000)
    assert set(row) == set(bench_otp.COLUMNS)
    # memory means something in an OS process of its own only: here the tests before have left enough to use again
    assert all(value > 0 for name, value in row.items() if not name.endswith("kb"))


def test_pykkas_threads_are_measured_beside_it() -> None:
    row = bench_otp.one("pykka", 10, 100)
    assert set(row) == {"start", "kb", "cast", "call"}
    assert math.isnan(row["kb"])


def test_the_table_shows_what_is_missing_as_a_dash() -> None:
    text = bench_otp.table([{"runtime": "pykka", "alive": 10, "start": 1.0, "kb": float("nan")}])
    assert "1.00" in text
    assert text.splitlines()[1].count(" -") == 6
