"""notes — what a session remembers for presence: whom it may tell, whom it has told, what it said last.

Way:      mod_presence keeps one per session in session.mods
OTP:      pres_f, pres_t, pres_a, pres_last and pres_timestamp in the state record of ejabberd_c2s
RFC:      6121 §4.2–4.6
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from xmpp_core.jid import JID
from xmpp_core.stanza import Presence

MOST_DIRECTED = 500


@dataclass(slots=True)
class Notes:
    """The sets hold JIDs as str.

    pres_f: bare JIDs that may see the user (from, both, the user). pres_t: whom the user sees (to, both, the user).
    pres_a: who has got available presence of this resource: members of pres_f, and any JID by directed presence.
    `directed` counts the latter. `loaded`: the first two have been read from the roster.
    """

    pres_f: set[str] = field(default_factory=set)
    pres_t: set[str] = field(default_factory=set)
    pres_a: set[str] = field(default_factory=set)
    directed: int = 0
    last: Presence | None = None
    since: datetime | None = None
    loaded: bool = False

    def load(self, lists: tuple[set[str], set[str]], own: str) -> None:
        """Takes over the roster's lists; a user sees their own other resources and is seen by them."""
        self.pres_f, self.pres_t, self.loaded = lists[0] | {own}, lists[1] | {own}, True

    def direct(self, to: JID) -> bool:
        """Notes directed available presence; False if there is too much of it (reliability: bounded)."""
        if to.bare in self.pres_f or to.full in self.pres_a:
            self.pres_a.add(to.bare if to.bare in self.pres_f else to.full)
            return True
        if self.directed >= MOST_DIRECTED:
            return False
        self.directed += 1
        self.pres_a.add(to.full)
        return True

    def take_back(self, to: JID) -> None:
        """Who was told `unavailable`, or could not be told at all, is told no more."""
        for name in (to.full, to.bare) if to.bare in self.pres_f else (to.full,):
            if name in self.pres_a:
                self.pres_a.discard(name)
                self.directed -= name not in self.pres_f

    def forget(self) -> list[str]:
        """Nothing was ever said: returns who believes otherwise, sorted."""
        told = sorted(self.pres_a)
        self.pres_a, self.directed, self.last, self.since = set(), 0, None, None
        return told

    def change(self, contact: str, subscription: str) -> bool:
        """A contact's subscription is now none, from, to or both; True if the contact may see us only now."""
        seen, sees = subscription in ("from", "both"), subscription in ("to", "both")
        gained = seen and contact not in self.pres_f
        (self.pres_f.add if seen else self.pres_f.discard)(contact)
        (self.pres_t.add if sees else self.pres_t.discard)(contact)
        if not seen:
            self.pres_a.discard(contact)
        return gained
