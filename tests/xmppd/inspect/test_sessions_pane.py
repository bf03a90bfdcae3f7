"""test_sessions — the tab of who is connected.

Way:  xmppd.ctl.observer.sessions
"""

from __future__ import annotations

import time

from textual.app import App, ComposeResult
from textual.widgets import DataTable, Static

from tests.support.observed import Played, on_screen
from xmppd.ctl.observer.sessions import SessionsPane, since


class Alone(App[None]):
    def compose(self) -> ComposeResult:
        yield SessionsPane()


def test_each_session_has_a_line_and_stands_for_its_process() -> None:
    async def body(pane: SessionsPane) -> None:
        assert (pane.session, pane.chosen) == (None, None)
        pane.show(pane.fetch(Played()))
        assert str(pane.query_one("#counted", Static).render()) == "2 sessions"
        first, second = [[str(cell) for cell in pane.query_one(DataTable).get_row_at(row)] for row in (0, 1)]
        assert first[:3] == ["juliet@x/[b]", "192.0.2.1", "TLSv1.3"]
        assert second[:3] == ["romeo@x/a", "192.0.2.1", "no"]
        assert second[4:] == ["w1", "0", "PLAIN", "<w1.1.20>"]
        assert (pane.session, pane.chosen) == ("juliet@x/[b]", "<w1.1.20>")

    on_screen(Alone(), SessionsPane, body)


def test_of_a_crowd_the_first_are_drawn_and_all_are_counted() -> None:
    async def body(pane: SessionsPane) -> None:
        row = Played().sessions()[0]
        pane.show([{**row, "jid": f"u{n}@x/a"} for n in range(501)])
        assert str(pane.query_one("#counted", Static).render()) == "501 sessions; the first 500 are shown"
        assert pane.query_one(DataTable).row_count == 500

    on_screen(Alone(), SessionsPane, body)


def test_since_is_a_time_of_today_or_a_date() -> None:
    noon = time.mktime((2024, 5, 6, 12, 0, 0, 0, 0, -1))
    assert since(60, noon) == "11:59:00"
    assert since(5 * 86400, noon) == "2024-05-01"
