"""rows — the pure core of the session directory: merges what all nodes announce of their sessions into one table.

    node w1:  1 put a      2 put a'     3 remove a   ─┐
    node w2:  1 put b      2 remove b                ─┼─>  visible: of each full JID the newest session of all nodes
    node w3:  all: c, d (as of 7)                    ─┘

Each node announces its own sessions only, and numbers its updates. The table depends only on what the nodes have: in
whatever order their updates come, and however often one comes, every node ends with the same table.

Way:      session_table → [SessionRows], which writes the table that readers of `sm` look into
OTP:      cf. ejabberd_sm with Mnesia, which merges nothing
Differs:  no process, no clock, no I/O
RFC:      6120 §7.7.2.2 (conflict of resources: the newer session wins)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from otp.erts.pid import Pid
from xmpp_core.jid import JID
from xmppd.routing.session import Session

Rows = tuple[Session, ...]


class RowsByAccount(Protocol):
    """Where the merged rows lie: by bare JID, those of one account from the oldest to the newest."""

    #: get(key, default=None)
    get: Any

    def items(self) -> Iterable[tuple[str, Rows]]:
        """All accounts and their rows."""

    def __setitem__(self, key: str, value: Rows, /) -> None: ...

    def __delitem__(self, key: str, /) -> None: ...


def is_newer(one: Session, other: Session) -> bool:
    """Whether `one` wins over `other`, a different session; the same answer on every node."""
    return one.sid > other.sid or (one.sid == other.sid and str(one.pid) > str(other.pid))


class SessionRows:
    """See the head of this file. A session is known by its process.

    `visible`: what readers see; `hidden`: by full JID, sessions that a newer one has replaced and that their node has
    not removed yet; `heard`: by node, the number of its last news; `missed`: nodes some of whose news have not come in
    their order: they are to be asked for all (`replace`).
    """

    __slots__ = ("heard", "hidden", "missed", "visible")

    def __init__(self, visible: RowsByAccount) -> None:
        self.visible = visible
        self.hidden: dict[str, Rows] = {}
        self.heard: dict[str, int] = {}
        self.missed: set[str] = set()

    def of_account(self, bare: str) -> Rows:
        """The visible sessions of an account, the oldest first."""
        rows: Rows = self.visible.get(bare, ())
        return rows

    def is_visible(self, session: Session) -> bool:
        """Whether readers see this session, in whatever state."""
        return self._place(session.jid.bare, session.pid) is not None

    def _place(self, bare: str, pid: Pid) -> int | None:
        for place, row in enumerate(self.visible.get(bare, ())):
            if row.pid is pid:
                return place
        return None

    # --- one session

    def put(self, session: Session) -> Session | None:
        """A session begins, or has changed. Returns the other session of its full JID, if there is one: the newer of
        the two is visible from now on, the other hidden."""
        rows = self.of_account(session.bare)
        for place, row in enumerate(rows):
            if row.pid is session.pid:
                self.visible[session.bare] = (*rows[:place], session, *rows[place + 1 :])
                return None
            if row.jid == session.jid:
                if is_newer(row, session):
                    self._hide(session)
                else:
                    self._hide(row)
                    self._show((*rows[:place], *rows[place + 1 :]), session)
                return row
        self._show(rows, session)
        return None

    def remove(self, jid: JID, pid: Pid) -> bool:
        """The session of this process, of this full JID, is over. False if it was not visible."""
        bare = jid.bare
        place = self._place(bare, pid)
        if place is None:
            self._unhide(jid, pid)
            return False
        rows = self.of_account(bare)
        rest = rows[:place] + rows[place + 1 :]
        hidden = self.hidden.get(jid.full)
        if hidden:
            newest = hidden[-1]
            self._unhide(jid, newest.pid)
            self._show(rest, newest)
        elif rest:
            self.visible[bare] = rest
        else:
            del self.visible[bare]
        return True

    # --- a node

    def hear(self, node: str, number: int) -> bool:
        """News of this number have come. False if they are not to be heeded: they came before, or after newer ones."""
        last = self.heard.get(node)
        if last is not None and number <= last:
            return False
        if last is None or number > last + 1:
            self.missed.add(node)
        self.heard[node] = number
        return True

    def of_node(self, node: str) -> list[Session]:
        """All sessions of a node, the hidden ones last."""
        tables = (rows for table in (self.visible, self.hidden) for _, rows in table.items())
        return [row for rows in tables for row in rows if row.pid.node == node]

    def replace(self, node: str, number: int, sessions: Rows) -> list[Session] | None:
        """All that a node has, as of its news of this number. Returns those that are gone and were visible; None if
        newer news were heard of it. To be followed by `put` of each of `sessions`."""
        if number < self.heard.get(node, number):
            return None
        self.heard[node] = number
        self.missed.discard(node)
        there = {session.pid for session in sessions}
        return self._remove_all([row for row in self.of_node(node) if row.pid not in there])

    def lose(self, node: str) -> list[Session]:
        """A node is gone, and its updates are accepted again if it returns. Returns its sessions that were visible."""
        self.heard.pop(node, None)
        self.missed.discard(node)
        return self._remove_all(self.of_node(node))

    def _remove_all(self, sessions: list[Session]) -> list[Session]:
        seen = [session for session in sessions if self.is_visible(session)]
        for session in reversed(sessions):  # the hidden ones first: none of them comes to light
            self.remove(session.jid, session.pid)
        return seen

    # --- internals

    def _show(self, rows: Rows, session: Session) -> None:
        after = (*rows, session)
        self.visible[session.bare] = after if not rows or is_newer(session, rows[-1]) else _sorted(after)

    def _hide(self, session: Session) -> None:
        rest = [row for row in self.hidden.get(session.jid.full, ()) if row.pid is not session.pid]
        self.hidden[session.jid.full] = _sorted((*rest, session))

    def _unhide(self, jid: JID, pid: Pid) -> None:
        hidden = self.hidden.get(jid.full)
        if not hidden:
            return
        rest = tuple([row for row in hidden if row.pid is not pid])
        if rest:
            self.hidden[jid.full] = rest
        else:
            del self.hidden[jid.full]


def _sorted(rows: Rows) -> Rows:
    return tuple(sorted(rows, key=lambda row: (row.sid, str(row.pid))))
