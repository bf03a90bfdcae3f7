"""test_trace_pane — the tab that follows messages.

Way:  otp.observer.ui.trace_pane
"""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Static

from otp.observer.errors import ObserverError
from otp.observer.ui.trace_pane import TracePane
from tests.support.played_source import Played, on_screen


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
        source.fault = ObserverError("there is no process x")
        pane.wanted = "x"
        with pytest.raises(ObserverError):
            pane.fetch(source)
        source.fault = None
        assert pane.fetch(source)["events"] == []
        assert source.begun == []

    on_screen(Alone(), TracePane, body)
