"""app — the observer: tabs over the live server, in the terminal.

OTP:      observer:start()
Way:      ctl.look_verbs → [app] → panes, each fetching through observer.source in a thread
Process:  none; Textual's own loop, in the operator's terminal

Only the tab in front asks the server, and what it asks is answered from side tables: looking disturbs nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Footer, Header, TabbedContent, TabPane

from xmppd.commands import CommandError
from xmppd.ctl.observer.applications import ApplicationsPane
from xmppd.ctl.observer.load import LoadPane
from xmppd.ctl.observer.pane import Pane
from xmppd.ctl.observer.panes import ProcessesPane, SystemPane, TablesPane
from xmppd.ctl.observer.sessions import SessionsPane
from xmppd.ctl.observer.source import Source
from xmppd.ctl.observer.trace import TracePane
from xmppd.ctl.observer.windows import Detail, Question
from xmppd.node.home import Home

_TABS: tuple[tuple[str, type[Pane]], ...] = (
    ("System", SystemPane),
    ("Load", LoadPane),
    ("Applications", ApplicationsPane),
    ("Processes", ProcessesPane),
    ("Tables", TablesPane),
    ("Trace", TracePane),
    ("Sessions", SessionsPane),
)


class Observer(App[None]):
    """The tabs; the one in front is filled anew every so many seconds."""

    TITLE = "xmppd observer"
    CSS = """
    #details { height: 3; dock: bottom; padding: 0 1; background: $panel; }
    #rows { height: 40%; border-top: solid $primary; }
    #order, #traced, #counted { padding: 0 1; color: $text-muted; height: 1; }
    TabPane { padding: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(f"{place},f{place}", f"tab('{name}')", name, show=False) for place, (name, _) in enumerate(_TABS, 1)),
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
            for place, (name, pane) in enumerate(_TABS, 1):
                with TabPane(f"{place} {name}", id=name):
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

    async def action_detail(self) -> None:
        """Show all of the process under the cursor."""
        pane = self.pane
        if pane is None or pane.enter() or pane.chosen is None:
            return
        told = await self._told(self.source.info, pane.chosen)
        if told:
            self.push_screen(Detail(f"{pane.named} {told['pid']}".strip(), {**told, "kept": ""}))

    async def action_crash(self, how: str) -> None:
        """Break the process under the cursor, if that is allowed and the operator says yes."""
        pane = self.pane
        chosen = pane.chosen if pane is not None else None
        if pane is None or chosen is None:
            return
        named = f"{pane.named} {chosen}".strip()
        told = await self._told(self.source.info, chosen)
        if told is None:
            return
        if told.get("kept"):
            self.notify(told["kept"], title="refused", severity="warning", markup=False)
            return
        question = {"kill": f"Kill {named}?", "raise": f"Let {named} crash?"}[how]
        self._ask(f"{question} What it was doing is lost; its supervisor decides what comes then.",
                  self.source.crash, chosen, how)  # fmt: skip

    def action_kick(self) -> None:
        """End the session under the cursor, if the operator says yes."""
        pane = self.pane
        if isinstance(pane, SessionsPane) and pane.session is not None:
            self._ask(f"End the session of {pane.session}?", self.source.kick, pane.session)

    def _ask(self, question: str, do: Callable[..., Any], *args: Any) -> None:
        """Do it after a yes."""

        async def act() -> None:
            if await self._told(do, *args) is not None:
                self.notify(f"done: {' '.join(args)}", markup=False)
            self.look()

        def answered(yes: bool | None) -> None:
            if yes:
                self.run_worker(act())

        self.push_screen(Question(question), answered)

    async def _told(self, do: Callable[..., Any], *args: Any) -> Any:
        """What the server answers; None, and its words on the screen, if it refuses or has nothing to tell."""
        try:
            told = await asyncio.to_thread(do, *args)
        except CommandError as error:
            self.notify(str(error), title="refused", severity="warning", markup=False)
            return None
        if told is None:
            self.notify(f"{' '.join(args)} has ended", severity="warning", markup=False)
        return told

    async def action_quit(self) -> None:
        """End a trace that is on, and go."""
        await asyncio.to_thread(self.query_one(TracePane).stop, self.source)
        self.exit()


def run(home: Home, every: float = 1.0) -> None:
    """Be the observer of a running server until it is closed."""
    Observer(Source(home), every).run()
