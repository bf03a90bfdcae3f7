"""metrics — what is counted and measured on this node: a plain number each, read when somebody scrapes.

OTP:      counters.erl; cf. prometheus.erl, whose declarations these are
Way:      net, auth, store, routing, stream, mods → [metrics] → a scrape, which asks each node by rpc
Process:  none: numbers of this OS process since it began. One is written by one thread, mostly the loop's

A metric is declared once, by the file that counts, with every value that its labels can have: a client cannot make a
series, whatever it sends; what is not among them is "other". To count is to add to a number, and imports nothing.

    STANZAS = metrics.counter("xmppd_stanzas_total", "stanzas of clients", kind=("message", "presence", "iq"))
    MESSAGES = STANZAS.cell("message")                           # once, where the file is loaded
    MESSAGES.n += 1                                              # for each

    COMMITS = metrics.histogram("xmppd_store_commit_seconds", "from BEGIN to the end of COMMIT")
    COMMITS.cell().observe(0.003)

    metrics.gauge("xmppd_processes", "processes on the loop", lambda: len(process.processes()))

What a label says is never a JID, an address, or a word of a client's. Names end in their unit: _seconds, _bytes,
_total for what only grows.
"""

from __future__ import annotations

import itertools
import logging
import re
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, TypeVar

log = logging.getLogger(__name__)

#: seconds, of what is done while somebody waits: from a quick commit to a timeout
SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
#: a label's value that was not declared
OTHER: Final = "other"
#: series of one metric on one node
MOST: Final = 200

_NAME: Final = re.compile(r"(xmppd|otp|process|python)_[a-z][a-z0-9_]*")
Type = Literal["counter", "gauge", "histogram"]
Labels = Mapping[str, Sequence[str]]
#: the function of a counter or a gauge returns a number, or numbers by the value of its one label
Read = Callable[[], float | Mapping[str, float]]
#: (name, type, help, label names, [(label values, number, or for a histogram {"buckets", "counts", "sum"})])
Sample = tuple[str, str, str, tuple[str, ...], list[tuple[tuple[str, ...], Any]]]


class Cell:
    """One number of a counter or a gauge: add to `n`, or set it."""

    __slots__ = ("n",)

    def __init__(self) -> None:
        self.n: float = 0

    def sample(self) -> Any:
        """The number."""
        return self.n


class Observations:
    """One series of a histogram."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float] = SECONDS) -> None:
        self.bounds, self.counts, self.total = tuple(bounds), [0] * (len(bounds) + 1), 0.0

    def observe(self, value: float) -> None:
        """One more, of this size."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def sample(self) -> Any:
        """Its buckets, each without those below it."""
        return {"buckets": list(self.bounds), "counts": list(self.counts), "sum": self.total}


class Metric:
    """A metric and its series: one for each combination of the values that its labels can have."""

    def __init__(self, type_: Type, name: str, help_: str, labels: Labels, make: Any) -> None:
        self.type, self.name, self.help, self._labels = type_, name, help_, {k: tuple(v) for k, v in labels.items()}
        self.reads: list[Read] = []
        known = [(*values, OTHER) if OTHER not in values else values for values in self._labels.values()]
        if len(list(itertools.product(*known))) > MOST:
            raise ValueError(f"{name} would have more than {MOST} series")
        self._make = make
        self.cells: dict[tuple[str, ...], Any] = {key: make() for key in itertools.product(*self._labels.values())}

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of its labels."""
        return tuple(self._labels)

    def cell(self, *values: str) -> Any:
        """The series with these values of the labels, in their order: `Cell` or `Observations`. Keep it; it stays."""
        if len(values) != len(self._labels):
            raise ValueError(f"{self.name} has the labels {', '.join(self._labels) or '(none)'}")
        found = self.cells.get(values)
        if found is None:
            pairs = zip(self._labels.values(), values, strict=True)
            key = tuple(value if value in known else OTHER for known, value in pairs)
            found = self.cells.setdefault(key, self._make())
        return found

    def sample(self) -> Sample:
        """What it is now, as data that crosses to other nodes."""
        rows = [(values, cell.sample()) for values, cell in self.cells.items()] if not self.reads else []
        for read in self.reads:
            rows += _read(self, read)
        return self.name, self.type, self.help, self.labels, rows


class NumberMetric(Metric):
    """A counter or a gauge."""

    def cell(self, *values: str) -> Cell:
        """As Metric.cell."""
        found: Cell = super().cell(*values)
        return found


class HistogramMetric(Metric):
    """How long something takes, or how large it is."""

    def cell(self, *values: str) -> Observations:
        """As Metric.cell."""
        found: Observations = super().cell(*values)
        return found


M = TypeVar("M", bound=Metric)

#: all that were declared on this node, by their names
METRICS: Final[dict[str, Metric]] = {}


# -- to declare


def counter(name: str, help_: str, read: Read | None = None, /, **labels: Sequence[str]) -> NumberMetric:
    """A number that only grows; its name ends in _total. `read`: as of a gauge. Raises ValueError for a name that
    another kind has."""
    if not name.endswith("_total"):
        raise ValueError(f"{name}: the name of a counter ends in _total")
    return _numbers("counter", name, help_, read, labels)


def gauge(name: str, help_: str, read: Read | None = None, /, **labels: Sequence[str]) -> NumberMetric:
    """A number that goes up and down: set in its cells, or, with `read`, asked for at each scrape. `read` is quick,
    waits for nothing, and may return numbers by the values of the one label."""
    return _numbers("gauge", name, help_, read, labels)


def histogram(name: str, help_: str, buckets: Sequence[float] = SECONDS, /, **labels: Sequence[str]) -> HistogramMetric:
    """Sizes of what happens, in buckets; its name ends in the unit."""
    bounds = tuple(sorted(buckets))
    return _declared(HistogramMetric("histogram", name, help_, labels, lambda: Observations(bounds)))


# -- to read


def snapshot() -> list[Sample]:
    """All metrics of this node as they are now, by name."""
    return [METRICS[name].sample() for name in sorted(METRICS)]


# -- internals


def _numbers(type_: Type, name: str, help_: str, read: Read | None, labels: Labels) -> NumberMetric:
    made = _declared(NumberMetric(type_, name, help_, labels, Cell))
    made.reads[:] = [read] if read is not None else []
    return made


def _declared(metric: M) -> M:
    """The metric; where its file is loaded again, the one there is, with what it has counted."""
    if not _NAME.fullmatch(metric.name):
        raise ValueError(f"{metric.name}: a name begins with xmppd_ or otp_, in small letters")
    known = METRICS.setdefault(metric.name, metric)
    if (known.type, known.labels) != (metric.type, metric.labels):
        raise ValueError(f"{metric.name} is declared twice, as different things")
    assert isinstance(known, type(metric))
    return known


def _read(metric: Metric, read: Read) -> list[tuple[tuple[str, ...], Any]]:
    """What a gauge's function returns; nothing, and a line in the log, if it raises: a scrape shows the rest."""
    try:
        found = read()
    except Exception as error:
        log.warning("the metric %s cannot be read: %r", metric.name, error)
        return []
    if not isinstance(found, Mapping):
        return [((), found)]
    return [((value,), number) for value, number in itertools.islice(found.items(), MOST)]
