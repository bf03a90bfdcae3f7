"""retraction — a message that its sender takes back leaves a tombstone in the archive.

Way:      writer → [retraction] → store (inside its transaction)
XEP:      0424 §5 (tombstones), §6 (only who has sent it)
Differs:  looked for is among the newest LOOK_BACK messages of that talk: no index of the ids that senders make up is
          kept for it, since every message would pay for that
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from xmpp_core import ns, parser, stamp
from xmpp_core.element import Element, el
from xmpp_core.errors import Unreadable
from xmppd.archive.sequence import seconds
from xmppd.archive.tables import ARCHIVE, BY_PEER, WORDS, ArchivedMessage
from xmppd.store.backend import Range, Tx

#: how many messages of one talk are looked at, and how many at once
LOOK_BACK: Final = 2000
_PORTION: Final = 200


@dataclass(frozen=True, slots=True)
class Retraction:
    """Message `seq` of an archive, with the id `by`, takes back the one with the id `name`; the rest as in the row."""

    host: str
    user: str
    seq: int
    peer: str
    resource: str
    sent: bool
    name: str
    by: str


def retract(tx: Tx, wish: Retraction) -> bool:
    """Write the tombstone of what is taken back, if its sender is who takes it back; whether there was any."""
    before = wish.seq
    for _ in range(0, LOOK_BACK, _PORTION):
        piece = Range((wish.host, wish.user, wish.peer), None, before, _PORTION, True, BY_PEER)
        rows = tx.find(ARCHIVE, piece)
        for row in rows:
            if row.name == wish.name and row.sent == wish.sent and _is_meant(row, wish):
                tx.write(tombstone(row, wish))
                tx.delete(WORDS, (row.host, row.user, row.seq))
                return True
        if len(rows) < _PORTION:
            return False
        before = rows[-1].seq
    return False


def _is_meant(row: ArchivedMessage, wish: Retraction) -> bool:
    """In a room it is the occupant who is to be the same, elsewhere the account."""
    return ns.RETRACT not in row.xml and (row.resource == wish.resource or row.sent or ns.MUC_USER not in row.xml)


def tombstone(row: ArchivedMessage, wish: Retraction) -> ArchivedMessage:
    """What is left of a message: its addresses, its id, when it was taken back and by which message."""
    message = parser.parse_written(row.xml)
    if isinstance(message, Unreadable):
        message = Element(ns.CLIENT, "message")
    attrs = {"id": wish.by or None, "stamp": stamp.from_epoch(seconds(wish.seq))}
    left = message.with_children(el("retracted", ns.RETRACT, attrs))
    return ArchivedMessage(
        row.host, row.user, row.seq, row.peer, row.resource, row.name, row.sent, left.to_xml("")
    )  # fmt: skip
