"""retention — takes the oldest messages out of archives, in pieces.

Way:      mod_mam (every hour, and its command) → [retention] → store
XEP:      0313 §5 (an id that has gone is item-not-found)
Differs:  archives are found one after the other by their keys, a descent into the index each; one that has nothing old
          costs one row
"""

from __future__ import annotations

from typing import Final

from otp.erts import process
from xmppd.archive.tables import ARCHIVE, WORDS
from xmppd.store import store
from xmppd.store.backend import Range, Tx

#: messages that one transaction deletes
PIECE: Final = 500


async def sweep(host: str, until: int) -> int:
    """Delete the messages with numbers below `until` of all archives of a domain; how many there were. Raises
    StoreError."""
    number, user = 0, None
    while rows := await store.find(ARCHIVE, Range((host,), user, limit=1)):
        [row] = rows
        if row.seq < until:
            number += await purge(host, row.user, until)
        user = row.user
        await process.give_way()
    return number


async def purge(host: str, user: str, until: int) -> int:
    """The same for one archive."""
    number = 0
    while removed := await store.transaction(lambda tx: _piece(tx, host, user, until)):
        number += removed
        await process.give_way()
    return number


def _piece(tx: Tx, host: str, user: str, until: int) -> int:
    rows = tx.find(ARCHIVE, Range((host, user), before=until, limit=PIECE))
    if not rows:
        return 0
    tx.clear(WORDS, (host, user), rows[-1].seq)
    return tx.clear(ARCHIVE, (host, user), rows[-1].seq)
