"""moderating — a moderator takes back what somebody has said in a room; somebody takes back what is its own.

Way:      room_events, speaking → [moderating] → RoomDraft: all are told, the archive keeps a tombstone
XEP:      0425 (both generations: message-moderate:1, and :0 by fastening), 0424 (the own ones), 0421 (who it is)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from xmpp_core import ns, stamp
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.muc.roles import P, may
from xmpp_core.muc.room import ChatRoom, Mark, Occupant, Said
from xmpp_core.muc.room_draft import RoomDraft
from xmpp_core.stanza import Iq, Message

_RETRACT_OLD: Final = "urn:xmpp:message-retract:0"
#: characters of a reason
_MOST_REASON: Final = 1000


@dataclass(frozen=True, slots=True)
class Moderation:
    """What a moderator asks for: the id of a message in the archive, and why."""

    id: str
    reason: str = ""


def asked(payload: Element | None) -> Moderation | None:
    """The wish in a request, None if it is none."""
    if payload is None:
        return None
    found, id_ = payload, payload.get("id") or ""
    if (payload.ns, payload.name) == (ns.FASTEN, "apply-to"):
        inner = payload.child("moderate", ns.MODERATE_OLD)
        if inner is None or inner.child("retract", _RETRACT_OLD) is None:
            return None
        found = inner
    elif (payload.ns, payload.name) != (ns.MODERATE, "moderate") or payload.child("retract", ns.RETRACT) is None:
        return None
    return Moderation(id_, (found.child_text("reason") or "")[:_MOST_REASON])


def retracted(message: Element) -> str:
    """The id of the message that a message takes back, "" if it does not. XEP: 0424 §4"""
    found = message.child("retract", ns.RETRACT)
    return (found.get("id") or "") if found is not None else ""


def moderate(draft: RoomDraft, iq: Iq, wish: Moderation, mark: Mark) -> None:
    """Raises StanzaError: forbidden for who is no moderator, item-not-found for what the archive has not."""
    assert iq.from_ is not None
    who = draft.room.occupant_of(iq.from_)
    if who is None or not may(who.role, P.KICK):
        raise StanzaError("forbidden", "moderators take back what others have said")
    if mark.target is None:
        raise StanzaError("item-not-found", "the archive has no such message (any more)")
    said = Said(mark.seq, draft.now, "", "", _told(draft.room, who, wish, mark))
    draft.answer(iq.result())
    draft.take_back(mark.target.seq, _tombstone(draft, mark.id, _moderated(draft.room, who), wish.reason))
    draft.keep(said, shown=False)
    draft.tell(Message(said.message, draft.room.jid), draft.room.seats())


def take_back(draft: RoomDraft, who: Occupant, mark: Mark) -> None:
    """What an occupant has said itself; that of others it may not."""
    target = mark.target
    if target is not None and target.occupant_id == draft.room.occupant_id(who.user):
        draft.take_back(target.seq, _tombstone(draft, mark.id, None, ""))


def _told(room: ChatRoom, who: Occupant, wish: Moderation, mark: Mark) -> Element:
    """What all are told: in the words of today, and in those of old clients."""
    reason = el("reason", ns.RETRACT, None, wish.reason) if wish.reason else None
    now = el("retract", ns.RETRACT, {"id": wish.id}, _moderated(room, who), reason)
    why = el("reason", ns.MODERATE_OLD, None, wish.reason) if wish.reason else None
    by = {"by": room.occupant_jid(who.nick).full}
    before = el("moderated", ns.MODERATE_OLD, by, el("retract", _RETRACT_OLD), why)
    fastened = el("apply-to", ns.FASTEN, {"id": wish.id}, before)
    attrs = {"type": "groupchat", "id": mark.id, "from": room.jid.full}
    id_ = el("stanza-id", ns.STANZA_ID, {"by": room.jid.bare, "id": mark.id})
    return Element(ns.CLIENT, "message", attrs, [now, fastened, id_])


def _moderated(room: ChatRoom, who: Occupant) -> Element:
    id_ = el("occupant-id", ns.OCCUPANT_ID, {"id": room.occupant_id(who.user)})
    return el("moderated", ns.MODERATE, {"by": room.occupant_jid(who.nick).full}, id_)


def _tombstone(draft: RoomDraft, by: str, moderated: Element | None, reason: str) -> Element:
    """<retracted/>, which stands in the place of what was said. XEP: 0425 §5, 0424 §5"""
    why = el("reason", ns.RETRACT, None, reason) if reason else None
    return el("retracted", ns.RETRACT, {"id": by, "stamp": stamp.from_epoch(draft.now)}, moderated, why)
