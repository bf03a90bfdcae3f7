"""parser — octets of a stream in, events out; no socket.

Every way in (clients, servers, components, WebSocket, BOSH, imports, the store) is read here.
Limits hold from the first octet on; octets fed one at a time give the same events as all at once.

Way:  transport → receiver → [parser] → c2s
RFC:  6120 §4 (streams), §11 (XML)
"""

import codecs
from collections.abc import Iterable
from typing import Protocol

from xmpp_core import ns
from xmpp_core.element import MAX_DEPTH, Element
from xmpp_core.errors import StreamError, Unreadable
from xmpp_core.expat_core import Core, Event, Oversized, StreamEnd, StreamStart, stream_error
from xmpp_core.limits import Limits

__all__ = [
    "AFTER_AUTH",
    "BEFORE_AUTH",
    "WRITTEN",
    "Event",
    "Limits",
    "Oversized",
    "StreamEnd",
    "StreamStart",
    "XmlStreamParser",
    "parse_document",
    "parse_written",
]  # fmt: skip

MAX_FREE = 16  # parsers kept of each kind of stream: more are seldom inside a stanza at once
BEFORE_AUTH = Limits(bytes=8192, elements=32, depth=8, attrs=32)
AFTER_AUTH = Limits(bytes=262_144, elements=5000, depth=64, attrs=100)
#: for what this server wrote itself: a limit meant for peers must not make it unreadable
WRITTEN = Limits(bytes=1 << 31, elements=1 << 31, depth=MAX_DEPTH, attrs=1 << 31, names=1 << 31)

_MAX_SCANNED = 64 << 20  # octets read again for one token that comes in tiny pieces
_LOOK = 1024  # octets; the pool looks at a core that has read more at once, and …
_LENT = 64  # … at any after so many leases: neither can have brought it too many names for the next
_LAST = frozenset(b"> \t\n")  # a stanza, or white space after one, ends in one of these


class CorePool(Protocol):
    """What keeps cores between stanzas; see parser_pool."""

    def shelf(self, start: StreamStart, content_ns: str) -> "CoreShelf | None":
        """Where the cores of streams with this start tag lie; None if it must keep its own."""


class CoreShelf(Protocol):
    """The cores of one kind of stream."""

    free: list[Core]

    def lease(self) -> Core:
        """A core that stands between two stanzas."""

    def give_back(self, core: Core) -> None:
        """Takes a core that stands between two stanzas, or retires it."""


class XmlStreamParser:
    """The parser of one stream; a new stream (after TLS, after SASL) takes a new one.

    With a pool it holds a core only from the beginning of a stanza to its end.
    `content_ns` is the namespace that means jabber:client on this stream.
    """

    __slots__ = ("_content_ns", "_core", "_failed", "_limits", "_pool", "_shelf", "_tail")

    def __init__(
        self, limits: Limits = BEFORE_AUTH, *, content_ns: str = ns.CLIENT, pool: CorePool | None = None
    ) -> None:
        self._limits = limits
        self._content_ns = content_ns
        self._pool = pool  # None once the start tag is known
        self._shelf: CoreShelf | None = None
        self._core: Core | None = None
        self._failed: StreamError | None = None
        self._tail = b""  # the beginning of a UTF-8 sequence that the next feed ends

    def set_limits(self, limits: Limits) -> None:
        """Other limits from now on (after authentication)."""
        self._limits = limits
        if self._core is not None:
            self._core.arm(limits)

    @property
    def holds_core(self) -> bool:
        """True while an expat parser belongs to this stream."""
        return self._core is not None

    @property
    def pending(self) -> int:
        """Octets of something that has begun and not ended."""
        return self._core.pending if self._core is not None else 0

    @property
    def is_between(self) -> bool:
        """True between two stanzas, with nothing begun."""
        core = self._core
        if core is None:
            return self._shelf is not None
        return core.mark[0] < 0 and core.pending == 0

    def feed(self, data: bytes) -> list[Event]:
        """The events that `data` completes.

        Raises StreamError, whose `events` are those completed before the error; after it every
        further feed raises again. Empty data gives no events.
        """
        if not data:
            return []
        core = self._core or self._acquire(data)
        size = len(data)
        try:
            if self._tail or not data.isascii():
                self._check_utf8(data, core)
            if core.pending + size <= self._limits.bytes:
                core.fed += size
                core.parse(data)
            else:
                self._feed_pieces(core, data)
        except Exception as error:
            raise self._fail(core, error) from None
        events = core.out[:]
        core.out.clear()
        # Between two stanzas, every octet consumed, and the last of them one that can stand there?
        index = core.expat.CurrentByteIndex
        if core.mark[0] < 0 and index == core.fed and self._shelf and data[-1] in _LAST:
            if size > _LOOK:
                core.lent = _LENT
            self._give_back(core, self._shelf)
        else:
            self._keep(core, index, events, data)
        return events

    def close(self) -> None:
        """The stream is over: lets go of the parser. Feeding it afterwards is an error."""
        if self._core is not None:
            self._core.close()
            self._core = None
        self._shelf = None
        if self._failed is None:
            self._failed = StreamError("reset", "the stream is closed")

    def _acquire(self, data: bytes) -> Core:
        shelf = self._shelf
        if shelf is not None:
            core = shelf.free.pop() if shelf.free else shelf.lease()
            if core.limits is not self._limits:
                core.arm(self._limits)
            self._core = core
            return core
        if self._failed is not None:
            raise self._failed.with_traceback(None)
        # no XML begins with these: a byte order mark, UTF-16, UTF-32, or another code altogether
        if data[0] >= 0x80 or data[0] == 0:
            self._failed = StreamError("unsupported-encoding", "a stream is UTF-8")
            raise self._failed
        self._core = core = Core(self._content_ns)
        core.arm(self._limits)
        return core

    def _check_utf8(self, data: bytes, core: Core) -> None:
        """Strict, across feeds: surrogates, overlong forms and what is cut off by a tag are refused."""
        whole = self._tail + data
        try:
            _, consumed = codecs.utf_8_decode(whole, "strict", False)
        except UnicodeDecodeError as error:
            # what stood before the bad octets still counts, however the octets were cut
            self._feed_pieces(core, data[: max(0, error.start - len(self._tail))])
            first = core.mark[0] == 0
            raise StreamError("unsupported-encoding" if first else "not-well-formed", "not UTF-8") from None
        self._tail = whole[consumed:]

    def _feed_pieces(self, core: Core, data: bytes) -> None:
        """Feeds no more at once than the open stanza may still have."""
        limit, offset = self._limits.bytes, 0
        while offset < len(data):
            room = limit - core.pending
            if room <= 0:
                raise StreamError("policy-violation", f"larger than {limit} octets")
            piece = data[offset : offset + room]
            core.fed += len(piece)
            core.parse(piece)
            offset += len(piece)
            core.pending = core.fed - _base(core, core.expat.CurrentByteIndex)

    def _keep(self, core: Core, index: int, events: list[Event], data: bytes) -> None:
        """The core stays with this stream: inside a stanza, or because the stream keeps its own."""
        core.pending = core.fed - _base(core, index)
        core.lent = _LENT
        core.scanned = core.scanned + core.fed - index if index < core.fed else 0
        if (core.mark[0] == 0 or (events and type(events[0]) is StreamStart)) and 0 in data:
            # whatever it was told, expat reads UTF-16 where every second octet of a beginning is NUL
            raise self._fail(core, StreamError("unsupported-encoding", "a stream is UTF-8"))
        if core.scanned > _MAX_SCANNED or core.names() > self._limits.names:
            error = StreamError("policy-violation", "too many names, or a token in too many pieces")
            core.out[:] = events
            raise self._fail(core, error)
        if self._pool is not None and events and isinstance(events[0], StreamStart):
            self._shelf = self._pool.shelf(events[0], self._content_ns)
            self._pool = None
            if self._shelf and core.pending == 0 and data[-1] in _LAST and core.mark[0] < 0:
                self._give_back(core, self._shelf)

    def _give_back(self, core: Core, shelf: CoreShelf) -> None:
        self._core = None
        core.pending = core.scanned = 0
        core.lent += 1
        if core.lent < _LENT and len(shelf.free) < MAX_FREE:
            shelf.free.append(core)
        else:
            shelf.give_back(core)

    def _fail(self, core: Core, error: Exception) -> StreamError:
        failure = stream_error(error)
        failure.events = [*core.take()]
        self._failed, self._core, self._shelf = failure, None, None
        core.close()
        return failure


