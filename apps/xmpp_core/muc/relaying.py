"""relaying — requests to an occupant are asked of its client in the asker's nick, and the answers find their way back.

Way:      room_server → [relaying] → RoomDraft
XEP:      0045 §6.6, §17.4 (requests pass, addresses do not); 0410 (a ping to oneself is the room's business)
Differs:  nothing is remembered of a request: its id tells which session of the asker it is from, and only to the room.
          A request for a card goes to the account, for no client answers it
"""

from __future__ import annotations

import hmac
from typing import Final

from xmpp_core import ns
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.muc.room import ChatRoom
from xmpp_core.muc.room_draft import RoomDraft
from xmpp_core.stanza import Iq

#: hex digits in front of an id that tell whose request it is
_CODE: Final = 16
#: characters of an id that somebody may give
_LONGEST: Final = 256


def ask(draft: RoomDraft, iq: Iq) -> None:
    """A request to room@service/nick. Raises StanzaError: bad-request for a stranger's disco (§6.6), not-acceptable for
    all else of strangers, item-not-found."""
    room, to, asker, payload = draft.room, iq.to, iq.from_, iq.payload
    assert to is not None
    assert asker is not None
    assert payload is not None
    who, other = room.occupant_of(asker), room.occupants.get(to.resource)
    if who is None:
        raise StanzaError("bad-request" if payload.ns in (ns.DISCO_INFO, ns.DISCO_ITEMS) else "not-acceptable")
    if other is None:
        raise StanzaError("item-not-found", "nobody has this nick")
    if payload.ns == ns.PING and who is other:
        draft.answer(iq.result())
        return
    if len(iq.id or "") > _LONGEST:
        raise StanzaError("bad-request", "the id is too long")
    target = other.user if payload.ns == ns.VCARD else other.seats[-1].jid
    id_ = f"{_code(room, asker)}{iq.id}"
    draft.send(_readdressed(iq, room.occupant_jid(who.nick), target, id_))


def answered(draft: RoomDraft, iq: Iq) -> None:
    """A result or an error from an occupant's client, or its account, to room@service/nick: it goes to the session
    that has asked. One that answers nothing is dropped."""
    room, to, sender = draft.room, iq.to, iq.from_
    assert to is not None
    assert sender is not None
    asker = room.occupants.get(to.resource)
    code, id_ = (iq.id or "")[:_CODE], (iq.id or "")[_CODE:]
    who = room.occupant_of(sender) or next(iter(room.occupants_of(sender) if sender.local else ()), None)
    if asker is None or who is None:
        return
    for jid in asker.jids:
        if hmac.compare_digest(_code(room, jid), code):
            draft.send(_readdressed(iq, room.occupant_jid(who.nick), jid, id_))


def _code(room: ChatRoom, asker: JID) -> str:
    return hmac.digest(room.salt, f"{room.jid.bare}\niq {asker.full}".encode(), "sha256").hex()[:_CODE]


def _readdressed(iq: Iq, from_: JID, to: JID, id_: str) -> Iq:
    attrs = {"type": iq.type, "id": id_, "from": from_.full, "to": to.full}
    return Iq(Element(ns.CLIENT, "iq", attrs, list(iq.el.children)), from_, to)
