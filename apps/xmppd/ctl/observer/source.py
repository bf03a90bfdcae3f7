"""source — where the observer's tabs have their data from: the commands of the running server.

OTP:      observer_backend, seen from observer's side
Way:      observer's panes → [source] → ctl.client → ctl.server → ctl.look
Process:  none; every method blocks, and is called in a thread
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xmppd.ctl import client
from xmppd.ctl.home import Home

Data = Mapping[str, Any]


@dataclass(frozen=True)
class Source:
    """The server of one home. All methods raise CommandError."""

    home: Home

    def ask(self, command: str, **params: Any) -> Any:
        """The result of a command; parameters that are None are left out."""
        return client.ask(self.home, command, {name: value for name, value in params.items() if value is not None})

    def system(self) -> Data:
        """What each node is; None for one that is down."""
        found: Data = self.ask("observe", what="system")
        return found

    def load(self) -> Data:
        """Counters of each node."""
        found: Data = self.ask("observe", what="load")
        return found

    def tree(self, under: str | None = None, first: int = 0) -> Data:
        """The supervision trees by node, or one supervisor's children from `first` on."""
        found: Data = self.ask("tree", under=under, first=first, limit=50)
        return found

    def top(self, by: str) -> Data:
        """The busiest processes."""
        found: Data = self.ask("top", by=by, limit=200, seconds=0.5)
        return found

    def tables(self) -> Data:
        """The ets tables by node."""
        found: Data = self.ask("observe", what="tables")
        return found

    def rows(self, node: str, name: str) -> list[list[str]]:
        """Rows of one table, as text."""
        found: list[list[str]] = self.ask("observe", what="rows", name=name, node=node)[node] or []
        return found

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
        """Break a process; refused on a production node."""
        found: Data = self.ask("crash", target=target, how=how)
        return found
