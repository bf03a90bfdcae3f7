"""Metrics: declared once with all that their labels can say, counted in plain numbers, read as data."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp.kernel import codec
from xmppd import metrics
from xmppd.metrics import Observations


@pytest.fixture(autouse=True)
def own_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test declares goes with it."""
    monkeypatch.setattr(metrics, "METRICS", {})


def test_a_counter_counts_by_its_labels() -> None:
    stanzas = metrics.counter("xmppd_x_total", "stanzas", kind=("message", "iq"), direction=("in", "out"))
    received = stanzas.cell("message", "in")
    received.n += 1
    received.n += 1
    [(name, type_, help_, labels, rows)] = metrics.snapshot()
    assert (name, type_, help_, labels) == ("xmppd_x_total", "counter", "stanzas", ("kind", "direction"))
    assert dict(rows) == {("message", "in"): 2, ("message", "out"): 0, ("iq", "in"): 0, ("iq", "out"): 0}


@given(st.lists(st.text()))
def test_no_client_makes_a_series(words: list[str]) -> None:
    metrics.METRICS.clear()
    failures = metrics.counter("xmppd_x_total", "failures", reason=("not-authorized", "aborted"))
    for word in words:
        failures.cell(word).n += 1
    rows = dict(metrics.snapshot()[0][4])
    assert set(rows) <= {("not-authorized",), ("aborted",), (metrics.OTHER,)}
    assert sum(rows.values()) == len(words)


@given(st.lists(st.floats(0, 100)), st.lists(st.floats(0.001, 10), min_size=1, max_size=20))
def test_a_histogram_puts_each_into_the_first_bucket_that_holds_it(values: list[float], bounds: list[float]) -> None:
    series = Observations(sorted(set(bounds)))
    for value in values:
        series.observe(value)
    told = series.sample()
    assert sum(told["counts"]) == len(values)
    assert told["sum"] == pytest.approx(sum(values))
    for number, bound in enumerate(told["buckets"], 1):
        assert sum(told["counts"][:number]) == sum(value <= bound for value in values)


def test_a_gauge_is_set_or_asked() -> None:
    metrics.gauge("xmppd_set", "set").cell().n = 7
    metrics.gauge("xmppd_asked", "asked", lambda: 2.5)
    metrics.gauge("xmppd_by_name", "asked by name", lambda: {"a": 1, "b": 2}, name=())
    told = {sample[0]: dict(sample[4]) for sample in metrics.snapshot()}
    assert told == {"xmppd_set": {(): 7}, "xmppd_asked": {(): 2.5}, "xmppd_by_name": {("a",): 1, ("b",): 2}}


def test_a_gauge_that_cannot_be_read_takes_no_other_with_it(caplog: pytest.LogCaptureFixture) -> None:
    metrics.gauge("xmppd_broken", "broken", lambda: 1 / 0)
    metrics.gauge("xmppd_whole", "whole", lambda: 1)
    with caplog.at_level(logging.WARNING):
        told = {sample[0]: sample[4] for sample in metrics.snapshot()}
    assert told == {"xmppd_broken": [], "xmppd_whole": [((), 1)]}
    assert "xmppd_broken" in caplog.text


def test_a_gauge_by_a_label_has_no_end_of_values_cut_off() -> None:
    metrics.gauge("xmppd_many", "many", lambda: {str(n): n for n in range(10_000)}, name=())
    assert len(metrics.snapshot()[0][4]) == metrics.MOST


def test_a_file_that_is_loaded_again_goes_on_counting() -> None:
    metrics.counter("xmppd_x_total", "as it was").cell().n += 3
    again = metrics.counter("xmppd_x_total", "in other words")
    again.cell().n += 1
    assert dict(metrics.snapshot()[0][4]) == {(): 4}


@pytest.mark.parametrize("name", ["xmppd_x", "stanzas_total", "xmppd_Stanzas_total", "xmppd_ü_total"])
def test_a_name_says_whose_it_is_and_what(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        metrics.counter(name, "help")


def test_no_name_for_two_things() -> None:
    metrics.gauge("xmppd_x", "a number")
    with pytest.raises(ValueError, match="twice"):
        metrics.histogram("xmppd_x", "sizes")
    with pytest.raises(ValueError, match="twice"):
        metrics.gauge("xmppd_x", "a number", name=("a",))


def test_a_metric_of_too_many_series_is_refused() -> None:
    labels = {name: [str(n) for n in range(10)] for name in "abc"}
    with pytest.raises(ValueError, match="series"):
        metrics.counter("xmppd_x_total", "too many", **labels)


def test_a_cell_needs_a_value_for_each_label() -> None:
    with pytest.raises(ValueError, match="kind"):
        metrics.counter("xmppd_x_total", "stanzas", kind=("message",)).cell()


def test_what_is_told_crosses_between_nodes() -> None:
    metrics.counter("xmppd_x_total", "stanzas", kind=("message",)).cell("message").n += 1
    metrics.histogram("xmppd_y_seconds", "seconds").cell().observe(0.2)
    assert codec.decode(codec.encode(metrics.snapshot())) == metrics.snapshot()
