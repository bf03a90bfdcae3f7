"""room — whether one more message may wait for a user: by number, by octets, and by sender.

Strangers may fill half of what may wait for somebody; the other half is kept for contacts and the user. So one who
floods an owner who is away keeps no friend's message out.

Way:  writer → [room] → store (inside its transaction)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from otp.erts.clock import CLOCK
from xmpp_core.jid import JID
from xmppd.auth.tables import ACCOUNT
from xmppd.mods.offline.tables import OFFLINE
from xmppd.store.backend import Tx

STRANGERS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Room:
    """What may wait for one user."""

    messages: int = 1000
    octets: int = 64 << 20


@dataclass(slots=True)
class Held:
    """What waits for one user; `seq` and `total` are those of the newest row. With none they begin at a time, so that
    no number is given twice: a session that goes on from what was written down may still delete what it once had."""

    messages: int = 0
    octets: int = 0
    seq: int = 0
    total: int = 0

    def more(self, size: int) -> Held:
        """With one more of `size` octets."""
        return Held(self.messages + 1, self.octets + size, self.seq + 1, self.total + size)


def load(tx: Tx, owner: JID) -> Held | None:
    """What waits now; None if there is no such account (any more).

    Rows are numbered, and each says how many octets were stored until and with it, so that the first and the last tell
    what is there; rows that have gone from between count until those before them have gone, too.
    """
    who = (owner.domain, owner.local)
    last = tx.last(OFFLINE, who)
    if last is None:
        return Held(seq=CLOCK.time_ns() // 1000) if tx.read(ACCOUNT, who) is not None else None
    # no account is looked for where there are rows: they go with it, in one transaction (auth.remove_user)
    [first] = tx.select(OFFLINE, who, limit=1)
    octets = max(0, last.total - first.total) + len(first.xml.encode())
    return Held(last.seq - first.seq + 1, octets, last.seq, last.total)


def takes(then: Held, room: Room, known: bool | None) -> bool | None:
    """Whether a message may wait as well; `then` is what waits with it, `known` whether its sender is the owner or a
    contact. None: that decides, and nobody has asked yet.
    """
    if then.messages > room.messages or then.octets > room.octets:
        return False
    half = then.messages > room.messages * STRANGERS or then.octets > room.octets * STRANGERS
    return known if half else True
