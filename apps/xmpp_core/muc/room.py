"""room — a room as a value: its configuration, who is what to it, who is there, its subject and the last messages.

Way:      room_server → [ChatRoom] → room_draft, which a stanza changes → the next ChatRoom
XEP:      0045 §4, §5, §7; 0421 (occupant ids)
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from xmpp_core.element import Element
from xmpp_core.jid import JID
from xmpp_core.muc.roles import ADMIN, NONE, OUTCAST, OWNER, Role, RoomAffiliation
from xmpp_core.muc.room_config import RoomConfig

#: bytes of the messages that who enters is shown
MOST_WEIGHT: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Affiliated:
    """What a bare JID is to the room; the nick that is reserved for it, "" without one; why, in words."""

    affiliation: RoomAffiliation
    nick: str = ""
    reason: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Seat:
    """A session in the room, a full JID, and what it says in its presence: an element whose children others see."""

    jid: JID
    presence: Element = field(repr=False)


@dataclass(frozen=True, slots=True)
class Occupant:
    """Who is in the room under a nick: sessions of one account. What the last of `seats` says is what others see."""

    nick: str
    user: JID
    role: Role
    seats: tuple[Seat, ...]

    @property
    def jids(self) -> tuple[JID, ...]:
        """Of its sessions."""
        return tuple([seat.jid for seat in self.seats])

    @property
    def presence(self) -> Element:
        """What others see."""
        return self.seats[-1].presence


@dataclass(frozen=True, slots=True)
class Said:
    """A message as it was sent to the room's occupants, with `from` (the occupant's JID) and without `to`. `seq`: its
    number in the archive; `at`: when that was (s since 1970); `by`: whose it is, a bare JID;
    `weight`: what it takes in memory, once it has been weighed."""

    seq: int
    at: float
    nick: str
    by: str
    message: Element = field(repr=False)
    weight: int = field(default=0, compare=False)


def recent(said: tuple[Said, ...], most: int) -> tuple[Said, ...]:
    """The last `most` messages, fewer where they weigh more than MOST_WEIGHT together."""
    kept, room = said[-most:] if most else (), MOST_WEIGHT
    for number in range(len(kept) - 1, -1, -1):
        room -= kept[number].weight
        if room < 0:
            return kept[number + 1 :]
    return kept


def weighed(said: Said) -> Said:
    """With what it takes in memory (bytes)."""
    return replace(said, weight=said.message.weight())


@dataclass(frozen=True, slots=True)
class ArchivedTarget:
    """A message of the archive that is to be taken back, and whose it is."""

    seq: int
    occupant_id: str


@dataclass(frozen=True, slots=True)
class Mark:
    """What a message is called in the archive: its number and its id; `keep`: whether it is one that is kept; `target`:
    the message that it takes back, None if there is none."""

    seq: int
    id: str
    keep: bool
    target: ArchivedTarget | None = None


@dataclass(frozen=True, slots=True)
class ChatRoom:
    """A room. `affiliations` by bare JID, without those that have none; `occupants` by nick, `nicks` by full JID.
    `subject`: the last change of it, None: never set. `salt`: what occupant ids are made with. `locked`: its owner has
    not configured it yet, and nobody else may enter. `creator`: a bare JID.
    `pictures`: hashes of those in its card; `spoke`: when whom slow mode holds up said something (s since 1970, by bare
    JID)."""

    jid: JID
    config: RoomConfig
    affiliations: Mapping[str, Affiliated]
    occupants: Mapping[str, Occupant] = field(default_factory=dict)
    nicks: Mapping[str, str] = field(default_factory=dict)
    subject: Said | None = None
    history: tuple[Said, ...] = ()
    salt: bytes = field(default=b"", repr=False)
    locked: bool = False
    creator: str = ""
    pictures: tuple[str, ...] = ()
    spoke: Mapping[str, float] = field(default_factory=dict)

    def affiliation(self, who: JID) -> RoomAffiliation:
        """What somebody is to the room. A whole domain may be banned. §9.2"""
        found = self.affiliations.get(who.bare)
        if found is None:
            found = self.affiliations.get(who.domain)
            return OUTCAST if found is not None and found.affiliation is OUTCAST else NONE
        return found.affiliation

    def occupant_of(self, who: JID) -> Occupant | None:
        """The occupant that a session (a full JID) is."""
        nick = self.nicks.get(who.full)
        return self.occupants[nick] if nick is not None else None

    def role(self, who: JID) -> Role:
        """The role of a session; Role.NONE if it is not there."""
        found = self.occupant_of(who)
        return found.role if found is not None else Role.NONE

    def occupants_of(self, user: JID) -> list[Occupant]:
        """The occupants that an account is; of a domain: those that have accounts there."""
        if not user.local:
            return [one for one in self.occupants.values() if one.user.domain == user.domain]
        return [one for one in self.occupants.values() if one.user.bare == user.bare]

    def owners(self) -> list[str]:
        """Bare JIDs."""
        return self.listed(OWNER)

    def admins(self) -> list[str]:
        """Bare JIDs."""
        return self.listed(ADMIN)

    def listed(self, affiliation: RoomAffiliation) -> list[str]:
        """Bare JIDs of one affiliation."""
        return sorted(bare for bare, row in self.affiliations.items() if row.affiliation is affiliation)

    def reserved_nick(self, user: JID) -> str:
        """The nick that is reserved for an account, "" if there is none."""
        found = self.affiliations.get(user.bare)
        return found.nick if found is not None else ""

    def holder_of(self, nick: str) -> str:
        """The bare JID for which a nick is reserved, "" if it is free."""
        return next((bare for bare, row in self.affiliations.items() if row.nick == nick), "")

    def seats(self) -> Iterator[JID]:
        """All sessions that are there."""
        for occupant in self.occupants.values():
            yield from occupant.jids

    def occupant_jid(self, nick: str) -> JID:
        """room@service/nick."""
        return self.jid.with_resource(nick)

    def occupant_id(self, user: JID) -> str:
        """What an account is called here for good, whatever its nick is, and nowhere else. XEP: 0421 §4"""
        code = hmac.digest(self.salt, f"{self.jid.bare}\n{user.bare}".encode(), "sha256")
        return base64.urlsafe_b64encode(code[:24]).decode()
