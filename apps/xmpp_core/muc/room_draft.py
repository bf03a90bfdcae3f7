"""room_draft — a room while one stanza changes it: what becomes of it, who is told what, and what is to be stored.

Way:      room_server makes one for each stanza → entering, speaking, room_admin, … → [room_draft].done() → Outcome
Differs:  nothing is changed in place: who refuses a stanza raises, and the room is as it was
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from xmpp_core.element import Element
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.muc.roles import NONE, OWNER, Role, RoomAffiliation
from xmpp_core.muc.room import Affiliated, ChatRoom, Occupant, Said, Seat, recent, weighed
from xmpp_core.stanza import Stanza


@dataclass(frozen=True, slots=True)
class Tell:
    """A stanza, with `from` and without `to`, for sessions that are in the room, or were: in this order with all others
    that they are told."""

    stanza: Stanza
    to: tuple[JID, ...]


@dataclass(frozen=True, slots=True)
class Send:
    """A stanza with both addresses for somebody who need not be in the room."""

    stanza: Stanza


@dataclass(frozen=True, slots=True)
class RoomAnswer:
    """What is answered to who has asked, in this order with what it is told beside."""

    stanza: Stanza


@dataclass(frozen=True, slots=True)
class KeepSaid:
    """A message for the archive."""

    said: Said


@dataclass(frozen=True, slots=True)
class TakeBack:
    """Message `seq` of the archive becomes a tombstone: its addresses, whose it is, and this element."""

    seq: int
    tombstone: Element


@dataclass(frozen=True, slots=True)
class KeepCard:
    """The room's card is this from now on."""

    xml: str = field(repr=False)


Effect = Tell | Send | RoomAnswer | KeepSaid | KeepCard | TakeBack


@dataclass(frozen=True, slots=True)
class RoomChanges:
    """What is to be stored: `room`: configuration, subject or lock are others; `affiliated` by bare JID, None where
    there is none any more; `seated` by full JID, None where it has left; `gone`: the room is no more. `durable`: before
    anybody is told."""

    room: bool = False
    affiliated: dict[str, Affiliated | None] = field(default_factory=dict)
    seated: dict[str, Occupant | None] = field(default_factory=dict)
    gone: bool = False
    durable: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """The next room, None if it is no more; what is done, in order; what is stored."""

    room: ChatRoom | None
    effects: tuple[Effect, ...]
    changes: RoomChanges


