"""journal — what a worker writes down of its sessions so that another one can go on with them: records, their sense.

    file   = MAGIC record …              the first is the header
    record = length crc32 kind body      length of kind and body; all numbers are of 4 octets, big endian

A record is whole or it is not there: reading ends at the first one whose length or checksum is wrong, which is where
the writer was killed.

Way:      stream management → [journal] → journal_file; a worker that adopts sessions → [replay]
OTP:      cf. disk_log, whose `repair` also cuts off what was not written to its end
XEP:      0198 §5: `<resumed h=''/>` is never less than an `<a h=''/>` that was sent
Process:  none: values and bytes
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from struct import Struct
from typing import Final
from zlib import crc32

MAGIC: Final = b"xmppd sm 1\n"
_HEAD: Final = Struct(">II")
_NUMBER: Final = Struct(">I")
#: octets of a record at most; what claims to be longer is no record
MOST: Final = 1 << 26
_HEADER, _STATE, _IN, _OUT, _ENDED = b"HSTAE"


@dataclass(frozen=True, slots=True)
class JournalHeader:
    """Who writes, and since when the machine runs: after another boot the last records may be missing, for none was
    synced."""

    owner: str
    boot: str


@dataclass(frozen=True, slots=True)
class SessionWritten:
    """A session is so from now on; it begins with its first SessionWritten. `saved`: as the module encodes it."""

    id: str
    saved: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class HandledIn:
    """So many stanzas of the client (mod 2^32) are handled: it has been told so, or will be with the next write."""

    id: str
    h: int


@dataclass(frozen=True, slots=True)
class HandledOut:
    """The client has got so many stanzas (mod 2^32)."""

    id: str
    h: int


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """The session is over, or another worker's."""

    id: str


Record = JournalHeader | SessionWritten | HandledIn | HandledOut | SessionEnded


def encode(record: Record) -> bytes:
    """The octets of a record."""
    match record:
        case SessionWritten(id_, saved):
            name = id_.encode()
            body = b"S" + _NUMBER.pack(len(name)) + name + saved
        case HandledIn(id_, h):
            body = b"T" + _NUMBER.pack(h) + id_.encode()
        case HandledOut(id_, h):
            body = b"A" + _NUMBER.pack(h) + id_.encode()
        case SessionEnded(id_):
            body = b"E" + id_.encode()
        case JournalHeader(owner, boot):
            body = b"H" + f"{boot}\n{owner}".encode()
    return _HEAD.pack(len(body), crc32(body)) + body


def records(data: bytes) -> Iterator[tuple[Record, int]]:
    """The records of a file, each with the place where it ends, as far as they can be read."""
    at, view = len(MAGIC), memoryview(data)
    if data[:at] != MAGIC:
        return
    while at + _HEAD.size <= len(data):
        length, crc = _HEAD.unpack_from(data, at)
        end = at + _HEAD.size + length
        body = view[at + _HEAD.size : end]
        if not 0 < length <= MOST or len(body) < length or crc32(body) != crc:
            return
        try:
            record = _decode(bytes(body))
        except ValueError:
            return
        yield record, end
        at = end


def _decode(body: bytes) -> Record:
    match body[0]:
        case n if n == _STATE:
            (length,) = _NUMBER.unpack_from(body.ljust(5, b"\0"), 1)
            if len(body) < 5 + length:
                raise ValueError("a state that ends in its name")
            return SessionWritten(body[5 : 5 + length].decode(), body[5 + length :])
        case n if n in (_IN, _OUT):
            if len(body) < 5:
                raise ValueError("no number")
            (h,) = _NUMBER.unpack_from(body, 1)
            return (HandledIn if n == _IN else HandledOut)(body[5:].decode(), h)
        case n if n == _ENDED:
            return SessionEnded(body[1:].decode())
        case n if n == _HEADER:
            boot, _, owner = body[1:].decode().partition("\n")
            return JournalHeader(owner, boot)
    raise ValueError(f"a record of the unknown kind {body[0]}")


@dataclass(slots=True)
class WrittenSession:
    """What is known of a session: its last SessionWritten, and the counts written after that (None: none was)."""

    saved: bytes = field(repr=False)
    h_in: int | None = None
    h_out: int | None = None


@dataclass(slots=True)
class Replay:
    """What a journal says: its header (None: it has none), the sessions that live, and the octets that were read.

    `ended`: with which count those that are over have been acknowledged, as far as was written: rows that are on disk
    up to it were about to be deleted.
    """

    header: JournalHeader | None = None
    sessions: dict[str, WrittenSession] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)
    size: int = 0

    def apply(self, record: Record) -> None:
        """The next record. Counts of a session that is not known say nothing."""
        match record:
            case JournalHeader():
                self.header = self.header or record
            case SessionWritten(id_, saved):
                self.sessions[id_] = WrittenSession(saved)
            case HandledIn(id_, h) if id_ in self.sessions:
                self.sessions[id_].h_in = h
            case HandledOut(id_, h) if id_ in self.sessions:
                self.sessions[id_].h_out = h
            case SessionEnded(id_):
                over = self.sessions.pop(id_, None)
                if over is not None and over.h_out is not None:
                    self.ended[id_] = over.h_out


def replay(data: bytes) -> Replay:
    """What the octets of a journal say; those behind the last whole record say nothing."""
    found = Replay(size=len(MAGIC) if data.startswith(MAGIC) else 0)
    for record, end in records(data):
        found.apply(record)
        found.size = end
    return found


def compacted(found: Replay) -> bytes:
    """The shortest journal that says the same."""
    parts = [MAGIC]
    if found.header is not None:
        parts.append(encode(found.header))
    for id_, written in found.sessions.items():
        parts.append(encode(SessionWritten(id_, written.saved)))
        if written.h_in is not None:
            parts.append(encode(HandledIn(id_, written.h_in)))
        if written.h_out is not None:
            parts.append(encode(HandledOut(id_, written.h_out)))
    return b"".join(parts)
