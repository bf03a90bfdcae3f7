"""records — a contact as the store keeps it and as the subscription core sees it.

Way:  transitions → [records] → store (inside a transaction)
RFC:  6121 §2.1.2 (items), §2.6 (versions)
"""

from __future__ import annotations

from dataclasses import replace

from xmpp_core.jid import JID
from xmpp_core.subscription import In, Item, Out
from xmppd.mods.roster import totals
from xmppd.mods.roster.tables import ROSTER, RosterItem
from xmppd.mods.roster.totals import ROOM, RosterLimits
from xmppd.store.backend import Key, Tx

_NOTHING = Item()
_OUT, _IN = {out.value: out for out in Out}, {in_.value: in_ for in_ in In}


def key(owner: JID, contact: JID) -> Key:
    """Where the store keeps what `owner` knows of `contact`."""
    return (owner.domain, owner.local, contact.bare)


def item_of(record: RosterItem | None) -> Item:
    """The subscription core's view; a contact that is not stored is Item()."""
    if record is None:
        return _NOTHING
    return Item(record.name, record.groups, _OUT[record.out_axis], _IN[record.in_axis], record.approved, record.listed)


def row(record: RosterItem) -> dict[str, object]:
    """A contact as commands show it; `pending`: it asks to see the owner's presence, and waits for an answer."""
    item = item_of(record)
    return {
        "contact": record.contact,
        "subscription": item.subscription,
        "ask": item.ask,
        "pending": bool(record.pending),
        "name": record.name or None,
        "groups": list(record.groups),
    }


def blank(owner: JID, contact: JID) -> RosterItem:
    """The record of a contact that nothing is known of."""
    return RosterItem(owner.domain, owner.local, contact.bare)


def load(tx: Tx, owner: JID, contact: JID) -> RosterItem:
    """The stored record, or a blank one."""
    return tx.read(ROSTER, key(owner, contact)) or blank(owner, contact)


def save(tx: Tx, before: RosterItem, item: Item, pending: str, now: int, room: RosterLimits = ROOM) -> RosterItem:
    """Writes the new state of a contact, or deletes what says nothing any more; gives every change a new version.

    `pending` is the request to keep while the state is pending; `now` (milliseconds) starts the versions of a
    roster that has none. Raises TooMany: there is no room for it.
    """
    waits = (pending or before.pending) if item.in_ is In.PEND else ""
    if waits == before.pending and item == item_of(before):
        return before
    held = totals.load(tx, before.host, before.user, now)
    after = RosterItem(
        before.host,
        before.user,
        before.contact,
        item.name,
        item.groups,
        item.out.value,
        item.in_.value,
        item.approved,
        item.listed,
        waits,
        held.counter + 1,
    )
    holds = totals.changed(held, before, after)
    totals.check(room, held, holds)
    if holds.requests > totals.WHOLE and not before.pending:
        after = replace(after, pending="")
    tx.write(holds)
    if item == _NOTHING:
        tx.delete(ROSTER, (before.host, before.user, before.contact))
    else:
        tx.write(after)
    return after
