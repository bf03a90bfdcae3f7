"""test_app — the observer as its user works it, by Textual's pilot, over a source that is played.

Way:  xmppd.ctl.observer.app
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import DataTable, Input, RichLog, Static, TabbedContent, Tabs, Tree

from tests.support.observed import Played
from xmppd.commands import CommandError
from xmppd.ctl.observer.app import Observer
from xmppd.ctl.observer.windows import Detail, Question

Play = Callable[[Observer, Pilot[None]], Awaitable[None]]


def play(source: Played, body: Play, size: tuple[int, int] = (140, 50)) -> None:
    """Open the observer on a source and run `body` at its keys."""

    async def run() -> None:
        app = Observer(source, every=0.3)
        async with app.run_test(size=size) as pilot:
            await body(app, pilot)

    asyncio.run(run())


async def until(condition: Callable[[], bool], pilot: Pilot[None]) -> None:
    """Let the application run until something is true."""
    for _ in range(200):
        if condition():
            return
        await pilot.pause(0.05)
    raise AssertionError("it did not become true")


def test_every_tab_shows_what_it_is_for() -> None:
    async def body(app: Observer, pilot: Pilot[None]) -> None:
        await until(lambda: app.query_one("#system", DataTable).row_count == 2, pilot)
        for key, tab in (
            ("2", "Load"),
            ("3", "Applications"),
            ("4", "Processes"),
            ("5", "Tables"),
            ("6", "Trace"),
            ("f7", "Sessions"),
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
        await pilot.press("f7")
        await until(lambda: app.query_one("#sessions", DataTable).row_count == 2, pilot)

    play(Played(), body)


async def answered(app: Observer, pilot: Pilot[None], key: str) -> str:
    """Wait for the question, answer it by a key, and give what it was."""
    await until(lambda: isinstance(app.screen, Question), pilot)
    asked = app.screen
    assert isinstance(asked, Question)
    await pilot.press(key)
    await until(lambda: app.screen is not asked, pilot)
    return asked.text


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
        source.fault = CommandError("not running [b]")
        await pilot.press("y")
        await until(lambda: told(app, "not running [b]"), pilot)

    play(source, body)


@pytest.mark.parametrize(("tab", "rows"), [("4", "#processes"), ("7", "#sessions")])
def test_enter_opens_all_of_a_process_and_escape_closes_it(tab: str, rows: str) -> None:
    async def body(app: Observer, pilot: Pilot[None]) -> None:
        await pilot.press(tab)
        await until(lambda: app.query_one(rows, DataTable).row_count == 2, pilot)
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, Detail), pilot)
        await pilot.press("k", "escape")
        await until(lambda: not isinstance(app.screen, Detail), pilot)

    source = Played()
    play(source, body)
    assert (source.crashed, source.kicked) == ([], []), "keys of the tab do nothing under a window"


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


def test_a_session_is_ended_after_a_yes_only() -> None:
    source = Played()

    async def body(app: Observer, pilot: Pilot[None]) -> None:
        await pilot.press("7")
        await until(lambda: app.query_one("#sessions", DataTable).row_count == 2, pilot)
        await pilot.press("k")
        assert "juliet@x/[b]" in await answered(app, pilot, "n")
        await pilot.press("down", "k")
        await answered(app, pilot, "y")
        await until(lambda: source.kicked == ["romeo@x/a"], pilot)

    play(source, body)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_what_matters_is_in_sight(size: tuple[int, int]) -> None:
    """All tabs have their names, all curves their place, and tables what one looks for, in a usual terminal."""

    async def body(app: Observer, pilot: Pilot[None]) -> None:
        await pilot.press("2")
        await until(lambda: "run queue 0" in str(app.query_one("#curves", Static).render()), pilot)
        assert app.query_one("#curves", Static).size.height <= app.query_one("#curves-scroll").size.height
        assert app.query_one(Tabs).max_scroll_x == 0
        for tab, name, last in (("4", "#processes", 6), ("7", "#sessions", 5)):
            await pilot.press(tab)
            table = app.query_one(name, DataTable)
            await until(lambda table=table: table.row_count == 2, pilot)  # type: ignore[misc]
            await pilot.pause()
            seen = sum(column.get_render_width(table) for column in table.ordered_columns[:last])
            assert seen <= table.size.width

    play(Played(), body, size)


def test_a_server_that_goes_away_is_told_and_the_observer_stays() -> None:
    source = Played()

    async def body(app: Observer, pilot: Pilot[None]) -> None:
        source.fault = CommandError("not running")
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
