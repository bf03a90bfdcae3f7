"""test_load — the tab Load, filled from a source that is played.

Way:  otp.observer.ui.load
"""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Static

from otp.observer.ui.load import HISTORY, LoadPane, rates
from tests.support.played_source import Played, on_screen


class Alone(App[None]):
    def compose(self) -> ComposeResult:
        yield LoadPane()


def test_the_load_is_what_two_readings_say() -> None:
    before = {"at": 1.0, "cpu": 1.0, "runs": 100, "memory": 1, "processes": 2, "run_queue": 3}
    now = {"at": 3.0, "cpu": 2.0, "runs": 300, "memory": 5, "processes": 6, "run_queue": 7}
    assert rates(before, now) == {"cpu": 50.0, "runs": 100.0, "memory": 5, "processes": 6, "queue": 7}


def test_curves_begin_with_the_second_reading_and_are_bounded() -> None:
    async def body(pane: LoadPane) -> None:
        source = Played()
        pane.show(pane.fetch(source))
        assert pane.curves["w1"] == {}
        for _ in range(HISTORY + 10):
            pane.show(pane.fetch(source))
        assert list(pane.curves["w1"]["cpu"])[-1] == 50.0
        assert {len(curve) for curve in pane.curves["w1"].values()} == {HISTORY}
        drawn = str(pane.query_one("#curves", Static).render())
        assert "CPU % 50.0" in drawn
        assert "100┤" in drawn
        assert drawn.index("w1") < drawn.index("w2")

    on_screen(Alone(), LoadPane, body)
