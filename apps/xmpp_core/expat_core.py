"""expat_core — expat behind defusedxml's guard, building elements of streams.

The one place where XML is read. A Core is one expat parser and the closures it calls; XmlStreamParser
(parser.py) feeds it, ParserPool (parser_pool.py) keeps it between stanzas. Closures over local
variables, not methods: they are what makes it as quick as bare expat.

RFC:      6120 §11.1 (restricted XML), §11.6 (UTF-8), §4.9.3.13, §4.9.3.18
Differs:  defusedxml separates namespace and name with "}", so a namespace name that contains one
          is refused: it could forge another element's name
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from sys import intern
from typing import Any, Final, NoReturn
from xml.parsers.expat import ExpatError, errors

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from xmpp_core import escape, ns
from xmpp_core.element import PLAIN, Element
from xmpp_core.errors import StreamError
from xmpp_core.limits import FREE, SPREAD, Limits

_UNDEFINED_ENTITY: Final = errors.codes[errors.XML_ERROR_UNDEFINED_ENTITY]
_NAMES_KEPT: Final = 4096
_LONGEST_NAME: Final = 1024  # octets of a namespace, characters of an element's or attribute's name or a prefix
_TOO_LONG: Final = ("policy-violation", "too long a name")
_USUAL_NAME: Final = 32  # characters; a longer name counts as several
_DECLARED: Final = len(" xmlns=''")
_PREFIXED: Final = len(" xmlns:ns9999='' ns9999:")
_NO_TARGET: Final = object()
BETWEEN: Final = -1  # the mark between two stanzas
_BLANK: Final = " \t\r\n"
_HANDLERS: Final = (
    "StartElementHandler", "EndElementHandler", "CharacterDataHandler", "StartNamespaceDeclHandler",
    "CommentHandler", "ProcessingInstructionHandler", "XmlDeclHandler", "StartCdataSectionHandler",
    "StartDoctypeDeclHandler", "EntityDeclHandler", "UnparsedEntityDeclHandler",
    "ExternalEntityRefHandler", "DefaultHandlerExpand",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StreamStart:
    """The first start tag of a stream, whatever it is: the reader decides (RFC 6120 §4.8, §4.9.3).

    `attrs` are as for Element ("to", "from", "version", "id", "xml:lang"); `ns_decls` maps each
    declared prefix ("" for the default) to its namespace name.
    """

    ns: str
    name: str
    attrs: dict[str, str]
    ns_decls: dict[str, str] = field(default_factory=dict)

    @property
    def default_ns(self) -> str:
        """The declared default namespace: the content namespace of the stream; "" if none."""
        return self.ns_decls.get("", "")

    @property
    def ns_ok(self) -> bool:
        """True if the stream namespace is right (else invalid-namespace)."""
        return self.ns == ns.STREAM

    @property
    def is_stream(self) -> bool:
        """True for a <stream/> of the stream namespace."""
        return self.ns == ns.STREAM and self.name == "stream"

    @property
    def prefix(self) -> str | None:
        """The prefix of the stream namespace; None if it has none (RFC: bad-namespace-prefix)."""
        return next((p for p, uri in self.ns_decls.items() if uri == ns.STREAM and p), None)

    @property
    def to(self) -> str | None:
        """The `to` attribute."""
        return self.attrs.get("to")

    @property
    def from_(self) -> str | None:
        """The `from` attribute."""
        return self.attrs.get("from")

    @property
    def id(self) -> str | None:
        """The `id` attribute."""
        return self.attrs.get("id")

    @property
    def version(self) -> str | None:
        """The `version` attribute; None means before 1.0."""
        return self.attrs.get("version")

    @property
    def lang(self) -> str | None:
        """The default language of the stanzas."""
        return self.attrs.get("xml:lang")


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """The end tag of the stream."""


class Oversized(Element):
    """The start tag of a stanza that would be too large when it is written (see limits): to be answered, not to be sent
    on. Its namespaces are declared once and used often; what was in it is gone.
    """

    __slots__ = ()


Event = StreamStart | Element | StreamEnd


class Core(DefusedXMLParser):  # type: ignore[misc]
    """One expat parser. `out` collects events; `fed` counts octets since it was made.

    `content_ns` is read as jabber:client (component and server streams).
    """

    def __init__(self, content_ns: str = ns.CLIENT) -> None:
        super().__init__(target=_NO_TARGET, encoding="utf-8", forbid_dtd=True)
        expat = self.parser
        expat.DefaultHandlerExpand = None
        expat.ordered_attributes = False
        if hasattr(expat, "SetReparseDeferralEnabled"):  # expat >= 2.6 may hold stanzas back
            expat.SetReparseDeferralEnabled(False)
        self.content_ns = content_ns
        self.out: list[Event] = []
        self.fed = 0  # octets given to expat
        self.pending = 0  # of these, octets of what has begun and not ended
        self.scanned = 0  # octets that expat has read again for a token that does not end
        self.lent = 0  # how often it has been given back since the pool looked at it
        self.age = 0  # the same in all
        self.limits: Limits | None = None
        self.expat = expat
        self.parse: Callable[[bytes], Any] = expat.Parse
        shared = _Open(self.out.append)
        self.mark = shared.mark
        self._named = self._name_chars = 0
        self._watched = shared.limits
        _install(expat, shared, _names_of(content_ns))

    def arm(self, limits: Limits) -> None:
        """Sets the limits that the handlers watch: elements, depth, attributes."""
        if limits is not self.limits:
            self.limits = limits
            self._watched[:] = limits.elements, limits.depth, limits.attrs

    def take(self) -> list[Event]:
        """The events so far; forgets them."""
        events = self.out.copy()
        self.out.clear()
        return events

    def names(self) -> int:
        """How many names expat remembers, long ones as several of _USUAL_NAME; it never gives one back."""
        known = self.expat.intern
        count = len(known)
        if count != self._named:  # the newest are last
            self._name_chars += sum(map(len, filter(None, islice(reversed(known), count - self._named))))
            self._named = count
        return max(count, self._name_chars // _USUAL_NAME)

    def close(self) -> None:
        """Cuts the cycles through the handlers, so that memory comes back at once."""
        with suppress(StreamError):  # text that expat held back when it met an error goes out first
            self.expat.CharacterDataHandler = None
        for name in _HANDLERS:
            setattr(self.expat, name, None)
        self.out.clear()


def stream_error(error: Exception) -> StreamError:
    """The stream error that an exception from `Core.parse` means; raises what is none of these."""
    if isinstance(error, StreamError):
        return error
    if isinstance(error, DefusedXmlException):
        return StreamError("restricted-xml")
    if isinstance(error, ExpatError):
        # a reference to an entity that is not predefined (RFC 6120 §11.1)
        return StreamError("restricted-xml" if error.code == _UNDEFINED_ENTITY else "not-well-formed")
    raise error


_Name = tuple[str, str, int]  # namespace, local name, octets that declaring the namespace takes
_Names = tuple[dict[str, _Name], Callable[[str], _Name]]
_tables: dict[str, _Names] = {}  # one per content namespace: a handful


def _names_of(content_ns: str) -> _Names:
    if content_ns not in _tables:
        names: dict[str, _Name] = {}
        _tables[content_ns] = names, partial(_learn, names, content_ns)
    return _tables[content_ns]


def _learn(names: dict[str, _Name], content_ns: str, tag: str) -> _Name:
    """Splits "namespace}name" and remembers it. Stream names are not remembered: each is looked at."""
    space, _, name = tag.rpartition("}")
    if len(name) > _LONGEST_NAME:
        _refuse(*_TOO_LONG)
    space = ns.CLIENT if space == content_ns else intern(space)
    known = space, name, _octets(space) + _DECLARED
    if space != ns.STREAM:
        if len(names) >= _NAMES_KEPT:
            names.clear()
        names[tag] = known
    return known


def _octets(space: str) -> int:
    return len(escape.attr(space).encode())


def _rename(attrs: dict[str, str], most: int) -> tuple[dict[str, str], int]:
    """Attributes of other namespaces as "{namespace}name", those of XML as "xml:name"; and the octets that the
    declarations take. No more than `most`."""
    if len(attrs) > most:
        _refuse("policy-violation", "too many attributes")
    renamed, cost = {}, 0
    for key, value in attrs.items():
        space, _, name = key.rpartition("}")
        if len(name) > _LONGEST_NAME:
            _refuse(*_TOO_LONG)
        if space:
            if space == ns.XML:
                key = f"xml:{name}"
            else:
                key = f"{{{space}}}{name}"
                cost += _octets(space) + _PREFIXED
        renamed[key] = value
    return renamed, cost


def _merge(children: list[Element | str]) -> None:
    """Joins neighbouring strings: expat cuts text where buffers, CDATA and feeds end."""
    merged: list[Element | str] = []
    run: list[str] = []
    for child in children:
        if isinstance(child, str):
            run.append(child)
            continue
        if run:
            merged.append("".join(run))
            run = []
        merged.append(child)
    if run:
        merged.append("".join(run))
    children[:] = merged


def _refuse(condition: str, text: str = "") -> NoReturn:
    raise StreamError(condition, text)


class _Open:
    """What the closures of one core share."""

    __slots__ = ("cut", "emit", "limits", "mark", "stack", "wide")

    def __init__(self, emit: Callable[[Event], None]) -> None:
        self.emit = emit
        self.stack: list[Element] = []  # the open elements of a stanza, the innermost last
        self.mark = [0]  # offset where the stanza (or the stream, before its start tag) began; BETWEEN
        self.cut = [False]  # text has come in pieces
        self.limits = [0, 0, 0]  # elements, depth, attributes
        self.wide = [False]  # the stanza would be too large when it is written


def _install(expat: Any, shared: _Open, names: _Names) -> None:
    decls: dict[str, str] = {}
    expat.StartElementHandler = _on_start(expat, shared, decls, *names)
    expat.EndElementHandler = _on_end(expat, shared)
    expat.CharacterDataHandler = _on_text(shared)
    expat.StartNamespaceDeclHandler = partial(_on_declaration, shared.mark, decls)
    expat.StartCdataSectionHandler = partial(_on_cdata, shared.stack)
    expat.XmlDeclHandler = _on_xml_declaration
    expat.CommentHandler = expat.ProcessingInstructionHandler = _on_restricted


def _on_start(
    expat: Any, shared: _Open, decls: dict[str, str], names: dict[str, _Name], learn: Callable[[str], _Name]
) -> Callable[[str, dict[str, str]], None]:
    stack, mark, limits, emit, wide = shared.stack, shared.mark, shared.limits, shared.emit, shared.wide
    new = object.__new__  # spares the call of __init__
    count = spread = 0

    def start(tag: str, attrs: dict[str, str]) -> None:
        nonlocal count, spread
        try:
            space, name, cost = names[tag]
        except KeyError:
            space, name, cost = learn(tag)
            if space == ns.STREAM and (stack or (name == "stream" and mark[0])):
                _refuse("invalid-xml", "a stream inside a stream")
        extra = 0
        if attrs and (len(attrs) > limits[2] or not PLAIN.issuperset(attrs)):
            attrs, extra = _rename(attrs, limits[2])
        if mark[0] == 0:
            mark[0] = BETWEEN
            emit(StreamStart(space, name, attrs, decls.copy()))
            return
        node = new(Element)
        node.ns, node.name, node.attrs, node.children = space, name, attrs, []
        if stack:
            count += 1
            if count > limits[0] or len(stack) >= limits[1]:
                _refuse("policy-violation", "too many elements, or too deep")
            parent = stack[-1]
            if space != parent.ns:
                extra += cost
            parent.children.append(node)
        else:
            count, spread, mark[0] = 1, cost, expat.CurrentByteIndex
        stack.append(node)
        spread += extra
        if spread > FREE and spread > FREE + SPREAD * (expat.CurrentByteIndex - mark[0]):
            wide[0] = True

    return start


def _on_end(expat: Any, shared: _Open) -> Callable[[str], None]:
    stack, mark, cut, emit, wide = shared.stack, shared.mark, shared.cut, shared.emit, shared.wide

    def end(_tag: str) -> None:
        if not stack:
            mark[0] = expat.CurrentByteIndex
            emit(StreamEnd())
            return
        node = stack.pop()
        if cut[0]:
            _merge(node.children)
        if not stack:
            mark[0], cut[0] = BETWEEN, False
            if wide[0]:
                wide[0], node = False, Oversized(node.ns, node.name, node.attrs)
            emit(node)

    return end


def _on_text(shared: _Open) -> Callable[[str], None]:
    stack, cut = shared.stack, shared.cut

    def text(value: str) -> None:
        if stack:
            children = stack[-1].children
            if children and children[-1].__class__ is str:
                cut[0] = True
            children.append(value)
        elif value.strip(_BLANK):
            _refuse("invalid-xml", "text between stanzas")

    return text


def _on_declaration(mark: list[int], decls: dict[str, str], prefix: str | None, uri: str | None) -> None:
    if uri is not None:
        if "}" in uri:
            _refuse("not-well-formed", "} in a namespace name")
        if len(uri) > _LONGEST_NAME or (not uri.isascii() and len(uri.encode()) > _LONGEST_NAME):
            _refuse(*_TOO_LONG)
    if prefix is not None and len(prefix) > _LONGEST_NAME:
        _refuse(*_TOO_LONG)
    if mark[0] == 0:
        decls[prefix or ""] = uri or ""


def _on_cdata(stack: list[Element]) -> None:
    if not stack:
        _refuse("invalid-xml", "text between stanzas")


def _on_xml_declaration(version: str, encoding: str | None, standalone: int) -> None:
    if encoding is not None and encoding.lower() != "utf-8":
        _refuse("unsupported-encoding", "a stream is UTF-8")


def _on_restricted(*_: object) -> NoReturn:
    raise StreamError("restricted-xml")
