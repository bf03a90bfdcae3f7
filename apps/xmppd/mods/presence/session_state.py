"""session_state — what a session remembers for presence: whom it may tell, whom it has told, what it said last.

Way:      mod_presence keeps one per session in session.module_states
OTP:      pres_f, pres_t, pres_a, pres_last and pres_timestamp in the state record of ejabberd_c2s
RFC:      6121 §4.2–4.6
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from xmpp_core.jid import JID
from xmpp_core.stanza import Presence

MOST_DIRECTED = 500


@dataclass(slots=True)
class PresenceState:
    """The sets hold JIDs as str; nearly all users see whom they are seen by and tell them, so the three are one set,
    which is replaced and not changed, until they differ.

    pres_f: bare JIDs that may see the user (from, both, the user). pres_t: whom the user sees (to, both, the user).
    pres_a: those who have got available presence of this resource: members of pres_f, and any JID by directed presence.
    `directed` counts the latter. `loaded`: the first two have been read from the roster.
    """

    pres_f: frozenset[str] = frozenset()
    pres_t: frozenset[str] = frozenset()
    pres_a: frozenset[str] | set[str] = frozenset()
    directed: int = 0
    last: Presence | None = None
    since: datetime | None = None
    loaded: bool = False

    def load(self, lists: tuple[set[str], set[str]], own: str) -> None:
        """Takes over the roster's lists; a user sees their own other resources and is seen by them."""
        self.pres_f, self.pres_t, self.loaded = frozenset((*lists[0], own)), frozenset((*lists[1], own)), True
        if self.pres_t == self.pres_f:
            self.pres_t = self.pres_f

    def reload(self, lists: tuple[set[str], set[str]], own: str, hidden: list[str]) -> tuple[list[str], list[str]]:
        """Takes over other lists, in which none of `hidden` is: who was told, and may see the user no more, and whom
        to tell instead."""
        before = self.pres_f
        self.load(lists, own)
        comes = sorted(self.pres_f - before) if self.last is not None else []
        self.hide(hidden, before)
        for name in comes:
            self.tell(name)
        return hidden, comes

    def hide(self, names: list[str], contacts: Container[str] = ()) -> None:
        """These are not told any more; `contacts` were told because they are some."""
        for name in names:
            self._told().discard(name)
            self.directed -= name not in contacts

    def tell_all(self) -> None:
        """All of pres_f are told now."""
        self.pres_a = self.pres_f if self.pres_a <= self.pres_f else self.pres_a | self.pres_f

    def tell(self, name: str) -> None:
        """One more is told."""
        if name not in self.pres_a:
            self._told().add(name)

    def _told(self) -> set[str]:
        """pres_a, to be changed."""
        if not isinstance(self.pres_a, set):
            self.pres_a = set(self.pres_a)
        return self.pres_a

    def direct(self, to: JID) -> bool:
        """Remember directed available presence; False if there is too much of it (reliability: bounded)."""
        if to.bare in self.pres_f or to.full in self.pres_a:
            self.tell(to.bare if to.bare in self.pres_f else to.full)
            return True
        if self.directed >= MOST_DIRECTED:
            return False
        self.directed += 1
        self.tell(to.full)
        return True

    def take_back(self, to: JID) -> None:
        """Those who were told `unavailable`, or could not be told at all, are told no more."""
        for name in (to.full, to.bare) if to.bare in self.pres_f else (to.full,):
            if name in self.pres_a:
                self._told().discard(name)
                self.directed -= name not in self.pres_f

    def forget(self) -> list[str]:
        """Nothing was ever said: returns who believes otherwise, sorted."""
        told = sorted(self.pres_a)
        self.pres_a, self.directed, self.last, self.since = frozenset(), 0, None, None
        return told

    def saved(self) -> dict[str, Any]:
        """What is to be found again in another process: what was said, since when, and to whom beside the contacts,
        whom the roster has."""
        since = None if self.since is None else self.since.timestamp()
        return {"last": self.last, "since": since, "directed": sorted(self.pres_a - self.pres_f)}

    def restore(self, saved: dict[str, Any], lists: tuple[set[str], set[str]] | None, own: str) -> None:
        """The inverse, with the roster's lists as they are now (None: they cannot be read). Whoever may see a user who
        is there counts as told: that one of them could not be reached costs a word too many at the end."""
        since = saved["since"]
        self.last, self.since = saved["last"], None if since is None else datetime.fromtimestamp(since, UTC)
        if lists is not None:
            self.load(lists, own)
        if self.last is not None:
            self.tell_all()
        directed = frozenset(saved["directed"]) - self.pres_f
        self.pres_a, self.directed = self.pres_a | directed if directed else self.pres_a, len(directed)

    def change(self, contact: str, subscription: str) -> bool:
        """A contact's subscription is now none, from, to or both; True if the contact may see us only now."""
        seen, sees = subscription in ("from", "both"), subscription in ("to", "both")
        gained = seen and contact not in self.pres_f
        one = frozenset((contact,))
        self.pres_f = self.pres_f | one if seen else self.pres_f - one
        self.pres_t = self.pres_t | one if sees else self.pres_t - one
        if not seen and contact in self.pres_a:
            self._told().discard(contact)
        return gained
