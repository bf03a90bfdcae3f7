"""held — what was held back for an account, and to whom the account has spoken itself.

Way:      mod_strangers → [held] → store
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from xmpp_core.jid import JID
from xmppd.routing.account.account import AccountState
from xmppd.store import store
from xmppd.store.backend import Table, Tx
from xmppd.store.schema import create_table

#: addresses to which an account has spoken that are remembered; the oldest gives way
MOST_SPOKEN: Final = 500


@dataclass(frozen=True, slots=True)
class SpokenTo:
    """An address (bare) to which the account has written, which it has asked or let in, or whose room it has entered;
    `since` in seconds since 1970."""

    host: str
    user: str
    contact: str
    since: int


@dataclass(frozen=True, slots=True)
class HeldMessage:
    """A message of `contact`, who is not known to the account; `came` in seconds since 1970."""

    host: str
    user: str
    contact: str
    number: int
    came: int
    xml: str = field(repr=False)


SPOKEN: Final = Table("spoken_to", SpokenTo, ("host", "user", "contact"))
HELD: Final = Table("held_message", HeldMessage, ("host", "user", "contact", "number"))
MIGRATIONS: Final = (
    create_table("spoken_to", ("host", "user", "contact"), host=str, user=str, contact=str, since=int),
    create_table(
        "held_message",
        ("host", "user", "contact", "number"),
        host=str,
        user=str,
        contact=str,
        number=int,
        came=int,
        xml=str,
    ),
)


@dataclass(slots=True)
class Acquaintances:
    """`addressees`: to whom the account has spoken; `requests`: of strangers, since `began` (seconds, monotonic)."""

    addressees: set[str] = field(default_factory=set)
    requests: int = 0
    began: float = 0.0

    def ask(self, now: float, most: int, seconds: float) -> bool:
        """One more request of a stranger: whether it is one of the first `most` within so many seconds."""
        if not self.began <= now < self.began + seconds:
            self.requests, self.began = 0, now
        self.requests += 1
        return self.requests <= most


async def _load(owner: JID) -> Acquaintances:
    rows = await store.select(SPOKEN, (owner.domain, owner.local))
    return Acquaintances({row.contact for row in rows})


ACQUAINTED: Final = AccountState("strangers", _load)


def speak(tx: Tx, owner: JID, contact: str, now: int) -> list[HeldMessage]:
    """The account has spoken to this address; what is held back of it."""
    who = (owner.domain, owner.local)
    rows = tx.select(SPOKEN, who)
    for row in sorted(rows, key=lambda row: row.since)[: max(len(rows) + 1 - MOST_SPOKEN, 0)]:
        tx.delete(SPOKEN, (*who, row.contact))
    tx.write(SpokenTo(*who, contact, now))
    return tx.select(HELD, (*who, contact))


def hold(tx: Tx, owner: JID, contact: str, xml: str, now: int, most: int, of_one: int) -> bool:
    """Whether there was room for it: `most` of an account, `of_one` of a sender."""
    who = (owner.domain, owner.local)
    own = tx.select(HELD, (*who, contact))
    if len(own) >= of_one or tx.count(HELD, who) >= most:
        return False
    number = own[-1].number + 1 if own else 1
    tx.write(HeldMessage(*who, contact, number, now, xml))
    return True


def drop_old(tx: Tx, host: str, user: str, before: int) -> None:
    """What came before that time."""
    rows = tx.select(HELD, (host, user))
    tx.delete_many(HELD, [(host, user, row.contact, row.number) for row in rows if row.came < before])
