"""windows — what opens over a tab of the observer: a question before anything is ended, and all of one process.

OTP:      observer_procinfo; the dialogs of observer_lib
Way:      ui.app → [windows] → the answer
Process:  none; Textual's
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from otp.observer.ui.pane import plain


class Question(ModalScreen[bool]):
    """Asks before something is done that cannot be undone. Only `y` does it; Enter does not."""

    CSS = """
    Question { align: center middle; }
    #question { width: 64; max-width: 90%; height: auto; padding: 1 2; border: thick $error; background: $surface; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "dismiss(True)", "yes"),
        Binding("n,escape,enter,q", "dismiss(False)", "no"),
    ]

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def compose(self) -> ComposeResult:
        """The question, and the keys that answer it."""
        with Vertical(id="question"):
            yield Static(plain(self.text))
            yield Static(Text("\ny  yes        n, Esc  no", "bold"))


class Detail(ModalScreen[None]):
    """All that is known of one process, as it was when it was asked for."""

    CSS = """
    Detail { align: center middle; }
    #detail { width: 96%; height: 94%; border: solid $primary; background: $surface; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter", "dismiss", "close")]

    def __init__(self, title: str, told: Mapping[str, Any]) -> None:
        super().__init__()
        self.heading, self.told = title, told

    def compose(self) -> ComposeResult:
        """A line for each property."""
        with VerticalScroll(id="detail") as box:
            box.border_title = Text(self.heading)
            box.border_subtitle = "Esc closes"
            yield Static(lines(self.told), id="told")

    def on_mount(self) -> None:
        """The keys scroll."""
        self.query_one("#detail").focus()


def lines(told: Mapping[str, Any]) -> Table:
    """The properties one under the other; what has no value is left out."""
    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    for name, value in told.items():
        if value in (None, "", []):
            continue
        table.add_row(Text(name, "bold"), plain("\n".join(value) if isinstance(value, list) else value))
    return table
