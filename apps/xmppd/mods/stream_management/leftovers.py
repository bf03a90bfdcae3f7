"""leftovers — stanzas on disk whose session is gone with its process: they go to others, to the store, or back.

Way:      mod_stream_management (SessionLostHook: a c2s was killed, a node died), adoption (what it finds of lives that
          are over) → [leftovers] → unacknowledged → users.again …
Process:  runs in that of lost_sessions, or in the adopter; what is sent on, in one of its own
Differs:  rows are claimed in a transaction before anything is done with them, so that of several workers one deals with
          them, and deleted once what they say is safe elsewhere
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Final

from otp.erts import process
from otp.erts.exits import CallError
from xmpp_core.jid import JID
from xmpp_core.lost_counts import MASK
from xmpp_core.stream_management import KeptStanza
from xmppd.mods.stream_management import lives, on_disk, queue_writer, unacknowledged
from xmppd.mods.stream_management.queue_writer import SessionKey
from xmppd.mods.stream_management.tables import SM_STANZA, StoredStanza
from xmppd.routing import durability, faults, unconfirmed
from xmppd.routing.session import Session
from xmppd.routing.sm import sm
from xmppd.store import store
from xmppd.store.backend import StoreError, Tx

#: before the owner of rows that somebody deals with
_CLAIMED: Final = "!"
_TRIES = 10
_PAUSE = 1.0


def is_claimed(row: StoredStanza) -> bool:
    """Whether somebody sends it on."""
    return row.owner.startswith(_CLAIMED)


async def of_lost(session: Session) -> None:
    """A session was lost with its process; this is the one node that hears of it."""
    key, gone = (session.jid.domain, session.jid.local, session.stream_id), session.pid
    await _send_on(key, await _claim(key, lambda name: not name.startswith(_CLAIMED) and lives.is_of(name, gone)))


async def of_dead(host: str, owners: Collection[str], but: Collection[str], ended: Mapping[str, int]) -> None:
    """What sessions of lives that are over (`owners`) have left, without those of these ids, which go on. `ended`: of
    those that had come to their end, the count with which they were acknowledged. Raises StoreError."""
    for user in await _values(host):
        ids = await _values(host, str(user))
        live = {row.stream_id for row in sm.sessions(f"{user}@{host}")}.union(but)
        for id_ in ids:
            if id_ not in live and not on_disk.is_in_hand(str(id_)):
                key = (host, str(user), str(id_))
                rows = await _claim(key, lambda name: name.removeprefix(_CLAIMED) in owners, ended.get(str(id_)))
                await _send_on(key, rows)


async def _values(*prefix: str) -> list[str | int]:
    return await store.transaction(partial(_values_in, prefix=prefix))


def _values_in(tx: Tx, prefix: tuple[str, ...]) -> list[str | int]:
    return tx.values(SM_STANZA, prefix)


async def _claim(key: SessionKey, mine: Callable[[str], bool], acked: int | None = None) -> list[StoredStanza]:
    """The rows of a session, ours from now on; none if they are another's. Those up to `acked` are deleted."""
    me = _CLAIMED + lives.owner()

    def transaction(tx: Tx) -> list[StoredStanza]:
        rows = tx.select(SM_STANZA, key)
        if not rows or not mine(rows[0].owner):
            return []
        kept = [row for row in rows if acked is None or (acked - row.number) & MASK > MASK >> 1]
        tx.delete_many(SM_STANZA, [(*key, row.number) for row in rows if row not in kept])
        tx.write_many([_owned(row, me) for row in kept])
        return kept

    for _ in range(_TRIES):
        try:
            return await store.transaction(transaction)
        except StoreError as error:
            faults.log(error, f"looking for what was for a session of {key[1]}@{key[0]}")
            await process.sleep(_PAUSE)
    return []


def _owned(row: StoredStanza, owner: str) -> StoredStanza:
    fields = (row.host, row.user, row.id, row.number, owner, row.resource, row.kind, row.first_sent, row.xml)
    return StoredStanza(*fields)


async def _send_on(key: SessionKey, rows: Sequence[StoredStanza]) -> None:
    """From a process of its own: others wait for nothing here."""
    if rows:
        process.spawn(_send_on_and_delete, key, tuple(rows))


async def _send_on_and_delete(key: SessionKey, rows: Sequence[StoredStanza]) -> None:
    unconfirmed.begin(bounded=False)
    jid = JID(key[1], key[0], rows[0].resource)
    await unacknowledged.send_on([KeptStanza(r.number, r.xml, r.kind, r.first_sent) for r in rows], jid)
    await drop_when_safe(key)


async def drop_when_safe(key: SessionKey) -> None:
    """Delete the rows of a session once what the running process has sent on is safe where it is; not before: then they
    stay for the next life of this node."""
    for _ in range(_TRIES):
        try:
            await durability.flush()
        except CallError as error:
            faults.log(error, "storing what clients have not acknowledged")
            await process.sleep(_PAUSE)
        else:
            queue_writer.drop(key)
            return
