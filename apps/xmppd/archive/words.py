"""words — what a message says as words, and the words that somebody looks for.

A word is a run of letters and digits, without regard to case, accents and forms of one letter. Scripts that put no
space between words are cut into pairs of characters. Beside its words a row has two marks, of its archive and of the
talk in it, so that an index of all archives finds those of one at once.

Way:      writer (puts them down), pages (asks for them) → [words] → store
XEP:      0431
Differs:  what is encrypted says nothing: its text is a note for clients that cannot read it. Whole words only
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from typing import Final

from xmpp_core import ns, parser
from xmpp_core.element import Element
from xmpp_core.errors import Unreadable
from xmppd.archive.tables import ArchivedMessage, ArchivedWords

#: characters of a message that are looked at, its words, and the characters of one
MOST_CHARS: Final = 20_000
MOST_WORDS: Final = 2000
MOST_LETTERS: Final = 64
#: words that are looked for at once
MOST_ASKED: Final = 16
_ENCRYPTED: Final = frozenset({ns.OMEMO, ns.OMEMO_OLD, ns.OPENPGP, ns.ENCRYPTED})
_TEXTS: Final = ("body", "subject")
_PLAIN: Final = re.compile("[a-z0-9]+")
#: written without spaces: Thai, Lao, Myanmar, Khmer, kana, Han
_UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff]+"
)


def of_text(text: str) -> tuple[str, ...]:
    """The words of a text, each once, in their order."""
    return tuple(dict.fromkeys([word[:MOST_LETTERS] for word in _runs(text[:MOST_CHARS])]))[:MOST_WORDS]


def _runs(text: str) -> Iterator[str]:
    if text.isascii():
        yield from _PLAIN.findall(text.lower())
        return
    bare = "".join([char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char)])
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", bare).casefold())
    for is_word, chars in groupby(folded, _is_in_word):
        if is_word:
            yield from _cut("".join(chars))


def _is_in_word(char: str) -> bool:
    return unicodedata.category(char)[0] in "LNM"


def _cut(run: str) -> Iterator[str]:
    at = 0
    for found in _UNSPACED.finditer(run):
        if found.start() > at:
            yield run[at : found.start()]
        part, at = found[0], found.end()
        yield from part
        yield from [part[n : n + 2] for n in range(len(part) - 1)]
    if at < len(run):
        yield run[at:]


def asked(text: str) -> tuple[str, ...]:
    """The words that somebody looks for. Of two characters that are written without a space the pair is meant."""
    found = of_text(text)
    pairs = [word for word in found if len(word) == 2 and _UNSPACED.fullmatch(word)]
    return tuple([word for word in found if word in pairs or not any(word in pair for pair in pairs)])


def said(message: Element) -> tuple[str, ...]:
    """The words of a message: of its texts and its subject, none of an encrypted one."""
    if any(child.ns in _ENCRYPTED for child in message.elements()):
        return ()
    parts = [child.text() for child in message.elements() if child.ns == ns.CLIENT and child.name in _TEXTS]
    return of_text(" ".join(parts))


def in_row(row: ArchivedMessage) -> tuple[str, ...]:
    """The words of a message of an archive."""
    if "<body" not in row.xml and "<subject" not in row.xml:
        return ()
    try:
        return said(parser.parse_written(row.xml))
    except Unreadable:
        return ()


def row_of(row: ArchivedMessage) -> ArchivedWords | None:
    """What is put down of a message; None if it says nothing."""
    found = in_row(row)
    if not found:
        return None
    marks = (mark(row.host, row.user), mark(row.host, row.user, row.peer))
    return ArchivedWords(row.host, row.user, row.seq, " ".join((*marks, *found)))


@lru_cache(maxsize=1024)
def mark(host: str, user: str, peer: str = "") -> str:
    """The mark of an archive, or of the owner's talk with somebody in it: no message has such a word."""
    name = "\0".join((host, user, peer))
    return "¶" + hashlib.blake2b(name.encode(), digest_size=12).hexdigest()
