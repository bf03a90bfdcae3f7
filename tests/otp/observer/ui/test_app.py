"""test_app — the observer as its user works it, by Textual's pilot, over a source that is played.

Way:  otp.observer.ui.app
"""

from __future__ import annotations

from typing import Any

import pytest
from textual.app import ComposeResult
from textual.pilot import Pilot
from textual.widgets import DataTable, Input, RichLog, Static, TabbedContent, Tabs, Tree

from otp.observer.errors import ObserverError
from otp.observer.source import Source
from otp.observer.ui.app import Observer
from otp.observer.ui.pane import Pane
from otp.observer.ui.windows import Detail, Question
from tests.support.played_source import Played, answered, play, until


def test_every_tab_shows_what_it_is_for() -> None:
    async def body(app: Observer, pilot: Pilot[None]) -> None:
        await until(lambda: app.query_one("#system", DataTable).row_count == 2, pilot)
        for key, tab in (
            ("2", "Load"),
            ("3", "Applications"),
            ("4", "Processes"),
            ("5", "Tables"),
            ("6", "Trace"),
        ):
            await pilot.press(key)
            assert app.query_one("#tabs", TabbedContent).active == tab
        await pilot.press("f3")
        await until(lambda: len(app.query_one("#tree", Tree).root.children) == 2, pilot)
        await pilot.press("f4")
        await until(lambda: app.query_one("#processes", DataTable).row_count == 2, pilot)
        await pilot.press("f5")
        await until(lambda: app.query_one("#tables", DataTable).row_count == 1, pilot)
        await pilot.press("f2")
        await until(lambda: "CPU % 50.0" in str(app.query_one("#curves", Static).render()), pilot)

    play(Played(), body)


def told(app: Observer, words: str) -> bool:
    return any(words in note.message for note in app._notifications)


@pytest.mark.parametrize(("key", "how"), [("k", "kill"), ("x", "raise")])
@pytest.mark.parametrize("no", ["n", "escape", "enter", "q"])
def test_a_process_is_broken_after_a_yes_only(key: str, how: str, no: str) -> None:
    source = Played()

    async def body(app: Observer, pilot: Pilot[None]) -> None:
        await pilot.press("4")
        await until(lambda: app.query_one("#processes", DataTable).row_count == 2, pilot)
        await pilot.press("down", key)
        assert "router <w1.1.8>" in await answered(app, pilot, no)
        assert source.crashed == []
        await pilot.press(key)
        await answered(app, pilot, "y")
        await until(lambda: source.crashed == [("<w1.1.8>", how)], pilot)

    play(source, body)


def test_what_holds_the_node_is_refused_with_a_reason_and_without_a_question() -> None:
    source = Played()
    source.kept = "refused: top is the top supervisor [b]"

    async def body(app: Observer, pilot: Pilot[None]) -> None:
        await pilot.press("3")
        await until(lambda: len(app.query_one("#tree", Tree).root.children) == 2, pilot)
        for key in ("k", "x"):
            await pilot.press("home", "down", key)
            await until(lambda: told(app, "top supervisor [b]"), pilot)
            app.clear_notifications()
            assert not isinstance(app.screen, Question)
        await pilot.press("home", "k", "1", "k")
        assert not isinstance(app.screen, Question), "no process is chosen on a node's line, nor on this tab"

    play(source, body)
    assert source.crashed == []


def test_what_the_server_refuses_is_told() -> None:
    source = Played()

    async def body(app: Observer, pilot: Pilot[None]) -> None:
        await pilot.press("4")
        await until(lambda: app.query_one("#processes", DataTable).row_count == 2, pilot)
        await pilot.press("k")
        await until(lambda: isinstance(app.screen, Question), pilot)
        source.fault = ObserverError("not running [b]")
        await pilot.press("y")
        await until(lambda: told(app, "not running [b]"), pilot)

    play(source, body)


def test_enter_opens_all_of_a_process_and_escape_closes_it() -> None:
    async def body(app: Observer, pilot: Pilot[None]) -> None:
        await pilot.press("4")
        await until(lambda: app.query_one("#processes", DataTable).row_count == 2, pilot)
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, Detail), pilot)
        await pilot.press("k", "escape")
        await until(lambda: not isinstance(app.screen, Detail), pilot)

    source = Played()
    play(source, body)
    assert source.crashed == [], "keys of the tab do nothing under a window"


def test_enter_in_the_tree_is_for_processes_and_opens_and_closes_a_node() -> None:
    async def body(app: Observer, pilot: Pilot[None]) -> None:
        await pilot.press("3")
        tree: Tree[Any] = app.query_one("#tree", Tree)
        await until(lambda: len(tree.root.children) == 2, pilot)
        await pilot.press("home", "enter")
        await until(lambda: not tree.root.children[0].is_expanded, pilot)
        await pilot.press("enter", "down", "enter")
        await until(lambda: isinstance(app.screen, Detail), pilot)
        assert tree.root.children[0].children[0].is_expanded, "a supervisor is opened and closed by the space bar"

    play(Played(), body)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_what_matters_is_in_sight(size: tuple[int, int]) -> None:
    """All tabs have their names, all curves their place, and tables what one looks for, in a usual terminal."""

    async def body(app: Observer, pilot: Pilot[None]) -> None:
        await pilot.press("2")
        await until(lambda: "run queue 0" in str(app.query_one("#curves", Static).render()), pilot)
        assert app.query_one("#curves", Static).size.height <= app.query_one("#curves-scroll").size.height
        assert app.query_one(Tabs).max_scroll_x == 0
        await pilot.press("4")
        table = app.query_one("#processes", DataTable)
        await until(lambda: table.row_count == 2, pilot)
        await pilot.pause()
        assert sum(column.get_render_width(table) for column in table.ordered_columns[:6]) <= table.size.width

    play(Played(), body, size)


def test_a_server_that_goes_away_is_told_and_the_observer_stays() -> None:
    source = Played()

    async def body(app: Observer, pilot: Pilot[None]) -> None:
        source.fault = ObserverError("not running")
        await until(lambda: any("not running" in note.message for note in app._notifications), pilot)
        source.fault = None
        await until(lambda: app.query_one("#system", DataTable).row_count == 2, pilot)

    play(source, body)


def test_a_trace_is_begun_by_name_read_and_ended_with_the_observer() -> None:
    source = Played()

    async def body(app: Observer, pilot: Pilot[None]) -> None:
        await pilot.press("6")
        await until(lambda: isinstance(app.focused, Input), pilot)
        await pilot.press(*"router", "enter")
        await until(lambda: len(app.query_one("#events", RichLog).lines) > 0, pilot)
        assert source.begun == ["router"]
        await pilot.press("escape", "q")

    play(source, body)
    assert source.ended == [{"key": "k", "on": ["w1"]}]


def test_a_program_adds_tabs_of_its_own() -> None:
    class OrdersPane(Pane):
        def compose(self) -> ComposeResult:
            yield Static(id="orders")

        def fetch(self, source: Source) -> Any:
            return "7 orders"

        def show(self, data: Any) -> None:
            self.query_one("#orders", Static).update(data)

    async def body(app: Observer, pilot: Pilot[None]) -> None:
        await pilot.press("7")
        await until(lambda: str(app.query_one("#orders", Static).render()) == "7 orders", pilot)
        assert app.query_one("#tabs", TabbedContent).active == "Orders"

    play(Played(), body, more=[("Orders", OrdersPane)])
