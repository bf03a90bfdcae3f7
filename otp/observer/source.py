"""source — where the observer's tabs get their data: the commands of a running program.

OTP:      observer_backend, seen from observer's side
Way:      ui's panes → [source] → client → server → commands
Process:  none; every method blocks, and is called in a thread
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Data = Mapping[str, Any]
Ask = Callable[[str, dict[str, Any]], Any]


@dataclass(frozen=True)
class Source:
    """A running program. `ask_` has a command carried out there; `name` is shown. All methods raise ObserverError."""

    ask_: Ask
    name: str = ""

    def ask(self, command: str, **params: Any) -> Any:
        """The result of a command; parameters that are None are left out."""
        return self.ask_(command, {name: value for name, value in params.items() if value is not None})

    def system(self) -> Data:
        """What each node is; None for one that is down."""
        return _others_first(self.ask("observe", what="system"))

    def load(self) -> Data:
        """Counters of each node."""
        return _others_first(self.ask("observe", what="load"))

    def tree(self, under: str | None = None, first: int = 0) -> Data:
        """The supervision trees by node, or one supervisor's children from `first` on."""
        return _others_first(self.ask("tree", under=under, first=first, limit=50))

    def top(self, by: str) -> Data:
        """The busiest processes."""
        found: Data = self.ask("top", by=by, limit=200, seconds=0.5)
        return found

    def tables(self) -> Data:
        """The ets tables by node."""
        return _others_first(self.ask("observe", what="tables"))

    def rows(self, node: str, name: str) -> list[list[str]]:
        """Rows of one table, as text."""
        found: list[list[str]] = self.ask("observe", what="rows", name=name, node=node)[node] or []
        return found

    def info(self, pid: str) -> dict[str, Any] | None:
        """All that is known of one process; None if it has ended."""
        answers: Data = self.ask("observe", what="info", name=pid)
        return next((answer for answer in answers.values() if answer), None)

    def begin(self, target: str) -> dict[str, Any]:
        """Begin a trace; gives where to read it."""
        begun = self.ask("trace begin", target=target, count=10_000, seconds=600)
        return {"key": begun["key"], "on": begun["nodes"]}

    def read(self, place: Mapping[str, Any]) -> Data:
        """What a trace saw since the last reading."""
        found: Data = self.ask("trace read", **place)
        return found

    def end(self, place: Mapping[str, Any]) -> None:
        """End a trace."""
        self.ask("trace end", **place)

    def crash(self, target: str, how: str) -> Data:
        """Break a process; refused where that is not allowed."""
        found: Data = self.ask("crash", target=target, how=how)
        return found


def _others_first(found: Mapping[str, Any]) -> Data:
    """What nodes tell: the one that is asked, which is named first, comes last; it is busy with us."""
    asked, *others = found
    return {name: found[name] for name in (*others, asked)}
