"""test_charts — curves in characters: they fit, and they are true to their scale.

Way:  otp.observer.ui.charts
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from otp.observer.ui import charts
from otp.observer.ui.charts import Measure

CPU = Measure("cpu", "CPU %", 100.0, lambda value: f"{value:.1f}")
VALUES = st.lists(st.floats(0, 1e12), min_size=1, max_size=40)


def heights(rows: list[str]) -> list[int]:
    """How many eighths of a line each column is high."""
    return [sum(charts._BLOCKS.index(row[place]) for row in rows) for place in range(len(rows[0]))]


@given(VALUES, st.integers(1, 60), st.integers(1, 12))
def test_a_curve_is_true_to_its_scale(values: list[float], width: int, height: int) -> None:
    top = charts.ceiling(max(values))
    rows = charts.plot(values, width, height, top)
    assert {len(row) for row in rows} == {width}
    assert len(rows) == height
    shown = values[-width:]
    drawn = heights(rows)[width - len(shown) :]
    for value, high in zip(shown, drawn, strict=True):
        assert abs(high - value / top * 8 * height) <= 1
        assert (high > 0) == (value > 0), "what is there is never shown as nothing, and nothing as nothing"


@given(st.floats(1e-6, 1e15))
def test_the_scale_ends_at_a_round_number_not_far_above(value: float) -> None:
    top = charts.ceiling(value)
    assert value * (1 - 1e-6) <= top <= value * 2.5 * (1 + 1e-6)
    assert f"{top:e}"[0] in "125"


def test_a_busy_fifth_of_a_percent_does_not_fill_the_height() -> None:
    drawn = str(charts.grid({"w1": {"cpu": [0.2] * 30}}, [CPU], 40, 8, 1.0))
    assert "CPU % 0.2" in drawn
    assert " 100┤" in drawn
    assert "█" not in drawn


@given(st.integers(1, 9), st.integers(24, 200), st.integers(5, 60))
def test_a_grid_has_the_width_of_the_screen_and_names_every_node_with_an_axis_of_time(
    nodes: int, width: int, height: int
) -> None:
    curves = {f"w{n}": {"cpu": [float(n)] * 5} for n in range(nodes)}
    lines = str(charts.grid(curves, [CPU], width, height, 2.0)).splitlines()
    assert max(len(line) for line in lines) <= width
    assert all(any(name in line for line in lines) for name in curves)
    assert sum(line.count("now") for line in lines) == nodes
    assert sum(line.count("s ago") for line in lines) == nodes


def test_nodes_side_by_side_have_one_scale() -> None:
    lines = str(charts.grid({"w1": {"cpu": [1.0]}, "w2": {"cpu": [150.0]}}, [CPU], 60, 6, 1.0)).splitlines()
    assert lines[2].count("200┤") == 2


def test_marks_of_the_scale() -> None:
    assert [charts.short(value) for value in (0, 50, 2000.0, 5e7, 1e9, 2e12)] == ["0", "50", "2k", "50M", "1G", "2T"]


def test_a_node_that_has_told_nothing_yet() -> None:
    assert "CPU % –" in str(charts.grid({"w1": {}}, [CPU], 40, 8, 1.0))
    assert str(charts.grid({}, [CPU], 40, 8, 1.0)) == ""
