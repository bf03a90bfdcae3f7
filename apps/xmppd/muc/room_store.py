"""room_store — rooms as rows, and back: what is read when a room starts, what is written when it has changed.

Way:      room_server → [load] → store; Outcome → [write_of] → room_writer
XEP:      0313 §5.1.3 (an archive of a room where all see addresses says whose each message is)
Differs:  the messages that who joins is shown are the last ones of the archive; where a room keeps no archive, they are
          all that it has there
"""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from typing import Any, Final

from xmpp_core import ns, parser
from xmpp_core.element import Element, el
from xmpp_core.errors import Unreadable
from xmpp_core.jid import JID
from xmpp_core.muc import room_config
from xmpp_core.muc.roles import AFFILIATIONS, ROLES
from xmpp_core.muc.room import Affiliated, ChatRoom, Occupant, Said, Seat, recent, weighed
from xmpp_core.muc.room_draft import KeepCard, KeepSaid, Outcome, TakeBack
from xmppd.archive import sequence
from xmppd.archive.tables import ARCHIVE, WORDS, ArchivedMessage
from xmppd.muc.room_writer import RoomWrite
from xmppd.muc.tables import (
    AFFILIATION,
    BY_CREATOR,
    CARD,
    KEY,
    OCCUPANT,
    ROOM,
    MucAffiliation,
    MucCard,
    MucKey,
    MucOccupant,
    MucRoom,
)
from xmppd.store import store
from xmppd.store.backend import Key, Range, Table, Tx

_KEY: Final = "occupant ids"
#: how far the rooms of one creator are counted
MOST_COUNTED: Final = 10_000
#: rows of the archive that are no history: changes of the subject, what was taken back
_BESIDE: Final = 30


async def salt() -> bytes:
    """What occupant ids are made with, for good. Raises StoreError."""
    found = await store.read(KEY, (_KEY,))
    return (found if found is not None else await store.transaction(_made)).value


def _made(tx: Tx) -> MucKey:
    found = tx.read(KEY, (_KEY,))
    if found is None:
        found = MucKey(_KEY, secrets.token_bytes(32))
        tx.write(found)
    return found


# -- reading


async def created_by(host: str, bare: str) -> int:
    """How many rooms somebody has made, as far as MOST_COUNTED. Raises StoreError."""
    return len(await store.find(ROOM, Range((host, bare), limit=MOST_COUNTED, by=BY_CREATOR)))


async def load(host: str, jid: JID) -> tuple[ChatRoom | None, int]:
    """A room as the store has it, None if there is none; and the number of the last message of its archive. Raises
    StoreError."""
    where = (host, jid.local)
    row = await store.read(ROOM, where)
    newest = await store.find(ARCHIVE, Range((jid.domain, jid.local), limit=1, backwards=True))
    last = newest[0].seq if newest else 0
    if row is None:
        return None, last
    config = room_config.from_dict(json.loads(row.config))
    affiliations = {
        one.jid: Affiliated(AFFILIATIONS[one.affiliation], one.nick, one.reason)
        for one in await store.select(AFFILIATION, where)
    }
    occupants, nicks = _occupants(await store.select(OCCUPANT, where))
    subject = None
    if row.subject:
        subject = _said(row.subject_seq, row.subject_nick, row.subject_by, row.subject)
    history = await _history(jid, config.history)
    room = ChatRoom(
        jid, config, affiliations, occupants, nicks, subject, history, await salt(), row.locked, row.creator,
        row.pictures,
    )  # fmt: skip
    return room, max(last, row.subject_seq)


def _occupants(rows: list[MucOccupant]) -> tuple[dict[str, Occupant], dict[str, str]]:
    occupants: dict[str, Occupant] = {}
    nicks: dict[str, str] = {}
    for row in sorted(rows, key=lambda one: one.at):
        jid = JID.parse(row.jid)
        seat, before = Seat(jid, _parsed(row.presence, "presence")), occupants.get(row.nick)
        seats = (seat,) if before is None else (*before.seats, seat)
        occupants[row.nick] = Occupant(row.nick, jid.bare_jid(), ROLES[row.role], seats)
        nicks[row.jid] = row.nick
    return occupants, nicks


async def _history(jid: JID, most: int) -> tuple[Said, ...]:
    if not most:
        return ()
    piece = Range((jid.domain, jid.local), limit=most + _BESIDE, backwards=True)
    found = [_said(row.seq, row.resource, "", row.xml) for row in await store.find(ARCHIVE, piece)]
    return recent(tuple([weighed(one) for one in found if _is_history(one.message)][:most][::-1]), most)


def _is_history(message: Element) -> bool:
    if message.child("retracted", ns.RETRACT) is not None or message.child("retract", ns.RETRACT) is not None:
        return False
    return message.child("subject") is None or message.child("body") is not None or message.child("thread") is not None


