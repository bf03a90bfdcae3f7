"""test_app — the observer as its user works it, by Textual's pilot, over a source that is played.

Way:  xmppd.ctl.observer.app
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from textual.pilot import Pilot
from textual.widgets import DataTable, Input, RichLog, TabbedContent, Tree

from tests.support.observed import Played
from xmppd.ctl.commands import CommandError
from xmppd.ctl.observer.app import Observer

Play = Callable[[Observer, Pilot[None]], Awaitable[None]]


def play(source: Played, body: Play) -> None:
    """Open the observer on a source and run `body` at its keys."""

    async def run() -> None:
        app = Observer(source, every=0.3)
        async with app.run_test(size=(140, 50)) as pilot:
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
        for key, tab in (("2", "Load"), ("3", "Applications"), ("4", "Processes"), ("5", "Tables"), ("6", "Trace")):
            await pilot.press(key)
            assert app.query_one("#tabs", TabbedContent).active == tab
        await pilot.press("f3")
        await until(lambda: len(app.query_one("#tree", Tree).root.children) == 2, pilot)
        await pilot.press("f4")
        await until(lambda: app.query_one("#processes", DataTable).row_count == 2, pilot)
        await pilot.press("f5")
        await until(lambda: app.query_one("#tables", DataTable).row_count == 1, pilot)
        await pilot.press("f2")
        await until(lambda: len(app.query("Sparkline")) == 5, pilot)

    play(Played(), body)


def test_a_process_is_broken_by_a_key_and_a_refusal_is_told() -> None:
    source = Played()

    async def body(app: Observer, pilot: Pilot[None]) -> None:
        await pilot.press("4")
        await until(lambda: app.query_one("#processes", DataTable).row_count == 2, pilot)
        await pilot.press("down", "k")
        await until(lambda: source.crashed == [("<w1.1.8>", "kill")], pilot)
        source.fault = CommandError("refused: this is a production node [b]")
        await pilot.press("x")
        await until(lambda: any("refused" in note.message for note in app._notifications), pilot)
        await pilot.press("1", "k")
        assert len(source.crashed) == 1, "no process is chosen on this tab"

    play(source, body)


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
