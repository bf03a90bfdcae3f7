"""played_source — the observer over a source that is played: two nodes, of which one is down."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from textual.app import App
from textual.pilot import Pilot
from textual.widget import Widget

from otp.observer.source import Source
from otp.observer.ui.app import Observer, Tabs
from otp.observer.ui.windows import Question

W = TypeVar("W", bound=Widget)


def on_screen(app: App[None], kind: type[W], body: Callable[[W], Awaitable[None]]) -> None:
    """Run `body` with a widget of an application that is open."""

    async def run() -> None:
        async with app.run_test(size=(120, 40)):
            await body(app.query_one(kind))

    asyncio.run(run())


def branch(id_: str, pid: str | None, *children: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A node of a tree as tree.as_dict gives it."""
    made = {"id": id_, "pid": pid, "name": None, "module": "M", "strategy": None, "status": "running", "restarts": 0}
    counts = {"mailbox": 0, "count": len(children), "recent": 0, "intensity": 0, "period": 0.0, "last_exit": None}
    return {**made, **counts, "type": "worker", "children": list(children), **more}


class Played(Source):
    """Answers as a server would; `fault` is raised instead, if there is one."""

    def __init__(self) -> None:
        object.__setattr__(self, "name", "nowhere")
        state: dict[str, Any] = {"fault": None, "crashed": [], "begun": [], "ended": [], "clock": 0, "crowd": 3}
        state |= {"kept": ""}
        self.__dict__.update(state)

    fault: Exception | None
    crashed: list[tuple[str, str]]
    begun: list[str]
    ended: list[Mapping[str, Any]]
    clock: int
    #: children of c2s_sup, and its page's size
    crowd: int
    page: int = 2

    #: why a process may not be broken
    kept: str

    def __setattr__(self, name: str, value: Any) -> None:
        self.__dict__[name] = value

    def ask(self, command: str, **params: Any) -> Any:
        """See Source."""
        if self.fault is not None:
            raise self.fault
        return getattr(self, "_" + command.replace(" ", "_"))(**params)

    def _observe(self, what: str, name: str = "", node: str = "") -> Any:
        self.clock += 1
        load = {"at": self.clock, "cpu": self.clock / 2, "runs": 10 * self.clock, "memory": 2e6, "processes": 7}
        return {
            "system": {"w2": None, "w1": {"node": "w1", "processes": 7}},
            "load": {"w2": None, "w1": {**load, "run_queue": 0}},
            "tables": {"w2": None, "w1": [{"name": "routes", "type": "set", "rows": 1, "owner": "router"}]},
            "info": {"w1": {"pid": name, "links": ["<w1.1.2> sup"], "state": "[b]{'a': 1}", "kept": self.kept}},
            "rows": {node: [["'localhost'", "[b]True"]]},
        }[what]

    def _tree(self, under: str | None, first: int, limit: int) -> Any:
        clients = [branch(f"c{n}", f"<w1.1.{20 + n}>") for n in range(self.crowd)]
        shown = clients[first : first + self.page]
        crowd = branch("c2s_sup", "<w1.1.9>", *shown, strategy="simple_one_for_one", count=self.crowd)
        if under is not None:
            return {"w1": [crowd]}
        router = branch("router", "<w1.1.8>", restarts=1, last_exit="ValueError: [b]no")
        return {"main": [], "w1": [branch("xmppd_sup", "<w1.1.2>", router, crowd, recent=1, intensity=3, period=5.0)]}

    def _top(self, by: str, limit: int, seconds: float) -> Any:
        row = {"label": "M", "status": "waiting", "mailbox": 0, "rate": 1.0, "memory": 5000, "reductions": 9}
        rows = [{"pid": "<w1.1.7>", "who": "sm", **row}, {"pid": "<w1.1.8>", "who": "router", **row}]
        return {"by": by, "rows": rows, "nodes": []}

    def _trace_begin(self, target: str, count: int, seconds: float) -> Any:
        self.begun.append(target)
        return {"key": "k", "nodes": ["w1"], "processes": 1}

    def _trace_read(self, key: str, on: list[str]) -> Any:
        event = {"at": 1.5, "node": "w1", "who": "router", "pid": "<w1.1.8>", "dir": "in", "other": "", "kind": "iq"}
        return {"events": [event | {"text": "<iq/>[b]"}], "over": False, "dropped": 0}

    def _trace_end(self, key: str, on: list[str]) -> Any:
        self.ended.append({"key": key, "on": on})

    def _crash(self, target: str, how: str) -> Any:
        self.crashed.append((target, how))
        return {"who": target, "pid": target}


Play = Callable[[Observer, Pilot[None]], Awaitable[None]]


def play(source: Source, body: Play, size: tuple[int, int] = (140, 50), more: Tabs = ()) -> None:
    """Open the observer on a source and run `body` at its keys."""

    async def run() -> None:
        app = Observer(source, 0.3, more)
        async with app.run_test(size=size) as pilot:
            await body(app, pilot)

    asyncio.run(run())


async def until(condition: Callable[[], bool], pilot: Pilot[None]) -> None:
    """Let the application run until something is true."""
    for _ in range(200):
        if condition():
            return
        await pilot.pause(0.05)
    raise AssertionError("it did not become true")


async def answered(app: Observer, pilot: Pilot[None], key: str) -> str:
    """Wait for the question, answer it by a key, and give what it was."""
    await until(lambda: isinstance(app.screen, Question), pilot)
    asked = app.screen
    assert isinstance(asked, Question)
    await pilot.press(key)
    await until(lambda: app.screen is not asked, pilot)
    return asked.text
