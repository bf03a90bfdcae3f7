"""sessions_pane — a tab that xmppd adds to the observer: who is connected, from where and how; `k` ends a session.

OTP:      none; a tab of this server's own, cf. connected_users_info of ejabberd's mod_admin_extra
Way:      cli.inspect_verbs → otp.observer.ui.app → [sessions_pane] → the commands `session list` and `session kick`
Process:  none; Textual's
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.widgets import DataTable, Static

from otp.observer.source import Source
from otp.observer.ui.app import Observer
from otp.observer.ui.pane import Pane, fill, make_room, selected

#: sessions that are drawn; the others are counted
DRAWN: Final = 500
_WIDTHS: Final = {"address": 15, "TLS": 7, "since": 10, "node": 4}
_JID: Final = (30, 72)


class SessionsPane(Pane):
    """A line for each session, by JID."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "kick", "kick"),
        Binding("enter", "app.detail", "detail", priority=True),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, Any] = {}

    def compose(self) -> ComposeResult:
        """How many there are, and the table."""
        yield Static(id="counted")
        yield DataTable(id="sessions", cursor_type="row", zebra_stripes=True)

    def on_mount(self) -> None:
        """The columns."""
        table: DataTable[Any] = self.query_one("#sessions", DataTable)
        table.add_column("JID", key="JID", width=_JID[0])
        for name, width in _WIDTHS.items():
            table.add_column(name, width=width)
        table.add_columns("priority", "mechanism", "pid")

    def on_resize(self, event: Resize) -> None:
        """Where from, how and since when stay in sight, however narrow the screen is."""
        make_room(self.query_one("#sessions", DataTable), "JID", _WIDTHS, event.size.width, _JID)

    def fetch(self, source: Source) -> Any:
        """See Pane."""
        return source.ask("session list")

    def show(self, data: Sequence[dict[str, Any]]) -> None:
        """See Pane."""
        self._rows = {row["jid"]: row for row in data}
        more = f"; the first {DRAWN} are shown" if len(data) > DRAWN else ""
        self.query_one("#counted", Static).update(f"{len(data)} session{'s' * (len(data) != 1)}{more}")
        fill(self.query_one("#sessions", DataTable), [(row["jid"], _cells(row)) for row in data[:DRAWN]])

    @property
    def session(self) -> str | None:
        """The full JID under the cursor."""
        return selected(self.query_one("#sessions", DataTable))

    def action_kick(self) -> None:
        """End the session under the cursor, if the operator says yes."""
        app, jid = self.app, self.session
        if jid is not None and isinstance(app, Observer):
            app.ask(f"End the session of {jid}?", lambda user: app.source.ask("session kick", user=user), jid)

    @property
    def chosen(self) -> str | None:
        """The pid of its process."""
        row = self._rows.get(self.session or "")
        return row["pid"] if row is not None else None


def _cells(row: dict[str, Any]) -> list[object]:
    rest = [row[name] for name in ("node", "priority", "mechanism", "pid")]
    return [row["jid"], row["ip"], row["tls"] or "no", since(row["seconds"]), *rest]


def since(seconds: float, now: float | None = None) -> str:
    """When it began: the time of today, or the date."""
    at = (time.time() if now is None else now) - seconds
    return time.strftime("%H:%M:%S" if seconds < 12 * 3600 else "%Y-%m-%d", time.localtime(at))
