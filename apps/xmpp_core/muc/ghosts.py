"""ghosts — occupants whose sessions are gone without a word: an error comes back, a server is lost, a worker has died.

Way:      room_server → [ghosts] → entering.leave
XEP:      0045 §18.1.2 (ghost users), §11.1 (code 333)
"""

from __future__ import annotations

from typing import Final

from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.muc import entering
from xmpp_core.muc.muc_presence import Why
from xmpp_core.muc.room_draft import RoomDraft
from xmpp_core.stanza import Stanza

#: errors that say that nobody is there
GONE: Final = frozenset(
    {
        "gone", "item-not-found", "jid-malformed", "recipient-unavailable", "redirect", "remote-server-not-found",
        "remote-server-timeout", "service-unavailable",
    }
)  # fmt: skip


def refused(draft: RoomDraft, stanza: Stanza) -> None:
    """A message or presence of the room came back: who cannot be reached is not there any more."""
    error: StanzaError = stanza.stanza_error()
    if stanza.from_ is not None and error.condition in GONE:
        remove(draft, stanza.from_)


def remove(draft: RoomDraft, who: JID) -> None:
    """A session is gone."""
    entering.leave(draft, who, None, Why(codes=(333,)))
