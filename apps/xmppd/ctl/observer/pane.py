"""pane — what every tab of the observer is: it fetches its data in a thread, and shows it.

OTP:      observer_wx's tabs: each a process that polls while it is in front
Way:      observer.app → [pane] ← system, load, applications, processes, tables, trace
Process:  none; Textual's
"""

from __future__ import annotations

from typing import Any

from rich.text import Text
from textual.containers import Vertical
from textual.widgets import DataTable

from xmppd.ctl.observer.source import Source


class Pane(Vertical):
    """One tab. Only the one in front is asked to fetch."""

    @property
    def is_composed(self) -> bool:
        """Whether there is something in it yet, and still."""
        return self.is_attached and all(child.is_mounted for child in self.children) and bool(self.children)

    def fetch(self, source: Source) -> Any:
        """The data of this moment. Runs in a thread and may block. Raises CommandError."""
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


def _key_at(table: DataTable[Any]) -> str | None:
    if not table.is_valid_row_index(table.cursor_row):
        return None
    return table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value


def selected(table: DataTable[Any]) -> str | None:
    """The key of the row under the cursor."""
    return _key_at(table)
