"""app — the observer: tabs over the live server, in the terminal.

OTP:      observer:start()
Way:      ctl.look_verbs → [app] → panes, each fetching through observer.source in a thread
Process:  none; Textual's own loop, in the operator's terminal

Only the tab in front asks the server, and what it asks is answered from side tables: looking disturbs nobody.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Footer, Header, TabbedContent, TabPane

from xmppd.ctl.commands import CommandError
from xmppd.ctl.home import Home
from xmppd.ctl.observer.applications import ApplicationsPane
from xmppd.ctl.observer.pane import Pane
from xmppd.ctl.observer.panes import LoadPane, ProcessesPane, SystemPane, TablesPane
from xmppd.ctl.observer.source import Source
from xmppd.ctl.observer.trace import TracePane

_TABS: tuple[tuple[str, type[Pane]], ...] = (
    ("System", SystemPane),
    ("Load", LoadPane),
    ("Applications", ApplicationsPane),
    ("Processes", ProcessesPane),
    ("Tables", TablesPane),
    ("Trace", TracePane),
)


class Observer(App[None]):
    """Six tabs; the one in front is filled anew every so many seconds."""

    TITLE = "xmppd observer"
    CSS = """
    #details { height: 3; dock: bottom; padding: 0 1; background: $panel; }
    #rows { height: 40%; border-top: solid $primary; }
    .curve { height: 2; margin: 0 1 1 1; }
    .curve-name { margin: 0 1; }
    #order, #traced { padding: 0 1; color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(f"{place},f{place}", f"tab('{name}')", name) for place, (name, _) in enumerate(_TABS, 1)),
        Binding("k", "crash('kill')", "kill (dev)"),
        Binding("x", "crash('raise')", "crash (dev)"),
        Binding("escape", "leave", show=False),
        Binding("q", "quit", "quit"),
    ]

    def __init__(self, source: Source, every: float = 1.0) -> None:
        super().__init__()
        self.source, self.every = source, every
        self._busy = False

    def compose(self) -> ComposeResult:
        """The tabs."""
        yield Header()
        with TabbedContent(initial="System", id="tabs"):
            for name, pane in _TABS:
                with TabPane(name, id=name):
                    yield pane()
        yield Footer()

    def on_mount(self) -> None:
        """Begin to look."""
        self.sub_title = str(self.source.home.path)
        self.set_interval(self.every, self.look)
        self.look()

    def on_tabbed_content_tab_activated(self) -> None:
        """Another tab is in front: the keys are for what is in it."""
        pane = self.pane
        first = next((one for one in pane.query("*") if one.focusable), None) if pane is not None else None
        if first is not None:
            first.focus()
        self.look()

    @property
    def pane(self) -> Pane | None:
        """The one in front; None as long as nothing is there yet."""
        front = next((tabs.active for tabs in self.query(TabbedContent)), "")
        panes = (one for one in self.query(Pane) if one.parent is not None and one.parent.id == front)
        return next((one for one in panes if one.is_composed), None)

    def look(self) -> None:
        """Fetch and show what is in front, unless that is under way."""
        pane = self.pane
        if pane is not None and not self._busy:
            self._busy = True
            self.run_worker(self._look(pane))

    async def _look(self, pane: Pane) -> None:
        try:
            data = await asyncio.to_thread(pane.fetch, self.source)
            if self.is_running and pane.is_composed:
                pane.show(data)
        except CommandError as error:
            self.notify(str(error), title="the server says", severity="error", markup=False)
        finally:
            self._busy = False

    def action_tab(self, name: str) -> None:
        """Bring a tab to the front."""
        self.query_one("#tabs", TabbedContent).active = name

    def action_leave(self) -> None:
        """Out of a line of input: digits are tabs again."""
        self.set_focus(None)

    async def action_crash(self, how: str) -> None:
        """Break the process under the cursor; the server refuses it on a production node."""
        pane = self.pane
        chosen = pane.chosen if isinstance(pane, ApplicationsPane | ProcessesPane) else None
        if chosen is None:
            return
        try:
            done: Any = await asyncio.to_thread(self.source.crash, chosen, how)
            self.notify(f"{how}: {done['who']} {done['pid']}", markup=False)
        except CommandError as error:
            self.notify(str(error), title="refused", severity="warning", markup=False)
        self.look()

    async def action_quit(self) -> None:
        """End a trace that is on, and go."""
        await asyncio.to_thread(self.query_one(TracePane).stop, self.source)
        self.exit()


def run(home: Home, every: float = 1.0) -> None:
    """Be the observer of a running server until it is closed."""
    Observer(Source(home), every).run()
