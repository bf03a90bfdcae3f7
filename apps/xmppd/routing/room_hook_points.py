"""room_hook_points — where modules take part in what happens in rooms; see hook_points.

OTP:      cf. the hooks muc_filter_message, muc_filter_presence, create_room, room_destroyed of ejabberd
Way:      muc.room_server → hooks.run, hooks.run_fold → modules that filter, count, or keep people out; fired for the
          host to which the service belongs
Process:  the room's: who waits here holds up the room
XEP:      0045
"""

from __future__ import annotations

from dataclasses import dataclass

from xmpp_core.jid import JID
from xmpp_core.stanza import Message, Presence
from xmppd.routing.hook_kinds import Fold, Run


@dataclass(frozen=True, slots=True)
class RoomEnterHook(Run["RoomEnterHook"]):
    """Who is not in the room sends it available presence. Who raises StanzaError refuses it; what the room itself says
    of entering comes after."""

    NEEDED = True
    room: JID
    presence: Presence


@dataclass(frozen=True, slots=True)
class RoomMessageHook(Fold["RoomMessageHook", Message]):
    """A message for all in the room, or a change of its subject, as its sender sent it. Who raises StanzaError refuses
    it; the result is what the room goes on with, if its rules let it."""

    NEEDED = True
    room: JID


@dataclass(frozen=True, slots=True)
class RoomMadeHook(Run["RoomMadeHook"]):
    """There is a new room, made by `creator` (a bare JID); it is stored."""

    room: JID
    creator: JID


@dataclass(frozen=True, slots=True)
class RoomEndedHook(Run["RoomEndedHook"]):
    """A room is no more, and nothing of it is stored."""

    room: JID