def _base(core: Core, index: int) -> int:
    """The offset where what has begun and not ended begins."""
    return index if core.mark[0] < 0 else core.mark[0]


_DOCUMENT_HEADER = f"<stream:stream xmlns:stream='{ns.STREAM}'>".encode()
_CLIENT_HEADER = f"<stream:stream xmlns:stream='{ns.STREAM}' xmlns='{ns.CLIENT}'>".encode()


def parse_document(data: bytes | str, limits: Limits = AFTER_AUTH, *, content_ns: str = ns.CLIENT) -> Element:
    """The one element that `data` is, as `Element.to_xml("")` wrote it; white space may surround it.

    For imports and framed transports: the same guard and limits as on a stream. Raises StreamError.
    """
    reader = XmlStreamParser(limits, content_ns=content_ns)
    try:
        reader.feed(_DOCUMENT_HEADER)
        return _read_one(reader, data)
    finally:
        reader.close()


def _read_one(reader: XmlStreamParser, data: bytes | str) -> Element:
    try:
        octets = data.encode() if isinstance(data, str) else data
    except UnicodeEncodeError:
        raise StreamError("not-well-formed", "a lone surrogate") from None
    events = reader.feed(octets)
    whole = reader.is_between
    if whole and len(events) == 1 and isinstance(events[0], Oversized):
        raise StreamError("policy-violation", "namespaces declared once and used too often")
    if not whole or len(events) != 1 or not isinstance(events[0], Element):
        raise StreamError("not-well-formed", "not one element")
    return events[0]


def parse_written(data: bytes | str, *, content_ns: str = ns.CLIENT) -> Element:
    """The one element in text that this server wrote: what was stored, or is kept written. The same guard, no limit.

    What the parser took it also reads again, although it may have grown: escapes, namespaces, stamps.
    Raises Unreadable: then it is not what was written.
    """
    [found] = parse_all_written((data,), content_ns=content_ns)
    if isinstance(found, Unreadable):
        raise found
    return found


def parse_all_written(
    texts: Iterable[bytes | str], *, content_ns: str = ns.CLIENT, in_stream: bool = False
) -> list[Element | Unreadable]:
    """What parse_written makes of each text, or raises: one parser reads them all, another follows one that failed.

    `in_stream`: the texts are as `Element.to_xml()` writes them into a client's stream.
    """
    found: list[Element | Unreadable] = []
    reader: XmlStreamParser | None = None
    for text in texts:
        try:
            if reader is None:
                reader = XmlStreamParser(WRITTEN, content_ns=content_ns)
                reader.feed(_CLIENT_HEADER if in_stream else _DOCUMENT_HEADER)
            found.append(_read_one(reader, text))
        except StreamError as error:
            found.append(Unreadable(f"{error.condition} {error.text}".strip()))
            if reader is not None:
                reader.close()
            reader = None
    if reader is not None:
        reader.close()
    return found
