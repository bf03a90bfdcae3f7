"""tombstones — how much was taken up of the client of a session that is over: it asks when it comes too late.

Way:      mod_stream_management (SessionRedeliverHook, `<resume/>`) → [tombstones] → store
Process:  runs in the c2s that ends, and in the one whose client asks
XEP:      0198 §5 (`h` of `<failed/>`): a client knows by it which of its messages have come
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Final

from otp.erts import process
from otp.erts.clock import CLOCK
from xmpp_core.jid import JID
from xmppd.routing import faults
from xmppd.store import store
from xmppd.store.backend import StoreError, Table, Tx
from xmppd.store.schema import create_table

#: seconds for which it is known, how many of one account are, and seconds between two sweeps
KEPT_FOR: Final = 86400
MOST: Final = 16
SWEEP: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Tombstone:
    """`h` of the session whose stream had this id; `until` in seconds since 1970."""

    host: str
    user: str
    id: str = field(repr=False)
    h: int
    until: int


TOMBSTONE: Final = Table("sm_tombstone", Tombstone, ("host", "user", "id"))
MIGRATIONS: Final = (
    create_table("sm_tombstone", ("host", "user", "id"), host=str, user=str, id=str, h=int, until=int),
)


async def put(user: JID, id_: str, h: int) -> None:
    """Remember it; the oldest of the account give way. What fails is logged: it is a help, and no promise."""
    now = int(CLOCK.time())
    row = Tombstone(user.domain, user.local, id_, h, now + KEPT_FOR)
    try:
        await store.transaction(lambda tx: write(tx, row, now))
    except StoreError as error:
        faults.log(error, f"remembering a session of {user}")


def write(tx: Tx, row: Tombstone, now: int) -> None:
    """As `put`, in a transaction at hand; `now` in seconds since 1970."""
    owner = (row.host, row.user)
    others = [other for other in tx.select(TOMBSTONE, owner) if other.id != row.id]
    others.sort(key=lambda other: other.until)
    gone = [other for place, other in enumerate(others) if other.until <= now or place <= len(others) - MOST]
    tx.delete_many(TOMBSTONE, [(*owner, other.id) for other in gone])
    tx.write(row)


async def count_of(user: JID, id_: str) -> int | None:
    """How many stanzas of a session of this account were taken up, None if it is not known."""
    try:
        row = await store.read(TOMBSTONE, (user.domain, user.local, id_))
    except StoreError as error:
        faults.log(error, f"looking for a session of {user}")
        return None
    return row.h if row is not None and row.until > CLOCK.time() else None


async def sweep(host: str) -> None:
    """Forget those whose time is over."""
    now = int(CLOCK.time())
    for user in await store.transaction(lambda tx: tx.values(TOMBSTONE, (host,))):
        await store.transaction(partial(_forget, owner=(host, str(user)), now=now))
        await process.give_way()


def _forget(tx: Tx, owner: tuple[str, str], now: int) -> None:
    gone = [row for row in tx.select(TOMBSTONE, owner) if row.until <= now]
    tx.delete_many(TOMBSTONE, [(*owner, row.id) for row in gone])
