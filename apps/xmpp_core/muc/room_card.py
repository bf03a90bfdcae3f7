"""room_card — a room's card, and with it its picture: owners set it, all may see it.

Way:      room_events → [room_card] → RoomDraft; who asks for it: mod_muc → the store
XEP:      0486 (avatars of rooms), 0054 (cards), 0153 §4.5 (the hash of a picture)
"""

from __future__ import annotations

import hashlib
from typing import Final

from xmpp_core import avatars, ns
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.muc import muc_presence
from xmpp_core.muc.roles import P, may
from xmpp_core.muc.room_draft import RoomDraft
from xmpp_core.stanza import Iq, Message

#: characters of a card
MOST: Final = 98_304
#: pictures in one card
_MOST_PICTURES: Final = 5


def set_card(draft: RoomDraft, iq: Iq) -> None:
    """An owner sets the card. Raises StanzaError forbidden, policy-violation."""
    assert iq.payload is not None
    assert iq.from_ is not None
    if not may(draft.room.affiliation(iq.from_), P.CONFIGURE):
        raise StanzaError("forbidden", "owners set the card of a room")
    text = iq.payload.to_xml("")
    if len(text) > MOST:
        raise StanzaError("policy-violation", f"a card has at most {MOST} characters")
    draft.keep_card(text, hashes(iq.payload))
    draft.answer(iq.result())
    x = el("x", ns.MUC_USER, None, muc_presence.status(104))
    told = Element(ns.CLIENT, "message", {"type": "groupchat", "from": draft.room.jid.full}, [x])
    draft.tell(Message(told, draft.room.jid), draft.room.seats())


def hashes(card: Element) -> tuple[str, ...]:
    """Of each of its pictures. XEP: 0486 §5.1"""
    found = [avatars.decode(photo.child_text("BINVAL") or "") for photo in card.elements("PHOTO", ns.VCARD)]
    return tuple([hashlib.sha1(octets).hexdigest() for octets in found[:_MOST_PICTURES] if octets])