class RoomDraft:
    """A room that is being changed at the time `now` (s since 1970). `room` is what it has become so far."""

    __slots__ = ("_affiliated", "_durable", "_effects", "_gone", "_room_changed", "_seated", "now", "room")

    def __init__(self, room: ChatRoom, now: float) -> None:
        self.room, self.now = room, now
        self._effects: list[Effect] = []
        self._affiliated: dict[str, Affiliated | None] = {}
        self._seated: dict[str, Occupant | None] = {}
        self._gone = self._durable = self._room_changed = False

    def done(self) -> Outcome:
        """What has become of it."""
        changes = RoomChanges(self._room_changed, self._affiliated, self._seated, self._gone, self._durable)
        return Outcome(None if self._gone else self.room, tuple(self._effects), changes)

    # -- what is done

    def tell(self, stanza: Stanza, to: Iterable[JID]) -> None:
        """These sessions are told."""
        who = tuple(to)
        if who:
            self._effects.append(Tell(stanza, who))

    def send(self, stanza: Stanza) -> None:
        """Somebody gets a stanza."""
        self._effects.append(Send(stanza))

    def answer(self, stanza: Stanza) -> None:
        """Who has asked is answered."""
        self._effects.append(RoomAnswer(stanza))

    # -- what is changed

    def change(self, **values: Any) -> None:
        """Fields of the room that are stored with it."""
        self.room = replace(self.room, **values)
        self._room_changed = True

    def must_last(self) -> None:
        """What is changed is stored before anybody is told."""
        self._durable = True

    def destroy(self) -> None:
        """The room is no more."""
        self._gone = self._durable = True

    def affiliate(
        self, bare: str, affiliation: RoomAffiliation, nick: str | None = None, reason: str | None = None
    ) -> None:
        """A bare JID is this to the room from now on; None keeps nick and reason. There is no reserved nick without an
        affiliation. Raises StanzaError conflict if there would be no owner any more. §10.4"""
        rows, before = dict(self.room.affiliations), self.room.affiliations.get(bare)
        keeps = before is not None and affiliation > NONE
        nick = (before.nick if keeps and before is not None else "") if nick is None else nick
        reason = (before.reason if before is not None else "") if reason is None else reason
        row = Affiliated(affiliation, nick if affiliation > NONE else "", reason)
        if affiliation is NONE:
            rows.pop(bare, None)
        else:
            rows[bare] = row
        if not any(other.affiliation is OWNER for other in rows.values()):
            raise StanzaError("conflict", "a room has an owner")
        self.room = replace(self.room, affiliations=rows)
        self._affiliated[bare] = rows.get(bare)
        self._durable = True

    def seat(self, nick: str, seat: Seat, role: Role) -> Occupant:
        """A session is an occupant under this nick, what it says is what others see; it is under no other. `role`: if
        it is the first of the nick."""
        self.unseat(seat.jid)
        before = self.room.occupants.get(nick)
        if before is None:
            occupant = Occupant(nick, seat.jid.bare_jid(), role, (seat,))
        else:
            occupant = replace(before, seats=(*before.seats, seat))
        self._put(occupant)
        self.room = replace(self.room, nicks={**self.room.nicks, seat.jid.full: nick})
        return occupant

    def unseat(self, jid: JID) -> Occupant | None:
        """A session is no occupant any more; the occupant as it was, None if it was none."""
        nick = self.room.nicks.get(jid.full)
        if nick is None:
            return None
        occupants, nicks = dict(self.room.occupants), dict(self.room.nicks)
        before = occupants[nick]
        del nicks[jid.full]
        left = tuple([seat for seat in before.seats if seat.jid != jid])
        if left:
            occupants[nick] = replace(before, seats=left)
        else:
            del occupants[nick]
        self.room = replace(self.room, occupants=occupants, nicks=nicks)
        self._seated[jid.full] = None
        return before

    def remove(self, occupant: Occupant) -> None:
        """All sessions of an occupant leave."""
        for jid in occupant.jids:
            self.unseat(jid)

    def set_role(self, nick: str, role: Role) -> Occupant:
        """An occupant has another role."""
        occupant = replace(self.room.occupants[nick], role=role)
        self._put(occupant)
        return occupant

    def _put(self, occupant: Occupant) -> None:
        self.room = replace(self.room, occupants={**self.room.occupants, occupant.nick: occupant})
        for jid in occupant.jids:
            self._seated[jid.full] = occupant

    def keep(self, said: Said, *, shown: bool = True) -> None:
        """A message goes to the archive; if it is `shown`, it is one of the last ones that who joins gets."""
        if shown:
            kept = recent((*self.room.history, weighed(said)), self.room.config.history)
            self.room = replace(self.room, history=kept)
        self._effects.append(KeepSaid(said))

    def take_back(self, seq: int, tombstone: Element) -> None:
        """A message is shown to nobody any more."""
        left = tuple([said for said in self.room.history if said.seq != seq])
        self.room = replace(self.room, history=left)
        self._effects.append(TakeBack(seq, tombstone))

    def keep_card(self, xml: str, pictures: tuple[str, ...]) -> None:
        """The room has this card, with pictures of these hashes."""
        self.change(pictures=pictures)
        self.must_last()
        self._effects.append(KeepCard(xml))

    def has_spoken(self, bare: str) -> None:
        """Somebody whom slow mode holds up has said something; who may speak again is forgotten."""
        since = self.now - self.room.config.slow_mode
        spoke = {who: at for who, at in self.room.spoke.items() if at > since}
        self.room = replace(self.room, spoke={**spoke, bare: self.now})
