"""test_pane — tables keep their cursor; what stands in them is text.

Way:  otp.observer.ui.pane
"""

from __future__ import annotations

from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.widgets import DataTable

from otp.observer.source import Source
from otp.observer.ui.pane import Pane, fill, plain, selected
from tests.support.played_source import on_screen


class Alone(App[None]):
    def compose(self) -> ComposeResult:
        yield DataTable(cursor_type="row")


def test_the_cursor_stays_on_its_row() -> None:
    async def body(table: DataTable[Any]) -> None:
        table.add_columns("a", "b")
        assert selected(table) is None
        fill(table, [("1", ["x", None]), ("2", ["y", "[b]"]), ("3", ["z", 3])])
        table.move_cursor(row=1)
        assert selected(table) == "2"
        fill(table, [("0", ["", ""]), ("1", ["x", ""]), ("2", ["y", "[b]"])])
        assert selected(table) == "2"
        assert str(table.get_row("2")[1]) == "[b]"
        fill(table, [("9", ["", ""])])
        assert selected(table) == "9"

    on_screen(Alone(), DataTable, body)


def test_plain_is_text() -> None:
    assert [plain(value).plain for value in (None, 3, "[b]x")] == ["", "3", "[b]x"]


def test_a_pane_says_what_it_needs() -> None:
    pane = Pane()
    with pytest.raises(NotImplementedError):
        pane.fetch(Source.__new__(Source))
    with pytest.raises(NotImplementedError):
        pane.show(None)
