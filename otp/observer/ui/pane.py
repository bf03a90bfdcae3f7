"""pane — what every tab of the observer is: it fetches its data in a thread, and shows it.

OTP:      observer_wx's tabs: each a process that polls while it is in front
Way:      ui.app → [pane] ← system, load, applications, processes, tables, trace, and a program's own
Process:  none; Textual's
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rich.text import Text
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import DataTable
from textual.widgets.data_table import ColumnKey

from otp.observer.source import Source

#: keys of a tab whose lines are processes; what ends one asks first
ON_A_PROCESS: Final = (
    Binding("enter", "app.detail", "detail", priority=True),
    Binding("k", "app.crash('kill')", "kill"),
    Binding("x", "app.crash('raise')", "crash"),
)


class Pane(Vertical):
    """One tab. Only the one in front is asked to fetch."""

    @property
    def is_composed(self) -> bool:
        """Whether there is something in it yet, and still."""
        return self.is_attached and all(child.is_mounted for child in self.children) and bool(self.children)

    @property
    def chosen(self) -> str | None:
        """The pid of the process under the cursor, if that is one."""
        return None

    @property
    def named(self) -> str:
        """What the process under the cursor is called."""
        return ""

    def enter(self) -> bool:
        """Enter on what is no process; whether it was dealt with."""
        return False

    def fetch(self, source: Source) -> Any:
        """The data of this moment. Runs in a thread and may block. Raises ObserverError."""
        raise NotImplementedError

    def show(self, data: Any) -> None:
        """Show it. Runs in the application."""
        raise NotImplementedError


def plain(value: object) -> Text:
    """A cell or label: whatever stands in it is text and never markup."""
    return Text("" if value is None else str(value))


def fill(table: DataTable[Any], rows: list[tuple[str, list[object]]]) -> None:
    """Put rows (key, cells) into a table in this order; the cursor stays on its row if that is still there."""
    before = _key_at(table)
    table.clear()
    for key, cells in rows:
        table.add_row(*(plain(cell) for cell in cells), key=key)
    keys = [key for key, _ in rows]
    if before in keys:
        table.move_cursor(row=keys.index(before), animate=False)


def make_room(
    table: DataTable[Any], first: str, widths: Mapping[str, int], width: int, bounds: tuple[int, int]
) -> None:
    """Widen the column `first` to what `widths` (a column's characters, by its key) leave of the screen, within bounds.

    So they stay in sight, however narrow it is; what stands behind them may be scrolled to.
    """
    left = width - sum(widths.values()) - 2 * (len(widths) + 1) - 1
    table.columns[ColumnKey(first)].width = min(max(left, bounds[0]), bounds[1])
    table.refresh(layout=True)


def _key_at(table: DataTable[Any]) -> str | None:
    if not table.is_valid_row_index(table.cursor_row):
        return None
    return table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value


def selected(table: DataTable[Any]) -> str | None:
    """The key of the row under the cursor."""
    return _key_at(table)
