"""panes — the observer's tabs System, Load, Processes and Tables.

OTP:      observer_sys_wx, observer_perf_wx, observer_pro_wx, observer_tv_wx
Way:      observer.app → [panes] → observer.source
Process:  none; Textual's
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import DataTable, Label, Sparkline, Static

from xmppd.ctl.look_text import size
from xmppd.ctl.observer.pane import Pane, fill, plain, selected
from xmppd.ctl.observer.source import Source

#: pictures that a curve of the load remembers
HISTORY: Final = 120
_ORDERS: Final = ("rate", "mailbox", "memory", "reductions")
_CURVES: Final = {"cpu": "CPU %", "runs": "runs/s", "memory": "memory", "processes": "processes", "queue": "run queue"}


class SystemPane(Pane):
    """What each node is, side by side."""

    def compose(self) -> ComposeResult:
        """A table: a line for each property, a column for each node."""
        yield DataTable(id="system", cursor_type="row", zebra_stripes=True)

    def fetch(self, source: Source) -> Any:
        """See Pane."""
        return source.system()

    def show(self, data: Mapping[str, Any]) -> None:
        """See Pane."""
        table: DataTable[Any] = self.query_one("#system", DataTable)
        if len(table.columns) != len(data) + 1:
            table.clear(columns=True)
            table.add_columns("", *data)
        names = list(dict.fromkeys(name for told in data.values() if told for name in told))
        fill(table, [(name, [name, *(told[name] if told else "down" for told in data.values())]) for name in names])


class LoadPane(Pane):
    """Curves of each node: CPU, scheduler, memory, processes."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, Mapping[str, Any]] = {}
        self.curves: dict[tuple[str, str], deque[float]] = {}

    def compose(self) -> ComposeResult:
        """Filled as nodes are seen."""
        yield VerticalScroll(id="curves")

    def fetch(self, source: Source) -> Any:
        """See Pane."""
        return source.load()

    def show(self, data: Mapping[str, Any]) -> None:
        """See Pane."""
        for node, now in data.items():
            before = self._last.get(node)
            if now is None or before is None or now["at"] <= before["at"]:
                continue
            for name, value in rates(before, now).items():
                self._add(node, name, value)
        self._last = {node: now for node, now in data.items() if now is not None}

    def _add(self, node: str, name: str, value: float) -> None:
        curve = self.curves.setdefault((node, name), deque(maxlen=HISTORY))
        if not curve:
            label = Label(id=f"label-{node}-{name}", classes="curve-name")
            self.query_one("#curves").mount(label, Sparkline([], id=f"curve-{node}-{name}", classes="curve"))
        curve.append(value)
        shown = size(value) if name == "memory" else f"{value:.1f}"
        self.query_one(f"#label-{node}-{name}", Label).update(plain(f"{node}  {_CURVES[name]}  {shown}"))
        self.query_one(f"#curve-{node}-{name}", Sparkline).data = list(curve)


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


class ProcessesPane(Pane):
    """The busiest processes of all nodes."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("s", "order", "sort")]

    def __init__(self) -> None:
        super().__init__()
        self.by = _ORDERS[0]

    def compose(self) -> ComposeResult:
        """A line that says the order, and the table."""
        yield Static(id="order")
        yield DataTable(id="processes", cursor_type="row", zebra_stripes=True)

    def on_mount(self) -> None:
        """The columns."""
        table: DataTable[Any] = self.query_one("#processes", DataTable)
        table.add_columns("pid", "who", "label", "status", "mailbox", "msg/s", "memory", "reductions")

    def action_order(self) -> None:
        """The next order."""
        self.by = _ORDERS[(_ORDERS.index(self.by) + 1) % len(_ORDERS)]

    def fetch(self, source: Source) -> Any:
        """See Pane."""
        return source.top(self.by)

    def show(self, data: Mapping[str, Any]) -> None:
        """See Pane."""
        self.query_one("#order", Static).update(plain(f"sorted by {data['by']}; s: another order"))
        rows = [(row["pid"], [row["pid"], row["who"], row["label"], row["status"], row["mailbox"], row["rate"],
                              size(row["memory"]), row["reductions"]]) for row in data["rows"]]  # fmt: skip
        fill(self.query_one("#processes", DataTable), rows)

    @property
    def chosen(self) -> str | None:
        """The pid under the cursor."""
        return selected(self.query_one("#processes", DataTable))


class TablesPane(Pane):
    """The ets tables, and the rows of the one under the cursor."""

    def compose(self) -> ComposeResult:
        """Two tables."""
        yield DataTable(id="tables", cursor_type="row", zebra_stripes=True)
        yield DataTable(id="rows", cursor_type="row")

    def on_mount(self) -> None:
        """The columns."""
        tables: DataTable[Any] = self.query_one("#tables", DataTable)
        tables.add_columns("node", "table", "type", "rows", "owner")
        rows: DataTable[Any] = self.query_one("#rows", DataTable)
        rows.add_columns("key", "row")

    def fetch(self, source: Source) -> Any:
        """See Pane."""
        tables = source.tables()
        chosen = selected(self.query_one("#tables", DataTable))
        node, _, name = (chosen or "").partition(" ")
        return tables, source.rows(node, name) if name else []

    def show(self, data: tuple[Mapping[str, Any], list[list[str]]]) -> None:
        """See Pane."""
        tables, rows = data
        lines: list[tuple[str, list[object]]] = []
        for node, found in tables.items():
            for one in found or ():
                cells = [node, one["name"], one["type"], one["rows"], one["owner"]]
                lines.append((f"{node} {one['name']}", cells))
        fill(self.query_one("#tables", DataTable), lines)
        fill(self.query_one("#rows", DataTable), [(str(n), list(row)) for n, row in enumerate(rows)])
