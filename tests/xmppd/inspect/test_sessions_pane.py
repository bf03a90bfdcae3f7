"""test_sessions_pane — the tab of who is connected.

Way:  xmppd.inspect.sessions_pane
"""

from __future__ import annotations

import time
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import DataTable, Static, Tabs

from otp.observer.ui.app import Observer
from otp.observer.ui.windows import Detail
from tests.support.played_source import Played, answered, on_screen, play, until
from xmppd.inspect.sessions_pane import SessionsPane, since


class Connected(Played):
    """A server with two sessions."""

    def __init__(self) -> None:
        super().__init__()
        self.kicked: list[str] = []

    def _session_list(self) -> Any:
        row = {"node": "w1", "priority": 0, "seconds": 60, "ip": "192.0.2.1", "mechanism": "PLAIN", "pid": "<w1.1.20>"}
        return [{"jid": "juliet@x/[b]", "tls": "TLSv1.3", **row}, {"jid": "romeo@x/a", "tls": "", **row}]

    def _session_kick(self, user: str) -> Any:
        self.kicked.append(user)
        return {"kicked": 1}


class Alone(App[None]):
    def compose(self) -> ComposeResult:
        yield SessionsPane()


def test_each_session_has_a_line_and_stands_for_its_process() -> None:
    async def body(pane: SessionsPane) -> None:
        assert (pane.session, pane.chosen) == (None, None)
        pane.show(pane.fetch(Connected()))
        assert str(pane.query_one("#counted", Static).render()) == "2 sessions"
        first, second = [[str(cell) for cell in pane.query_one(DataTable).get_row_at(row)] for row in (0, 1)]
        assert first[:3] == ["juliet@x/[b]", "192.0.2.1", "TLSv1.3"]
        assert second[:3] == ["romeo@x/a", "192.0.2.1", "no"]
        assert second[4:] == ["w1", "0", "PLAIN", "<w1.1.20>"]
        assert (pane.session, pane.chosen) == ("juliet@x/[b]", "<w1.1.20>")

    on_screen(Alone(), SessionsPane, body)


def test_of_a_crowd_the_first_are_drawn_and_all_are_counted() -> None:
    async def body(pane: SessionsPane) -> None:
        row = Connected().ask("session list")[0]
        pane.show([{**row, "jid": f"u{n}@x/a"} for n in range(501)])
        assert str(pane.query_one("#counted", Static).render()) == "501 sessions; the first 500 are shown"
        assert pane.query_one(DataTable).row_count == 500

    on_screen(Alone(), SessionsPane, body)


def test_since_is_a_time_of_today_or_a_date() -> None:
    noon = time.mktime((2024, 5, 6, 12, 0, 0, 0, 0, -1))
    assert since(60, noon) == "11:59:00"
    assert since(5 * 86400, noon) == "2024-05-01"


TAB = [("Sessions", SessionsPane)]


def test_a_session_is_ended_after_a_yes_only() -> None:
    source = Connected()

    async def body(app: Observer, pilot: Pilot[None]) -> None:
        await pilot.press("7")
        await until(lambda: app.query_one("#sessions", DataTable).row_count == 2, pilot)
        await pilot.press("k")
        assert "juliet@x/[b]" in await answered(app, pilot, "n")
        await pilot.press("down", "k")
        await answered(app, pilot, "y")
        await until(lambda: source.kicked == ["romeo@x/a"], pilot)

    play(source, body, more=TAB)


def test_enter_opens_all_of_a_session_and_nothing_is_ended_under_it() -> None:
    source = Connected()

    async def body(app: Observer, pilot: Pilot[None]) -> None:
        await pilot.press("7")
        await until(lambda: app.query_one("#sessions", DataTable).row_count == 2, pilot)
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, Detail), pilot)
        await pilot.press("k", "escape")
        await until(lambda: not isinstance(app.screen, Detail), pilot)

    play(source, body, more=TAB)
    assert (source.crashed, source.kicked) == ([], [])


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_where_from_how_and_since_when_are_in_sight(size: tuple[int, int]) -> None:
    async def body(app: Observer, pilot: Pilot[None]) -> None:
        await pilot.press("7")
        table = app.query_one("#sessions", DataTable)
        await until(lambda: table.row_count == 2, pilot)
        await pilot.pause()
        assert sum(column.get_render_width(table) for column in table.ordered_columns[:5]) <= table.size.width
        assert app.query_one(Tabs).max_scroll_x == 0, "all tabs have their names"

    play(Connected(), body, size, TAB)
