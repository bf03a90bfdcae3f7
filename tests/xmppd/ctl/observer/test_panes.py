"""test_panes — System, Load, Processes and Tables, filled from a source that is played.

Way:  xmppd.ctl.observer.panes
"""

from __future__ import annotations

from typing import Any

from textual.app import App, ComposeResult
from textual.widgets import DataTable, Label

from tests.support.observed import Played, on_screen
from xmppd.ctl.observer.pane import Pane
from xmppd.ctl.observer.panes import LoadPane, ProcessesPane, SystemPane, TablesPane, rates


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


def test_the_load_is_what_two_readings_say() -> None:
    before = {"at": 1.0, "cpu": 1.0, "runs": 100, "memory": 1, "processes": 2, "run_queue": 3}
    now = {"at": 3.0, "cpu": 2.0, "runs": 300, "memory": 5, "processes": 6, "run_queue": 7}
    assert rates(before, now) == {"cpu": 50.0, "runs": 100.0, "memory": 5, "processes": 6, "queue": 7}


def test_curves_begin_with_the_second_reading_and_are_bounded() -> None:
    async def body(pane: LoadPane) -> None:
        source = Played()
        pane.show(pane.fetch(source))
        assert pane.curves == {}
        for _ in range(130):
            pane.show(pane.fetch(source))
        assert list(pane.curves[("w1", "cpu")])[-1] == 50.0
        assert {len(curve) for curve in pane.curves.values()} == {120}
        assert "CPU %  50.0" in str(pane.query_one("#label-w1-cpu", Label).render())

    on_screen(Alone(LoadPane), LoadPane, body)


def test_processes_in_another_order_by_a_key() -> None:
    async def body(pane: ProcessesPane) -> None:
        pane.show(pane.fetch(Played()))
        first, second = cells(pane.query_one("#processes", DataTable))
        assert first == ["<w1.1.7>", "sm", "M", "waiting", "0", "1.0", "5.0 KB", "9"]
        assert pane.chosen == "<w1.1.7>"
        assert second[1] == "router"
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
