"""indexing — puts down what the messages say that were in an archive before full text search was switched on.

Way:      mod_mam (its command) → [indexing] → store
XEP:      0431
"""

from __future__ import annotations

from functools import partial
from typing import Final

from otp.erts import process
from xmppd.archive import words
from xmppd.archive.tables import ARCHIVE
from xmppd.store import store
from xmppd.store.backend import Range, Tx

#: messages that one transaction puts down
PIECE: Final = 200


async def index(host: str, user: str) -> int:
    """How many messages were looked at. Those that are found already stay so. Raises StoreError."""
    number, after = 0, -1
    while True:
        seen, after = await store.transaction(partial(_piece, host, user, after))
        number += seen
        if seen < PIECE:
            return number
        await process.give_way()


def _piece(host: str, user: str, after: int, tx: Tx) -> tuple[int, int]:
    rows = tx.find(ARCHIVE, Range((host, user), after, limit=PIECE))
    tx.write_many([said for row in rows if (said := words.row_of(row)) is not None])
    return len(rows), rows[-1].seq if rows else after
