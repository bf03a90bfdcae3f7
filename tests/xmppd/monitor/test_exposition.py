"""The text that Prometheus reads, as its own parser reads it."""

from __future__ import annotations

from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

from xmppd.metrics import Sample
from xmppd.monitor import exposition

SIZES = {"buckets": [0.1, 1.0], "counts": [2, 1, 4], "sum": 50.5}
W1: list[Sample] = [
    ("xmppd_x_total", "counter", "how often", ("kind",), [(("a",), 3), (('b\n"\\',), 0)]),
    ("xmppd_y", "gauge", "how much", (), [((), 1.5)]),
    ("xmppd_z_seconds", "histogram", "how long", (), [((), SIZES)]),
]
W2: list[Sample] = [("xmppd_x_total", "counter", "how often", ("kind",), [(("a",), 4)])]
TOLD = {"w1": W1, "w2": W2, "w3": None}


def series(name: str) -> dict[tuple[tuple[str, str], ...], float]:
    text, _ = exposition.text(TOLD)
    found = [one for family in parse(text.decode()) for one in family.samples if one.name == name]
    return {tuple(sorted(one.labels.items())): one.value for one in found}


def test_one_text_has_the_series_of_all_nodes() -> None:
    assert series("xmppd_x_total") == {
        (("kind", "a"), ("node", "w1")): 3,
        (("kind", 'b\n"\\'), ("node", "w1")): 0,
        (("kind", "a"), ("node", "w2")): 4,
    }
    assert series("xmppd_y") == {(("node", "w1"),): 1.5}


def test_a_node_that_does_not_answer_is_down() -> None:
    assert series("xmppd_up") == {(("node", "w1"),): 1, (("node", "w2"),): 1, (("node", "w3"),): 0}


def test_buckets_hold_what_is_below_them() -> None:
    assert [value for _, value in sorted(series("xmppd_z_seconds_bucket").items())] == [7, 2, 3]
    assert series("xmppd_z_seconds_count") == {(("node", "w1"),): 7}
    assert series("xmppd_z_seconds_sum") == {(("node", "w1"),): 50.5}


def test_openmetrics_for_who_asks_for_it() -> None:
    text, type_ = exposition.text(TOLD, openmetrics=True)
    assert type_.startswith("application/openmetrics-text")
    assert {family.name for family in parse_openmetrics(text.decode())} == {
        "xmppd_up", "xmppd_x", "xmppd_y", "xmppd_z_seconds",
    }  # fmt: skip
    assert exposition.text(TOLD)[1].startswith("text/plain")


def test_where_nodes_mean_different_things_by_a_name_the_first_stands() -> None:
    other: list[Sample] = [("xmppd_y", "counter", "another", ("kind",), [(("a",), 1)])]
    assert [node for node, _ in exposition.by_name({"w1": W1, "w2": other})["xmppd_y"]] == ["w1"]
