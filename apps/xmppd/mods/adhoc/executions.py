"""executions — the commands that a session has begun and not completed: so many, and for so long.

Way:  mod_adhoc → [executions], kept in the session's module_state, with which they go
XEP:  0050 §3.2 (sessions)

An id is a word of this session and a count, so it is known to have been given without being kept.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Final

from xmpp_core.jid import JID
from xmppd.mods.adhoc.refusals import refused

#: how many a session may have at a time; the oldest gives way
MOST: Final = 8
#: seconds that one waits for its form
LIFETIME: Final = 600.0


@dataclass(frozen=True, slots=True)
class Execution:
    """A command that waits for its form: which, of whom, and until when (monotonic)."""

    node: str
    to: JID
    until: float


@dataclass(slots=True)
class Executions:
    """Those of one session of a client."""

    word: str = field(default_factory=lambda: secrets.token_hex(8))
    begun: int = 0
    open: dict[str, Execution] = field(default_factory=dict)

    def new_id(self) -> str:
        """An id that was not given before."""
        self.begun += 1
        return f"{self.word}-{self.begun}"

    def begin(self, node: str, to: JID, now: float) -> str:
        """Keep one; returns its id."""
        self._expire(now)
        while len(self.open) >= MOST:
            del self.open[next(iter(self.open))]
        id_ = self.new_id()
        self.open[id_] = Execution(node, to, now + LIFETIME)
        return id_

    def check(self, id_: str, node: str, to: JID, now: float) -> None:
        """Raises StanzaError: session-expired for one that is over, bad-sessionid for one that never was."""
        self._expire(now)
        found = self.open.get(id_)
        if found is None and self._was_given(id_):
            raise refused("session-expired", "that is over")
        if found is None or (found.node, found.to) != (node, to):
            raise refused("bad-sessionid", "nothing of that sessionid was begun here")

    def end(self, id_: str) -> None:
        """It is completed, or canceled."""
        del self.open[id_]

    def _expire(self, now: float) -> None:
        for id_ in [id_ for id_, one in self.open.items() if one.until <= now]:
            del self.open[id_]

    def _was_given(self, id_: str) -> bool:
        word, _, count = id_.partition("-")
        return word == self.word and count.isdecimal() and 0 < int(count[:20]) <= self.begun
