"""test_trace — the tab that follows messages.

Way:  xmppd.ctl.observer.trace
"""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Static

from tests.support.observed import Played, on_screen
from xmppd.commands import CommandError
from xmppd.ctl.observer.trace import TracePane


class Alone(App[None]):
    def compose(self) -> ComposeResult:
        yield TracePane()


def test_somebody_else_is_followed_then_nobody() -> None:
    async def body(pane: TracePane) -> None:
        source = Played()
        assert pane.fetch(source)["events"] == []
        pane.wanted = "router"
        pane.show(pane.fetch(source))
        assert str(pane.query_one("#traced", Static).render()) == "following router"
        pane.wanted = "romeo@localhost"
        pane.fetch(source)
        pane.wanted = ""
        last = pane.fetch(source)
        assert last["over"]
        pane.show(last)
        assert str(pane.query_one("#traced", Static).render()) == "nobody is followed"
        assert source.begun == ["router", "romeo@localhost"]
        assert len(source.ended) == 2

    on_screen(Alone(), TracePane, body)


def test_whom_nobody_knows_is_asked_for_once() -> None:
    async def body(pane: TracePane) -> None:
        source = Played()
        source.fault = CommandError("there is no process x")
        pane.wanted = "x"
        with pytest.raises(CommandError):
            pane.fetch(source)
        source.fault = None
        assert pane.fetch(source)["events"] == []
        assert source.begun == []

    on_screen(Alone(), TracePane, body)
