"""tables — what rooms keep: themselves, who is what to them, who is in them, and the key of occupant ids.

Way:      room_store, mod_muc → [tables] → store; the messages are rows of the archive, as those of accounts
XEP:      0045, 0421 §4 (the key stays for good)
Differs:  who is in a room is on disk, too, so that a room which starts again, on another worker or after the server,
          has the same occupants but for sessions that are gone
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from xmppd.store.backend import Table
from xmppd.store.schema import add_columns, create_index, create_table


@dataclass(frozen=True, slots=True)
class MucRoom:
    """A room of a host's service. `config`: what differs from the default, as JSON; `listed`: 1 if it stands in the
    list of rooms; `name` there; `creator`: a bare JID; `subject`: the message that set it, "" if none has, its number,
    its nick and the bare JID of who it was; `pictures`: hashes of those in its card."""

    host: str
    room: str
    listed: int
    name: str
    creator: str
    config: str = field(default="{}", repr=False)
    locked: bool = False
    subject: str = field(default="", repr=False)
    subject_seq: int = 0
    subject_nick: str = ""
    subject_by: str = ""
    pictures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MucAffiliation:
    """What a bare JID (of a ban: or a domain) is to a room."""

    host: str
    room: str
    jid: str
    affiliation: str
    nick: str = ""
    reason: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class MucOccupant:
    """A session, a full JID, that is in a room. `at`: when it said last what it is (µs since 1970); `domain`: of the
    service."""

    host: str
    room: str
    jid: str
    nick: str
    role: str
    at: int
    domain: str
    presence: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MucCard:
    """A room's card (vcard-temp)."""

    host: str
    room: str
    xml: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MucKey:
    """The key that occupant ids of this database are made with."""

    name: str
    value: bytes = field(repr=False)


ROOM: Final = Table(
    "muc_room", MucRoom, ("host", "room"), indexes=(("host", "listed", "room"), ("host", "creator", "room"))
)
LISTED: Final = ROOM.indexes[0]
BY_CREATOR: Final = ROOM.indexes[1]
AFFILIATION: Final = Table("muc_affiliation", MucAffiliation, ("host", "room", "jid"))
OCCUPANT: Final = Table("muc_occupant", MucOccupant, ("host", "room", "jid"), indexes=(("jid", "host", "room"),))
BY_JID: Final = OCCUPANT.indexes[0]
CARD: Final = Table("muc_card", MucCard, ("host", "room"))
KEY: Final = Table("muc_key", MucKey, ("name",))
MIGRATIONS: Final = (
    create_table(
        "muc_room",
        ("host", "room"),
        host=str,
        room=str,
        listed=int,
        name=str,
        creator=str,
        config=str,
        locked=bool,
        subject=str,
        subject_seq=int,
        subject_nick=str,
        subject_by=str,
    ),
    create_index("muc_room", *LISTED),
    create_index("muc_room", *BY_CREATOR),
    create_table(
        "muc_affiliation",
        ("host", "room", "jid"),
        host=str,
        room=str,
        jid=str,
        affiliation=str,
        nick=str,
        reason=str,
    ),
    create_table(
        "muc_occupant",
        ("host", "room", "jid"),
        host=str,
        room=str,
        jid=str,
        nick=str,
        role=str,
        at=int,
        domain=str,
        presence=str,
    ),
    create_index("muc_occupant", *BY_JID),
    create_table("muc_key", ("name",), name=str, value=bytes),
    add_columns("muc_room", pictures=(tuple[str, ...], ())),
    create_table("muc_card", ("host", "room"), host=str, room=str, xml=str),
)
