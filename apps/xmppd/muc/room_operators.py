"""room_operators — what an operator does with a room: the same changes as an owner's, and its occupants are told alike.

Way:      room_commands → ROOMS.call → room_server → [room_operators] → the pure core
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TypeAlias

from otp.kernel import codec
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.muc import entering, muc_presence, room_admin, room_config, room_owner
from xmpp_core.muc.muc_presence import Why
from xmpp_core.muc.roles import AFFILIATIONS
from xmpp_core.muc.room import ChatRoom
from xmpp_core.muc.room_draft import RoomDraft
from xmpp_core.muc.room_owner import RoomEnding


@codec.message
@dataclass(frozen=True, slots=True)
class RoomCreate:
    """Make the room, with this owner (a bare JID) and these options (JSON)."""

    owner: str
    options: str = field(default="{}", repr=False)


@codec.message
@dataclass(frozen=True, slots=True)
class RoomConfigure:
    """Other options (JSON) than the room has."""

    options: str = field(repr=False)


@codec.message
@dataclass(frozen=True, slots=True)
class RoomDestroy:
    """The room is to be no more."""

    reason: str = ""


@codec.message
@dataclass(frozen=True, slots=True)
class RoomAffiliate:
    """A bare JID is to be this to the room."""

    jid: str
    affiliation: str


@codec.message
@dataclass(frozen=True, slots=True)
class RoomKick:
    """Who has this nick is to leave."""

    nick: str
    reason: str = ""


@codec.message
@dataclass(frozen=True, slots=True)
class RoomPurge:
    """The archive is to be emptied, and what who enters is shown."""


Operation: TypeAlias = RoomCreate | RoomConfigure | RoomDestroy | RoomAffiliate | RoomKick | RoomPurge


def made(room: ChatRoom, asked: RoomCreate) -> ChatRoom:
    """A room that is open at once. Raises StanzaError not-acceptable for options that there are not."""
    config = _config(asked.options, room)
    return ChatRoom(room.jid, config, room.affiliations, salt=room.salt, creator=room.creator)


def act(draft: RoomDraft, asked: Operation) -> None:
    """Do it. Raises StanzaError."""
    match asked:
        case RoomConfigure(options):
            room_owner.configure(draft, _config(options, draft.room))
        case RoomDestroy(reason):
            room_owner.end(draft, RoomEnding(reason=reason))
        case RoomAffiliate(jid, affiliation):
            _affiliate(draft, JID.parse(jid), affiliation)
        case RoomKick(nick, reason):
            _kick(draft, nick, reason)
        case RoomPurge():
            draft.change(history=())
            draft.must_last()


def _config(options: str, room: ChatRoom) -> room_config.RoomConfig:
    try:
        return room_config.from_dict(json.loads(options), room.config)
    except ValueError as error:
        raise StanzaError("not-acceptable", str(error)) from None


def _affiliate(draft: RoomDraft, user: JID, word: str) -> None:
    after, before = AFFILIATIONS[word], draft.room.affiliation(user)
    draft.affiliate(user.bare, after)
    for old, new, why, left in room_admin.follow(draft, user, before, after):
        if new is None:
            room_admin.tell_removed(draft, old, why, left)
        else:
            muc_presence.tell_role_change(draft, old, draft.room.occupants[new.nick])
    entering.end_if_empty(draft)


def _kick(draft: RoomDraft, nick: str, reason: str) -> None:
    occupant = draft.room.occupants.get(nick)
    if occupant is None:
        raise StanzaError("item-not-found", "nobody has this nick")
    draft.remove(occupant)
    why = Why(codes=(307,), reason=reason)
    room_admin.tell_removed(draft, occupant, why, draft.room.affiliation(occupant.user))
    entering.end_if_empty(draft)
