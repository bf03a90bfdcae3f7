"""trace_pane — the observer's tab Trace: type a name or a pid, or a word of the program's, and see messages pass.

OTP:      observer_trace_wx
Way:      ui.app → [trace_pane] → source → commands.trace_begin
Process:  none; Textual's
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from textual.app import ComposeResult
from textual.widgets import Input, RichLog, Static

from otp.observer.errors import ObserverError
from otp.observer.source import Source
from otp.observer.text import event
from otp.observer.ui.pane import Pane, plain


class TracePane(Pane):
    """An input, a line that says what is on, and the events."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted = ""
        self._followed = ""
        self._place: Mapping[str, Any] | None = None

    def compose(self) -> ComposeResult:
        """See the class."""
        yield Input(placeholder="name, pid or id; Enter begins, an empty line ends", id="target")
        yield Static(id="traced")
        yield RichLog(id="events", max_lines=5000, markup=False, wrap=True, min_width=20)

    def on_input_submitted(self, submitted: Input.Submitted) -> None:
        """Somebody else is to be followed, or nobody."""
        self.wanted = submitted.value.strip()

    def fetch(self, source: Source) -> Any:
        """See Pane: begins, reads or ends, as is wanted."""
        if self.wanted != self._followed:
            self.stop(source)
            self._followed = self.wanted
            if self.wanted:
                self._place = source.begin(self.wanted)
        if self._place is None:
            return {"events": [], "over": True, "dropped": 0}
        found = source.read(self._place)
        if found["over"]:
            self.stop(source)
        return found

    def stop(self, source: Source) -> None:
        """End the trace that is on, if one is."""
        place, self._place = self._place, None
        if place is not None:
            with contextlib.suppress(ObserverError):
                source.end(place)

    def show(self, data: Mapping[str, Any]) -> None:
        """See Pane."""
        log = self.query_one("#events", RichLog)
        for one in data["events"]:
            log.write(plain(event(one)))
        state = f"following {self._followed}" if self._place is not None else "nobody is followed"
        self.query_one("#traced", Static).update(plain(state))
