"""requests — subscription requests that wait for an answer, kept whole.

Way:      mod_roster → [requests] → RosterItem.pending, and back at each login
RFC:      6121 §3.1.3 (the complete stanza is kept)
"""

from __future__ import annotations

import logging

from xmpp_core import parser
from xmpp_core.errors import Unreadable
from xmpp_core.jid import JID
from xmpp_core.stanza import Presence, make_presence
from xmppd.mods.roster.tables import RosterItem

log = logging.getLogger("xmppd.roster")
_LARGEST = 8192  # characters; of a larger one only the request itself is kept


def to_text(stanza: Presence) -> str:
    """What to keep of a subscribe; "" for the other types."""
    if stanza.type != "subscribe":
        return ""
    text = stanza.el.to_xml("")
    if len(text) > _LARGEST:
        text = make_presence(stanza.to, type_="subscribe", from_=stanza.from_).el.to_xml("")
    return text


def subject(contact: JID | None) -> str:
    """What a request of this contact is called among what a session remembers the versions of."""
    return f"request of {contact.bare if contact is not None else ''}"


def from_record(record: RosterItem, owner: JID) -> Presence:
    """The stored request as its owner is to get it; the request alone where its text is not there or cannot be read."""
    contact = JID.parse(record.contact)
    if record.pending:
        try:
            return Presence(parser.parse_written(record.pending), contact, owner)
        except Unreadable as error:
            log.error("the request of %s to %s cannot be read: %s", contact, owner, error)
    return make_presence(owner, type_="subscribe", from_=contact)
