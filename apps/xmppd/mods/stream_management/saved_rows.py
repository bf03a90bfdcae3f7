"""saved_rows — sessions that wait for their clients, as they lie on disk: one row each.

Way:      on_disk, adoption → [saved_rows] → store
XEP:      0198 §5
Differs:  a session that is attached has no row: it changes with each stanza, and lies in the journal
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from xmpp_core.jid import JID
from xmppd.store.backend import Table
from xmppd.store.schema import create_table


@dataclass(frozen=True, slots=True)
class StoredSession:
    """The session whose stream has this id. `owner`: the life of the worker that has it (lives.py); `until`: when it
    expires, in milliseconds since 1970; `saved`: a SavedSession, encoded."""

    host: str
    user: str
    id: str = field(repr=False)
    owner: str
    until: int
    saved: bytes = field(repr=False)


SM_SESSION: Final = Table("sm_session", StoredSession, ("host", "user", "id"))
MIGRATIONS: Final = (
    create_table("sm_session", ("host", "user", "id"), host=str, user=str, id=str, owner=str, until=int, saved=bytes),
)


def key_of(jid: JID, id_: str) -> tuple[str, str, str]:
    """The key of a session of an account."""
    return jid.domain, jid.local, id_
