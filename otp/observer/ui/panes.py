"""panes — the observer's tabs System, Processes and Tables.

OTP:      observer_sys_wx, observer_pro_wx, observer_tv_wx
Way:      ui.app → [panes] → source
Process:  none; Textual's
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.widgets import DataTable, Static

from otp.observer.source import Source
from otp.observer.text import size
from otp.observer.ui.pane import ON_A_PROCESS, Pane, fill, make_room, plain, selected

_ORDERS: Final = ("rate", "mailbox", "memory", "reductions")
#: what a process is called stands first, and takes what room the numbers leave; status and class may be scrolled to
_WIDTHS: Final = {"msg/s": 7, "mailbox": 7, "memory": 8, "reductions": 10, "pid": 12}
_WHO: Final = (18, 48)


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


class ProcessesPane(Pane):
    """The busiest processes of all nodes."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("s", "order", "sort"), *ON_A_PROCESS]

    def __init__(self) -> None:
        super().__init__()
        self.by = _ORDERS[0]
        self._names: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        """A line that says the order, and the table."""
        yield Static(id="order")
        yield DataTable(id="processes", cursor_type="row", zebra_stripes=True)

    def on_mount(self) -> None:
        """The columns."""
        table: DataTable[Any] = self.query_one("#processes", DataTable)
        table.add_column("who", key="who", width=_WHO[0])
        for name, width in _WIDTHS.items():
            table.add_column(name, width=width)
        table.add_columns("status", "class")

    def on_resize(self, event: Resize) -> None:
        """The numbers stay in sight, however narrow the screen is."""
        make_room(self.query_one("#processes", DataTable), "who", _WIDTHS, event.size.width, _WHO)

    def action_order(self) -> None:
        """The next order."""
        self.by = _ORDERS[(_ORDERS.index(self.by) + 1) % len(_ORDERS)]

    def fetch(self, source: Source) -> Any:
        """See Pane."""
        return source.top(self.by)

    def show(self, data: Mapping[str, Any]) -> None:
        """See Pane."""
        self.query_one("#order", Static).update(plain(f"sorted by {data['by']}; s: another order; Enter: all of it"))
        self._names = {row["pid"]: row["who"] for row in data["rows"]}
        rows = [(row["pid"], [row["who"], row["rate"], row["mailbox"], size(row["memory"]), row["reductions"],
                              row["pid"], row["status"], row["label"]]) for row in data["rows"]]  # fmt: skip
        fill(self.query_one("#processes", DataTable), rows)

    @property
    def chosen(self) -> str | None:
        """The pid under the cursor."""
        return selected(self.query_one("#processes", DataTable))

    @property
    def named(self) -> str:
        """What it is called."""
        return self._names.get(self.chosen or "", "")


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
