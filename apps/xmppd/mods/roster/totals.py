"""totals — how much an owner's roster holds, counted as it changes, and how much it may hold.

Contacts are what the owner has put there; requests of strangers that wait are counted by themselves, so that nobody
fills another's roster. Octets are those of the answer to a roster get, which must be one that can be sent.

Way:  transitions → records.save → [totals] → store (the owner's RosterVersion, in the same transaction)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from xmpp_core.subscription import In, Out
from xmppd.mods.roster import item_xml
from xmppd.mods.roster.tables import ROSTER, ROSTER_VERSION, RosterItem, RosterVersion
from xmppd.store.backend import Tx

#: requests that are kept whole; of more only that they are there: all of them are sent at each login
WHOLE: Final = 50
_ANY: Final = 1 << 62
_NOT_ASKED, _NOT_GRANTED, _PENDING = Out.NONE.value, In.NONE.value, In.PEND.value


class TooMany(Exception):
    """The roster is full."""


@dataclass(frozen=True, slots=True)
class RosterLimits:
    """What one roster may hold: contacts, requests that wait, octets of all contacts as they are sent."""

    items: int = 10_000
    requests: int = 500
    octets: int = 1 << 20

    def for_owner(self) -> RosterLimits:
        """What holds for the owner's own acts."""
        return RosterLimits(self.items, _ANY, self.octets)

    def for_others(self) -> RosterLimits:
        """What holds for others' acts: they fill no room of the owner's, and what answers the owner is always taken."""
        return RosterLimits(_ANY, self.requests, _ANY)


ROOM: Final = RosterLimits()


def of(record: RosterItem) -> tuple[int, int, int]:
    """(contacts, requests, octets) that a record counts for: one of the first two, or nothing if it says nothing."""
    if record.listed or record.approved or record.name or record.groups or record.out_axis != _NOT_ASKED:
        return 1, 0, len(item_xml.text(record).encode()) if record.listed else 0
    if record.in_axis == _PENDING:
        return 0, 1, 0  # it is there for the sake of a stranger's request alone
    return int(record.in_axis != _NOT_GRANTED), 0, 0


def load(tx: Tx, host: str, user: str, now: int) -> RosterVersion:
    """The owner's version and totals; counted where they never were. `now` (milliseconds) begins the versions of a
    roster that has none, so that they are not met again after a store was lost."""
    known = tx.read(ROSTER_VERSION, (host, user))
    if known is None:
        return RosterVersion(host, user, now - 1, 0, 0, 0)
    if known.items < 0:
        counts = [of(record) for record in tx.select(ROSTER, (host, user))]
        items, requests, octets = (sum(column) for column in zip(*counts, strict=True)) if counts else (0, 0, 0)
        return replace(known, items=items, requests=requests, octets=octets)
    return known


def changed(totals: RosterVersion, before: RosterItem, after: RosterItem) -> RosterVersion:
    """The next version: `before` has become `after`."""
    (items, requests, octets), (new_items, new_requests, new_octets) = of(before), of(after)
    return RosterVersion(
        totals.host,
        totals.user,
        totals.counter + 1,
        totals.items + new_items - items,
        totals.requests + new_requests - requests,
        totals.octets + new_octets - octets,
    )


def check(room: RosterLimits, before: RosterVersion, after: RosterVersion) -> None:
    """Raises TooMany if something has grown beyond what there is room for."""
    if (
        room.items < after.items > before.items
        or room.requests < after.requests > before.requests
        or room.octets < after.octets > before.octets
    ):
        raise TooMany(after.user)
