"""tables — what is stored of rosters.

Way:      records, totals, view → [tables] → store
RFC:      6121 §2
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from xmppd.store.backend import Table
from xmppd.store.schema import add_columns, create_table


@dataclass(frozen=True, slots=True)
class RosterItem:
    """What an owner's roster holds about one contact; `listed` is false for a mere pending request.

    `out_axis` and `in_axis` are the two halves of the subscription state (xmpp_core.subscription).
    """

    host: str
    user: str
    contact: str
    name: str = field(default="", repr=False)
    groups: tuple[str, ...] = field(default=(), repr=False)
    out_axis: str = "none"
    in_axis: str = "none"
    approved: bool = False
    listed: bool = False
    #: the subscribe stanza that waits for an answer, whole (RFC 6121 §3.1.3)
    pending: str = field(default="", repr=False)
    version: int = 0


@dataclass(frozen=True, slots=True)
class RosterVersion:
    """The counter of an owner's roster: the version of its latest change, removals included. And what it holds:
    contacts, strangers' requests, octets as it is sent; -1: not counted yet."""

    host: str
    user: str
    counter: int
    items: int = -1
    requests: int = -1
    octets: int = -1


ROSTER: Final = Table("roster", RosterItem, ("host", "user", "contact"))
ROSTER_VERSION: Final = Table("roster_version", RosterVersion, ("host", "user"))
MIGRATIONS: Final = (
    create_table(
        "roster",
        ("host", "user", "contact"),
        host=str,
        user=str,
        contact=str,
        name=str,
        groups=tuple[str, ...],
        out_axis=str,
        in_axis=str,
        approved=bool,
        listed=bool,
        pending=str,
        version=int,
    ),
    create_table("roster_version", ("host", "user"), host=str, user=str, counter=int),
    add_columns("roster_version", items=(int, -1), requests=(int, -1), octets=(int, -1)),
)
