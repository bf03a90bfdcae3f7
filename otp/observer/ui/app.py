"""app — the observer: tabs over a running program, in the terminal.

OTP:      observer:start()
Way:      cli → [app] → panes, each fetching through the source in a thread
Process:  none; Textual's own loop, in the operator's terminal

Only the tab in front asks the program, and what it asks is answered from side tables: looking disturbs nobody. A
program adds tabs of its own: run(source, more=[("Orders", OrdersPane)]).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Footer, Header, TabbedContent, TabPane

from otp.observer.errors import ObserverError
from otp.observer.source import Source
from otp.observer.ui.applications import ApplicationsPane
from otp.observer.ui.load import LoadPane
from otp.observer.ui.pane import Pane
from otp.observer.ui.panes import ProcessesPane, SystemPane, TablesPane
from otp.observer.ui.trace_pane import TracePane
from otp.observer.ui.windows import Detail, Question

Tabs = Sequence[tuple[str, type[Pane]]]

TABS: Final[Tabs] = (
    ("System", SystemPane),
    ("Load", LoadPane),
    ("Applications", ApplicationsPane),
    ("Processes", ProcessesPane),
    ("Tables", TablesPane),
    ("Trace", TracePane),
)


class Observer(App[None]):
    """The tabs; the one in front is filled again every so many seconds."""

    TITLE = "observer"
    CSS = """
    #details { height: 3; dock: bottom; padding: 0 1; background: $panel; }
    #rows { height: 40%; border-top: solid $primary; }
    #order, #traced, #counted { padding: 0 1; color: $text-muted; height: 1; }
    TabPane { padding: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False),
        Binding("q", "quit", "quit"),
    ]

    def __init__(self, source: Source, every: float = 1.0, more: Tabs = ()) -> None:
        super().__init__()
        self.source, self.every = source, every
        self._tabs = (*TABS, *more)
        self._busy = False
        for place, (name, _) in enumerate(self._tabs[:9], 1):
            self.bind(f"{place},f{place}", f"tab('{name}')", description=name, show=False)

    def compose(self) -> ComposeResult:
        """The tabs."""
        yield Header()
        with TabbedContent(initial="System", id="tabs"):
            for place, (name, pane) in enumerate(self._tabs, 1):
                with TabPane(f"{place} {name}", id=name):
                    yield pane()
        yield Footer()

    def on_mount(self) -> None:
        """Begin to look."""
        self.sub_title = self.source.name
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
        except ObserverError as error:
            self.notify(str(error), title="the program says", severity="error", markup=False)
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
        self.ask(f"{question} What it was doing is lost; its supervisor decides what comes then.",
                  self.source.crash, chosen, how)  # fmt: skip

    def ask(self, question: str, do: Callable[..., Any], *args: str) -> None:
        """Run do(*args), which may block, after a yes."""

        async def act() -> None:
            if await self._told(do, *args) is not None:
                self.notify(f"done: {' '.join(args)}", markup=False)
            self.look()

        def answered(yes: bool | None) -> None:
            if yes:
                self.run_worker(act())

        self.push_screen(Question(question), answered)

    async def _told(self, do: Callable[..., Any], *args: Any) -> Any:
        """What the program answers; None, and its words on the screen, if it refuses or has nothing to tell."""
        try:
            told = await asyncio.to_thread(do, *args)
        except ObserverError as error:
            self.notify(str(error), title="refused", severity="warning", markup=False)
            return None
        if told is None:
            self.notify(f"{' '.join(args)} has ended", severity="warning", markup=False)
        return told

    async def action_quit(self) -> None:
        """End a trace that is on, and go."""
        await asyncio.to_thread(self.query_one(TracePane).stop, self.source)
        self.exit()


def run(source: Source, every: float = 1.0, more: Tabs = (), title: str = Observer.TITLE) -> None:
    """Be the observer of a running program until it is closed; `every`: seconds between two looks."""
    app = Observer(source, every, more)
    app.title = title
    app.run()
