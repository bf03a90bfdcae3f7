"""tables — what an archive keeps on disk: messages, what its owner wants kept, the key of the ids.

Way:      writer, pages, mod_mam → [tables] → store
XEP:      0313, 0441, 0431 (words)
Differs:  (host, user) is the bare JID of whose archive it is, of an account or of a room; rows of an account go with it
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from xmppd.store.backend import Table
from xmppd.store.schema import Schema, create_index, create_table


@dataclass(slots=True)  # one for each message: to freeze it costs more than to make it
class ArchivedMessage:
    """A message. `seq`: when it came, see sequence; `peer`, `resource`: whom the owner has it from or has sent it to;
    `name`: the id that its sender has given it; `sent`: by the owner."""

    host: str
    user: str
    seq: int
    peer: str
    resource: str
    name: str
    sent: bool
    xml: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ArchivedWords:
    """What a message says, as words with a space between (archive.words), while full text search is on; there is none
    of a message that says nothing."""

    host: str
    user: str
    seq: int
    words: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ArchivePrefs:
    """What an owner wants kept: `default` is always, never or roster; JIDs for which it is otherwise. XEP: 0441 §2.1"""

    host: str
    user: str
    default: str
    always: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ArchiveKey:
    """The key that all ids of this database are made with."""

    name: str
    value: bytes = field(repr=False)


ARCHIVE: Final = Table(
    "archive", ArchivedMessage, ("host", "user", "seq"), indexes=(("host", "user", "peer", "seq"),)
)  # fmt: skip
BY_PEER: Final = ARCHIVE.indexes[0]
WORDS: Final = Table("archive_words", ArchivedWords, ("host", "user", "seq"), words="words")
PREFS: Final = Table("archive_prefs", ArchivePrefs, ("host", "user"))
KEY: Final = Table("archive_key", ArchiveKey, ("name",))
MIGRATIONS: Final = (
    create_table(
        "archive",
        ("host", "user", "seq"),
        host=str,
        user=str,
        seq=int,
        peer=str,
        resource=str,
        name=str,
        sent=bool,
        xml=str,
    ),
    create_index("archive", *BY_PEER),
    create_table(
        "archive_prefs",
        ("host", "user"),
        host=str,
        user=str,
        default=str,
        always=tuple[str, ...],
        never=tuple[str, ...],
    ),
    create_table("archive_key", ("name",), name=str, value=bytes),
    create_table("archive_words", ("host", "user", "seq"), host=str, user=str, seq=int, words=str),
)
#: as mod_mam declares it: a server without that module has these tables too, for its rooms
SCHEMA: Final = Schema("mod_mam", MIGRATIONS)
