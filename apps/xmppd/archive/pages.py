"""pages — reads a page of an archive: one descent into an index, whatever the archive has.

Way:      mod_mam → [pages] → store
XEP:      0313 §4.3, 0059, 0431
Differs:  where a resource is asked for, what the owner's talk with that account has is looked through in portions, and
          others go on between two of them
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from otp.erts import process
from xmppd.archive import words
from xmppd.archive.sequence import END
from xmppd.archive.tables import ARCHIVE, BY_PEER, WORDS, ArchivedMessage
from xmppd.store import store
from xmppd.store.backend import Range

#: (host, user) of an archive
Who: TypeAlias = tuple[str, str]
#: rows that are read at once, and characters of one page
PORTION: Final = 51
LOOKED_THROUGH: Final = 500
MOST_CHARS: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """Which messages: those with `peer` (bare) and its `resource`, where said; numbers between `after` and `before`,
    both without the ends; those that say all of `words`, None: any."""

    peer: str = ""
    resource: str = ""
    after: int = -1
    before: int = END
    words: tuple[str, ...] | None = field(default=None, repr=False)

    def has(self, row: ArchivedMessage) -> bool:
        """Whether a message is in it."""
        return (
            self.after < row.seq < self.before
            and (not self.peer or row.peer == self.peer)
            and (not self.resource or row.resource == self.resource)
            and (self.words is None or says(row, self.words))
        )


def says(row: ArchivedMessage, wanted: tuple[str, ...]) -> bool:
    """Whether a message has all of these words; of no words at all nothing is said."""
    return bool(wanted) and set(wanted) <= set(words.in_row(row))


async def read(who: Who, part: Part, limit: int, *, backwards: bool = False) -> tuple[list[ArchivedMessage], bool]:
    """The first `limit` messages of a part, or the last ones, in their order; and whether these are all. Fewer where
    they are large. Raises StoreError."""
    found: list[ArchivedMessage] = []
    chars, after, before = 0, part.after, part.before
    if part.words == ():
        return [], True
    looked, place = replace(part, words=None), _place(who, part)
    while True:
        size = LOOKED_THROUGH if part.resource else min(limit + 1 - len(found), PORTION)
        piece = replace(place, after=after, before=before, limit=size, backwards=backwards)
        rows = await (store.find(ARCHIVE, piece) if part.words is None else store.find(WORDS, piece))
        for number in rows:
            row = number if isinstance(number, ArchivedMessage) else await store.read(ARCHIVE, (*who, number.seq))
            if row is None or not looked.has(row):
                continue
            if len(found) == limit or (found and chars + len(row.xml) > MOST_CHARS):
                return found[::-1] if backwards else found, False
            found.append(row)
            chars += len(row.xml)
        if len(rows) < size:
            return found[::-1] if backwards else found, True
        after, before = (after, rows[-1].seq) if backwards else (rows[-1].seq, before)
        await process.give_way()


def _place(who: Who, part: Part) -> Range:
    """Where the messages of a part lie, without its bounds."""
    if part.words is not None:
        return Range(who, words=(words.mark(*who, part.peer), *part.words))
    return Range((*who, part.peer), by=BY_PEER) if part.peer else Range(who)


async def read_these(who: Who, seqs: Sequence[int]) -> list[ArchivedMessage | None]:
    """The messages of these numbers, None where one is not there (any more). Raises StoreError."""
    return [await store.read(ARCHIVE, (*who, seq)) for seq in seqs]


async def ends(who: Who) -> tuple[ArchivedMessage, ArchivedMessage] | None:
    """The first and the last message, None if there is none. Raises StoreError."""
    first = await store.find(ARCHIVE, Range(who, limit=1))
    last = await store.find(ARCHIVE, Range(who, limit=1, backwards=True))
    return (first[0], last[0]) if first and last else None


async def count(who: Who, part: Part, most: int) -> int | None:
    """How many messages a part has; None if they are more than `most`, for that would take long to count. Raises
    StoreError."""
    number, after = 0, part.after
    while number <= most:
        rows, complete = await read(who, replace(part, after=after), PORTION - 1)
        number += len(rows)
        if complete:
            return number
        after = rows[-1].seq
    return None