def _said(seq: int, nick: str, by: str, xml: str) -> Said:
    message = _parsed(xml, "message")
    left = [child for child in message.children if not (isinstance(child, Element) and child.ns == ns.MUC_USER)]
    return Said(seq, sequence.seconds(seq), nick, by, message.with_children(*left))


def _parsed(xml: str, name: str) -> Element:
    found = parser.parse_written(xml)
    return Element(ns.CLIENT, name) if isinstance(found, Unreadable) else found


# -- writing


def write_of(
    host: str, before: ChatRoom, outcome: Outcome, at: int, taken_back: ArchivedMessage | None = None
) -> RoomWrite | None:
    """What is to be stored of a change that comes now (`at`, µs since 1970); None if nothing is. `taken_back`: the
    message that becomes a tombstone by it, if it does."""
    room, changes = outcome.room, outcome.changes
    if room is None:
        return _erased(host, before.jid)
    where, rows = (host, room.jid.local), list[Any]()
    cleared: list[tuple[Table[Any], Key, int | None]] = []
    if changes.room:
        rows.append(_room_row(host, room))
    for bare, row in changes.affiliated.items():
        if row is None:
            cleared.append((AFFILIATION, (*where, bare), None))
        else:
            rows.append(MucAffiliation(*where, bare, row.affiliation.word, row.nick, row.reason))
    for number, (full, occupant) in enumerate(changes.seated.items()):
        seated = _occupant_row(where, room, occupant, full, at + number) if occupant is not None else None
        if seated is None:
            cleared.append((OCCUPANT, (*where, full), None))
        else:
            rows.append(seated)
    kept = [_archived(room, effect.said) for effect in outcome.effects if isinstance(effect, KeepSaid)]
    if not room.config.archive and (kept or changes.room):
        cleared += _beyond_history(room)
    rows += kept
    rows += [MucCard(*where, effect.xml) for effect in outcome.effects if isinstance(effect, KeepCard)]
    for effect in outcome.effects:
        if isinstance(effect, TakeBack) and taken_back is not None:
            cleared.append((WORDS, (taken_back.host, taken_back.user, effect.seq), None))
            rows.append(_entombed(taken_back, effect.tombstone))
    return RoomWrite(tuple(cleared), tuple(rows)) if rows or cleared else None


def occupant_id_of(row: ArchivedMessage) -> str:
    """Of who has said it, "" if nobody has."""
    found = _parsed(row.xml, "message").child("occupant-id", ns.OCCUPANT_ID)
    return (found.get("id") or "") if found is not None else ""


def _entombed(row: ArchivedMessage, tombstone: Element) -> ArchivedMessage:
    message = _parsed(row.xml, "message")
    id_ = message.child("occupant-id", ns.OCCUPANT_ID)
    left = message.with_children(*([id_] if id_ is not None else []), tombstone)
    return replace(row, xml=left.to_xml(""))


def _occupant_row(where: tuple[str, str], room: ChatRoom, occupant: Occupant, full: str, at: int) -> MucOccupant | None:
    for seat in occupant.seats:
        if seat.jid.full == full:
            said = seat.presence.to_xml("")
            return MucOccupant(*where, full, occupant.nick, occupant.role.word, at, room.jid.domain, said)
    return None


def _erased(host: str, jid: JID) -> RoomWrite:
    where, archive = (host, jid.local), (jid.domain, jid.local)
    tables: tuple[Table[Any], ...] = (ROOM, AFFILIATION, OCCUPANT, CARD)
    return RoomWrite((*[(table, where, None) for table in tables], *[(t, archive, None) for t in (ARCHIVE, WORDS)]))


def _beyond_history(room: ChatRoom) -> list[tuple[Table[Any], Key, int | None]]:
    """A room without an archive keeps what it shows to who joins."""
    oldest = room.history[0].seq - 1 if room.history else None
    return [(ARCHIVE, (room.jid.domain, room.jid.local), oldest)]


def _room_row(host: str, room: ChatRoom) -> MucRoom:
    config, subject = room.config, room.subject
    text = json.dumps(config.to_dict(), ensure_ascii=False, sort_keys=True)
    listed = int(config.public and not room.locked)
    row = MucRoom(
        host, room.jid.local, listed, config.name, room.creator, text, room.locked, pictures=room.pictures
    )  # fmt: skip
    if subject is None:
        return row
    xml = subject.message.to_xml("")
    return replace(row, subject=xml, subject_seq=subject.seq, subject_nick=subject.nick, subject_by=subject.by)


def _archived(room: ChatRoom, said: Said) -> ArchivedMessage:
    message = said.message
    if room.config.non_anonymous and said.by:
        item = el("item", ns.MUC_USER, {"affiliation": room.affiliation(JID.parse(said.by)).word, "jid": said.by})
        message = message.with_children(*message.children, el("x", ns.MUC_USER, None, item))
    name = message.get("id") or ""
    bare = room.jid
    return ArchivedMessage(bare.domain, bare.local, said.seq, bare.bare, said.nick, name, False, message.to_xml(""))
