"""room_events — what comes for a room, and whose business it is: one table of kinds.

Way:      room_server → [handle] → entering, speaking, inviting, room_admin, room_owner, room_registration, relaying
XEP:      0045 §17
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from xmpp_core import ns
from xmpp_core.errors import StanzaError
from xmpp_core.muc import (
    entering,
    ghosts,
    inviting,
    moderating,
    relaying,
    room_admin,
    room_card,
    room_owner,
    room_registration,
    speaking,
)
from xmpp_core.muc.entering import EntryRules
from xmpp_core.muc.roles import OWNER
from xmpp_core.muc.room import Mark
from xmpp_core.muc.room_draft import RoomDraft
from xmpp_core.stanza import Iq, Message, Presence, Stanza

#: requests to the room itself, by the namespace of <query/>
_REQUESTS: Final[Mapping[str, Callable[[RoomDraft, Iq], None]]] = {
    ns.MUC_ADMIN: room_admin.handle,
    ns.MUC_OWNER: room_owner.handle,
    ns.REGISTER: room_registration.handle,
}


def handle(draft: RoomDraft, stanza: Stanza, rules: EntryRules, mark: Mark, *, new: bool = False) -> None:
    """What follows of a stanza for the room, or for one of its occupants. `new`: the room has just been made by it.
    Raises StanzaError."""
    match stanza:
        case Presence():
            _presence(draft, stanza, rules, new)
        case Message(is_error=True):
            ghosts.refused(draft, stanza)
        case Message():
            _check_locked(draft, stanza)
            _message(draft, stanza, mark)
        case Iq(is_request=True):
            _request(draft, stanza, mark)
        case Iq():
            relaying.answered(draft, stanza)


def _presence(draft: RoomDraft, presence: Presence, rules: EntryRules, new: bool) -> None:
    """Other types are no business of a room. §17.3"""
    match presence.type:
        case "":
            entering.arrive(draft, presence, rules, new=new)
        case "unavailable":
            if presence.from_ is not None:
                entering.leave(draft, presence.from_, presence)
        case "error":
            ghosts.refused(draft, presence)


def _message(draft: RoomDraft, message: Message, mark: Mark) -> None:
    if message.to is not None and message.to.resource:
        speaking.say_privately(draft, message)
    elif message.type == "groupchat":
        speaking.say(draft, message, mark)
    elif message.type != "headline":
        inviting.ask(draft, message)


def _request(draft: RoomDraft, iq: Iq, mark: Mark) -> None:
    if iq.to is not None and iq.to.resource:
        relaying.ask(draft, iq)
        return
    _check_locked(draft, iq)
    if (wish := moderating.asked(iq.payload)) is not None:
        moderating.moderate(draft, iq, wish, mark)
        return
    if iq.payload is not None and (iq.payload.ns, iq.payload.name, iq.type) == (ns.VCARD, "vCard", "set"):
        room_card.set_card(draft, iq)
        return
    handler = _REQUESTS.get(iq.payload.ns) if iq.payload is not None else None
    if handler is None:
        raise StanzaError("service-unavailable")
    handler(draft, iq)


def _check_locked(draft: RoomDraft, stanza: Stanza) -> None:
    """For all but its owner there is no room before it is configured. §17.2"""
    if draft.room.locked and stanza.from_ is not None and draft.room.affiliation(stanza.from_) is not OWNER:
        raise StanzaError("item-not-found")
