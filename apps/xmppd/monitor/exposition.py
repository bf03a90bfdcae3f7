"""exposition — the metrics of all nodes as the text that Prometheus reads.

Way:      monitor.gather → [exposition] → the answer to /metrics
Process:  none: monitor.scraper loads it at the first scrape, and calls it on a thread of the pool: both take long
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prometheus_client import Metric as CollectedMetric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector, CollectorRegistry

from xmppd.metrics import Sample

#: what the text is called, by whether OpenMetrics was asked for
_ACCEPT = {False: "text/plain; version=0.0.4", True: "application/openmetrics-text; version=1.0.0"}


class _Collector(Collector):
    def __init__(self, told: Mapping[str, list[Sample] | None]) -> None:
        self._told = told

    def collect(self) -> Iterator[CollectedMetric]:
        """Every metric once, with the series of all nodes."""
        up = GaugeMetricFamily("xmppd_up", "1 for a node that has answered this scrape", labels=["node"])
        for name, samples in self._told.items():
            up.add_metric([name], float(samples is not None))
        yield up
        for of_nodes in by_name(self._told).values():
            yield _family(of_nodes)


def _family(of_nodes: list[tuple[str, Sample]]) -> CollectedMetric:
    name, type_, help_, labels, _ = of_nodes[0][1]
    names = [*labels, "node"]
    if type_ == "histogram":
        sizes = HistogramMetricFamily(name, help_, labels=names)
        for node, (*_, rows) in of_nodes:
            for values, number in rows:
                sizes.add_metric([*values, node], cumulated(number), number["sum"])
        return sizes
    numbers = (CounterMetricFamily if type_ == "counter" else GaugeMetricFamily)(name, help_, labels=names)
    for node, (*_, rows) in of_nodes:
        for values, number in rows:
            numbers.add_metric([*values, node], number)
    return numbers


def by_name(told: Mapping[str, Iterable[Sample] | None]) -> dict[str, list[tuple[str, Sample]]]:
    """The samples of each metric with their nodes. Where nodes run different code, and one means another thing by a
    name, the first one's meaning stands."""
    found: dict[str, list[tuple[str, Sample]]] = {}
    for node, samples in told.items():
        for sample in samples or ():
            there = found.setdefault(sample[0], [])
            if not there or (there[0][1][1], tuple(there[0][1][3])) == (sample[1], tuple(sample[3])):
                there.append((node, sample))
    return found


def cumulated(number: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Buckets as Prometheus has them: each with those below it, and +Inf."""
    total, found = 0.0, []
    for bound, count in zip([*map(str, map(float, number["buckets"])), "+Inf"], number["counts"], strict=True):
        total += count
        found.append((bound, total))
    return found


def text(told: Mapping[str, list[Sample] | None], openmetrics: bool = False) -> tuple[bytes, str]:
    """The text, and its media type."""
    registry = CollectorRegistry()
    registry.register(_Collector(told))
    encode, type_ = choose_encoder(_ACCEPT[openmetrics])
    return encode(registry), type_
