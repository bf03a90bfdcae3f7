"""load — the observer's tab Load: CPU, turns, memory, processes and run queue of every node, over time.

OTP:      observer_perf_wx
Way:      ui.app → [load] → source; drawn by ui.charts
Process:  none; Textual's
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, Final

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from otp.observer.source import Source
from otp.observer.text import size
from otp.observer.ui import charts
from otp.observer.ui.charts import Measure
from otp.observer.ui.pane import Pane

#: values that a curve remembers
HISTORY: Final = 240
MEASURES: Final = (
    Measure("cpu", "CPU %", 100.0, lambda value: f"{value:.1f}"),
    Measure("runs", "turns/s", 100.0, lambda value: f"{value:.0f}"),
    Measure("memory", "memory", 50e6, size),
    Measure("processes", "processes", 50.0, lambda value: f"{value:.0f}"),
    Measure("queue", "run queue", 10.0, lambda value: f"{value:.0f}"),
)


class LoadPane(Pane):
    """Curves of each node, all on the screen at once where there is room."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, Mapping[str, Any]] = {}
        self._step = 1.0
        self.curves: dict[str, dict[str, deque[float]]] = {}

    def compose(self) -> ComposeResult:
        """One drawing; it is scrolled if there are many nodes."""
        with VerticalScroll(id="curves-scroll"):
            yield Static(id="curves")

    def fetch(self, source: Source) -> Any:
        """See Pane."""
        return source.load()

    def show(self, data: Mapping[str, Any]) -> None:
        """See Pane."""
        for node, now in data.items():
            curves = self.curves.setdefault(node, {})
            before = self._last.get(node)
            if now is None or before is None or now["at"] <= before["at"]:
                continue
            self._step = now["at"] - before["at"]
            for name, value in rates(before, now).items():
                curves.setdefault(name, deque(maxlen=HISTORY)).append(value)
        self._last = {node: now for node, now in data.items() if now is not None}
        self._draw()

    def on_resize(self) -> None:
        """There is another room to draw in."""
        self._draw()

    def _draw(self) -> None:
        for room in self.query("#curves-scroll"):
            curves = {node: {k: list(v) for k, v in named.items()} for node, named in self.curves.items()}
            width, height = room.size.width - 1, room.size.height
            self.query_one("#curves", Static).update(charts.grid(curves, MEASURES, width, height, self._step))


def rates(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, float]:
    """What two readings of a node's counters say."""
    span = now["at"] - before["at"]
    return {
        "cpu": (now["cpu"] - before["cpu"]) / span * 100,
        "runs": (now["runs"] - before["runs"]) / span,
        "memory": now["memory"],
        "processes": now["processes"],
        "queue": now["run_queue"],
    }
