"""tables — what clients have not acknowledged, as it lies on disk.

Way:      queue_writer, leftovers → [tables] → store
XEP:      0198 §5 (what is sent again after a resume)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from xmppd.store.backend import Table
from xmppd.store.schema import create_table


@dataclass(frozen=True, slots=True)
class StoredStanza:
    """One stanza that was for the session `id` (of a stream) of an account, as it was written. `number` and `kind` as
    in KeptStanza, `first_sent` in milliseconds since 1970, `resource` is the session's; `owner` says which life of
    which node has the session: only that one, or who takes its place, deals with the row."""

    host: str
    user: str
    id: str = field(repr=False)
    number: int
    owner: str
    resource: str
    kind: str
    first_sent: int
    xml: str = field(repr=False)


SM_STANZA: Final = Table("sm_stanza", StoredStanza, ("host", "user", "id", "number"))
MIGRATIONS: Final = (
    create_table(
        "sm_stanza",
        ("host", "user", "id", "number"),
        host=str,
        user=str,
        id=str,
        number=int,
        owner=str,
        resource=str,
        kind=str,
        first_sent=int,
        xml=str,
    ),
)
