"""test_panes — System, Processes and Tables, filled from a source that is played.

Way:  otp.observer.ui.panes
"""

from __future__ import annotations

from typing import Any

from textual.app import App, ComposeResult
from textual.widgets import DataTable

from otp.observer.ui.pane import Pane
from otp.observer.ui.panes import ProcessesPane, SystemPane, TablesPane
from tests.support.played_source import Played, on_screen


class Alone(App[None]):
    def __init__(self, pane: type[Pane]) -> None:
        super().__init__()
        self.pane = pane

    def compose(self) -> ComposeResult:
        yield self.pane()


def cells(table: DataTable[Any]) -> list[list[str]]:
    return [[str(cell) for cell in table.get_row_at(row)] for row in range(table.row_count)]


def test_the_system_has_a_column_for_each_node() -> None:
    async def body(pane: SystemPane) -> None:
        pane.show(pane.fetch(Played()))
        table = pane.query_one("#system", DataTable)
        assert cells(table) == [["node", "w1", "down"], ["processes", "7", "down"]]
        assert [str(column.label) for column in table.ordered_columns] == ["", "w1", "w2"]

    on_screen(Alone(SystemPane), SystemPane, body)


def test_processes_in_another_order_by_a_key() -> None:
    async def body(pane: ProcessesPane) -> None:
        pane.show(pane.fetch(Played()))
        first, second = cells(pane.query_one("#processes", DataTable))
        assert first == ["sm", "1.0", "0", "5.0 KB", "9", "<w1.1.7>", "waiting", "M"]
        assert pane.chosen == "<w1.1.7>"
        assert second[0] == "router"
        assert pane.named == "sm"
        pane.action_order()
        assert pane.fetch(Played())["by"] == "mailbox"

    on_screen(Alone(ProcessesPane), ProcessesPane, body)


def test_tables_and_the_rows_of_the_one_under_the_cursor() -> None:
    async def body(pane: TablesPane) -> None:
        source = Played()
        pane.show(pane.fetch(source))
        assert cells(pane.query_one("#tables", DataTable)) == [["w1", "routes", "set", "1", "router"]]
        assert cells(pane.query_one("#rows", DataTable)) == []
        pane.show(pane.fetch(source))
        assert cells(pane.query_one("#rows", DataTable)) == [["'localhost'", "[b]True"]]

    on_screen(Alone(TablesPane), TablesPane, body)
