"""room_requests — what the rest of the server asks a room's process, and what it is told.

Way:      mod_muc → ROOMS.call(…, a request) → [room_server] → the answer
Process:  values; they may cross between nodes
"""

from __future__ import annotations

from dataclasses import dataclass, field

from otp.erts.pid import Pid
from otp.kernel import codec
from xmpp_core.stanza import Stanza


@codec.message
@dataclass(frozen=True, slots=True)
class RoomLook:
    """How the room looks to `asker` (a full JID); answered by a RoomSeen, None if there is no room."""

    asker: str


@codec.message
@dataclass(frozen=True, slots=True)
class RoomSeen:
    """A room as somebody sees it. `identity`, `form`: XML; `features` of its disco#info; `reserved`: the identity with
    the asker's own nick, "" without one; `affiliation` of the asker, and whether it is `there`; `nicks` of the
    occupants; whether it has an `archive`, and is `closed` to who has no right to enter."""

    identity: str
    features: tuple[str, ...]
    form: str = field(repr=False)
    reserved: str
    affiliation: str
    there: bool
    nicks: tuple[str, ...]
    archive: bool
    closed: bool


@codec.message
@dataclass(frozen=True, slots=True)
class RoomSettled:
    """Answered when all that the room has been told is stored."""


@codec.message
@dataclass(frozen=True, slots=True)
class RoomTook:
    """The answer to a stanza. `writer` has to store something of it, None if it is stored, or nothing is; `sends`: what
    is to go to others, by the way of whoever has sent the stanza."""

    writer: Pid | None = None
    sends: tuple[Stanza, ...] = ()
