"""registrations — the app servers by which an account's clients are woken, and which client is whose.

Way:      mod_push, pusher → [registrations] → store
XEP:      0357 §5 (enabling), §6 (disabling)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from otp.kernel import codec
from xmpp_core.jid import JID
from xmppd.routing.account.account import AccountState
from xmppd.routing.session import Session
from xmppd.store import store
from xmppd.store.backend import Table, Tx
from xmppd.store.schema import create_table


@codec.message
@dataclass(frozen=True, slots=True)
class PushRegistration:
    """A client is woken by what is published at `node` of `service`, with `form` (XML, "" for none) as its options.
    `client` is what the client calls itself, "" if it does not; `since`: when it said so last, in seconds since
    1970."""

    host: str
    user: str
    service: str
    node: str = field(repr=False)
    resource: str
    client: str
    form: str = field(repr=False)
    since: int

    @property
    def owner(self) -> JID:
        """The account's bare JID."""
        return JID(self.user, self.host)

    @property
    def key(self) -> tuple[str, str, str, str]:
        """That of its row."""
        return self.host, self.user, self.service, self.node

    def belongs_to(self, session: Session) -> bool:
        """Whether the session is one of this client."""
        return bool(self.client and self.client == session.client) or self.resource == session.jid.resource


PUSH: Final = Table("push", PushRegistration, ("host", "user", "service", "node"))
MIGRATIONS: Final = (
    create_table(
        "push",
        ("host", "user", "service", "node"),
        host=str,
        user=str,
        service=str,
        node=str,
        resource=str,
        client=str,
        form=str,
        since=int,
    ),
)


async def _load(owner: JID) -> tuple[PushRegistration, ...]:
    return tuple(await store.select(PUSH, (owner.domain, owner.local)))


#: those of an account; nearly always none
REGISTERED: Final = AccountState("push", _load)


def are_away(found: Iterable[PushRegistration], rows: Iterable[Session]) -> list[PushRegistration]:
    """Those whose client has no connection: `rows` are the account's sessions."""
    there = [row for row in rows if row.attached]
    return [one for one in found if not any(one.belongs_to(row) for row in there)]


def write(tx: Tx, row: PushRegistration, most: int) -> None:
    """Enable; of more than `most`, those that were enabled longest ago give way. What was said of the same node before
    counts no more. XEP: 0357 §5"""
    others = [one for one in tx.select(PUSH, (row.host, row.user)) if one.key != row.key]
    for one in sorted(others, key=lambda one: one.since)[: max(len(others) + 1 - most, 0)]:
        tx.delete(PUSH, one.key)
    tx.write(row)


def delete(tx: Tx, owner: JID, *, service: str = "", node: str | None = None, client: str = "") -> bool:
    """Disable those of a service, of one node of it, or of a client; all that are named. Whether there were any."""
    found = [
        one
        for one in tx.select(PUSH, (owner.domain, owner.local))
        if service in ("", one.service) and node in (None, one.node) and client in ("", one.client)
    ]
    tx.delete_many(PUSH, [one.key for one in found])
    return bool(found)


def delete_same(tx: Tx, row: PushRegistration) -> bool:
    """Disable this one, unless its client has enabled it anew meanwhile. Whether it was there."""
    same = tx.read(PUSH, row.key) == row
    if same:
        tx.delete(PUSH, row.key)
    return same
