"""archived — which stored messages a client finds in the account's archive, so that they are not handed over to it.

Way:      writer (the id that a message has there), spool → [archived] → ArchiveHeldHook
XEP:      0160, 0313 §5.1.1 (what a client has fetched), 0386 (a client that catches up), 0359
Process:  runs in the c2s; the ids are in the session's OfflineState
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from xmpp_core import ns
from xmpp_core.jid import JID
from xmpp_core.stanza import Message
from xmppd.mods.offline.tables import OfflineMessage
from xmppd.routing import hooks
from xmppd.routing.archive_hook_points import ArchiveHeldHook

#: ids that are remembered of one session; what is beyond them is handed over, and the client sees that it has it
MOST: Final = 10_000


def id_of(message: Message, owner: JID) -> str:
    """What the archive of `owner` calls a message, "" if it has not kept it."""
    for mark in message.el.elements("stanza-id", ns.STANZA_ID):
        if mark.get("by") == owner.bare:
            return mark.get("id") or ""
    return ""


def remember(fetched: set[str], ids: Sequence[str]) -> None:
    """The client has been sent these by the archive."""
    fetched.update(ids[: max(MOST - len(fetched), 0)])


async def found_there(owner: JID, rows: Sequence[OfflineMessage], fetched: set[str], catches_up: bool) -> list[int]:
    """The numbers of those that the client has from the archive, or, if it catches up, is going to have."""
    ids = frozenset([row.archived for row in rows if row.archived])
    held: frozenset[str] = ids & fetched
    if catches_up and ids - held:
        nothing: frozenset[str] = frozenset()
        more = await hooks.run_fold(owner.domain, ArchiveHeldHook(owner, ids - held), nothing)
        held |= more
    return [row.seq for row in rows if row.archived in held]
