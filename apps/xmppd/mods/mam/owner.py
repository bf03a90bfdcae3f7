"""owner — what the stages of an account have to know of its archive without waiting.

Way:      mod_mam → [owner] → store
Process:  none: loaded when an account is first used on a node (routing.account.account.AccountState)
XEP:      0441
"""

from __future__ import annotations

from dataclasses import dataclass

from xmpp_core.jid import JID
from xmppd.archive import keeping
from xmppd.archive.ids import ArchiveIds
from xmppd.archive.tables import ARCHIVE, PREFS
from xmppd.mods.mam.prefs import Wishes
from xmppd.store import store
from xmppd.store.backend import Range


@dataclass(slots=True)
class OwnArchive:
    """`chosen`: what the account wants kept, None if it has not said so; `last`: the number given last."""

    ids: ArchiveIds
    chosen: Wishes | None
    last: int

    def next_number(self) -> int:
        """Of a message that comes now."""
        self.last = keeping.next_number(self.last)
        return self.last


async def load(owner: JID) -> OwnArchive:
    """As the store has it. Raises StoreError."""
    who = (owner.domain, owner.local)
    row = await store.read(PREFS, who)
    newest = await store.find(ARCHIVE, Range(who, limit=1, backwards=True))
    chosen = Wishes(row.default, frozenset(row.always), frozenset(row.never)) if row is not None else None
    return OwnArchive(await keeping.ids(), chosen, newest[0].seq if newest else 0)
