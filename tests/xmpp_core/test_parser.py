"""test_parser — the stream parser: events, limits, refusals, and that cutting the octets changes nothing.

RFC:  6120 §4, §11
"""

from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.errors import StreamError
from xmpp_core.expat_core import Event
from xmpp_core.parser import (
    AFTER_AUTH,
    BEFORE_AUTH,
    Limits,
    StreamEnd,
    StreamStart,
    XmlStreamParser,
    parse_document,
)
from xmpp_core.parser_pool import ParserPool

HEADER = (
    b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
    b"xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0' xml:lang='en'>"
)


def read(pieces: list[bytes], parser: XmlStreamParser) -> tuple[list[Event], str]:
    """All events of the pieces, and the condition of the error that ended them ("" if none did)."""
    events: list[Event] = []
    for piece in pieces:
        try:
            events += parser.feed(piece)
        except StreamError as error:
            return [*events, *error.events], error.condition  # type: ignore[list-item]
    return events, ""


def opened(limits: Limits = AFTER_AUTH, **options: str) -> XmlStreamParser:
    parser = XmlStreamParser(limits, **options)  # type: ignore[arg-type]
    parser.feed(HEADER)
    return parser


def condition(data: bytes, parser: XmlStreamParser | None = None) -> str:
    parser = parser or opened()
    with pytest.raises(StreamError) as caught:
        parser.feed(data)
    return caught.value.condition


def test_the_header_is_an_event_with_all_it_declared() -> None:
    [start] = XmlStreamParser().feed(HEADER)
    assert isinstance(start, StreamStart)
    assert start.is_stream
    assert (start.to, start.version, start.lang, start.from_, start.id) == ("localhost", "1.0", "en", None, None)
    assert (start.default_ns, start.prefix, start.ns_ok) == ("jabber:client", "stream", True)


def test_another_first_element_is_an_event_too() -> None:
    [start] = XmlStreamParser().feed(b"<stream:stream xmlns='a' xmlns:stream='b'>")
    assert isinstance(start, StreamStart)
    assert (start.ns_ok, start.is_stream, start.ns, start.default_ns) == (False, False, "b", "a")
    [start] = XmlStreamParser().feed(f"<stream xmlns='{ns.STREAM}'>".encode())
    assert isinstance(start, StreamStart)
    assert (start.ns_ok, start.prefix) == (True, None)


def test_stanzas_white_space_and_the_end() -> None:
    body = b"<body>x&amp;<![CDATA[<y>]]>&#13;</body>"
    events = opened().feed(b" \r\n<message to='a@b'>" + body + b"</message>\t</stream:stream>")
    message = el("message", ns.CLIENT, {"to": "a@b"}, el("body", ns.CLIENT, None, "x&<y>\r"))
    assert events == [message, StreamEnd()]


def test_attributes_of_other_namespaces() -> None:
    [got] = opened().feed(b"<iq xml:lang='de' xmlns:q='urn:q' q:a='1' a='2'/>")
    assert isinstance(got, Element)
    assert got.attrs == {"xml:lang": "de", "{urn:q}a": "1", "a": "2"}


def test_a_component_stream_is_read_as_jabber_client() -> None:
    parser = XmlStreamParser(AFTER_AUTH, content_ns=ns.COMPONENT)
    [start] = parser.feed(HEADER.replace(b"jabber:client", b"jabber:component:accept"))
    [got] = parser.feed(b"<message><body/></message>")
    assert isinstance(start, StreamStart)
    assert start.default_ns == ns.COMPONENT
    assert got == el("message", ns.CLIENT, None, el("body", ns.CLIENT))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"<!-- x -->", "restricted-xml"),
        (b"<a><!-- x --></a>", "restricted-xml"),
        (b"<?php x?>", "restricted-xml"),
        (b"<a>&other;</a>", "restricted-xml"),
        (b"<a b='&other;'/>", "restricted-xml"),
        (b"<!DOCTYPE a>", "not-well-formed"),
        (b"<?xml version='1.0'?>", "not-well-formed"),
        (b"<a></b>", "not-well-formed"),
        (b"<p:a/>", "not-well-formed"),
        (b"<a p:b=''/>", "not-well-formed"),
        (b"<a b='' b=''/>", "not-well-formed"),
        (b"<a b=<>", "not-well-formed"),
        (b"<a>\x00</a>", "not-well-formed"),
        (b"<a>&#0;</a>", "not-well-formed"),
        (b"<a>\x0b</a>", "not-well-formed"),
        (b"<a>\xff</a>", "not-well-formed"),
        (b"<a>\xc0\xaf</a>", "not-well-formed"),
        (b"<a>\xed\xa0\x80</a>", "not-well-formed"),
        (b"<a>\xf4\x90\x80\x80</a>", "not-well-formed"),
        (b"<a>\xe2\x82</a>", "not-well-formed"),
        (b"<a xmlns='jabber:client}iq'/>", "not-well-formed"),
        (b"<a xmlns:p='u}v' p:b=''/>", "not-well-formed"),
        (b"<a><stream:stream/></a>", "invalid-xml"),
        (HEADER[21:], "invalid-xml"),
        (b"<a><b xmlns='http://etherx.jabber.org/streams'/></a>", "invalid-xml"),
        (b"text", "invalid-xml"),
        (b"<![CDATA[ ]]>", "invalid-xml"),
        ("\ufeff".encode(), "invalid-xml"),
    ],
)
def test_what_is_refused(data: bytes, expected: str) -> None:
    assert condition(data) == expected
    bytewise = [data[i : i + 1] for i in range(len(data))]
    assert read(bytewise, opened()) == ([], expected)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\xef\xbb\xbf" + HEADER, "unsupported-encoding"),
        (HEADER.decode().encode("utf-16"), "unsupported-encoding"),
        (HEADER.decode().encode("utf-16-be"), "unsupported-encoding"),
        (HEADER.decode().encode("utf-16-le"), "unsupported-encoding"),
        (b"<?xml version='1.0' encoding='ISO-8859-1'?>" + HEADER[21:], "unsupported-encoding"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]>", "restricted-xml"),
        (b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'>", "restricted-xml"),
        (b"<!-- x -->", "restricted-xml"),
        (b"GET / HTTP/1.1\r\n", "not-well-formed"),
    ],
)
def test_what_is_refused_before_the_header(data: bytes, expected: str) -> None:
    assert condition(data, XmlStreamParser()) == expected
    bytewise = [data[i : i + 1] for i in range(len(data))]
    assert read(bytewise, XmlStreamParser()) == ([], expected)


def test_utf_8_may_be_declared_in_any_case() -> None:
    [start] = XmlStreamParser().feed(b"<?xml version='1.0' encoding='utf-8'?>" + HEADER[21:])
    assert isinstance(start, StreamStart)


def test_events_before_an_error_are_kept_and_the_error_stays() -> None:
    parser = opened()
    with pytest.raises(StreamError) as caught:
        parser.feed(b"<a/><b></c>")
    assert caught.value.events == [el("a", ns.CLIENT)]
    assert condition(b"<a/>", parser) == "not-well-formed"


@pytest.mark.parametrize("cut", [1, 7, 10_000])
@pytest.mark.parametrize(
    ("within", "beyond"),
    [
        (b"<m><b>" + b"x" * 86 + b"</b></m>", b"<m><b>" + b"x" * 87 + b"</b></m>"),
        (b"<m a='" + b"x" * 91 + b"'/>", b"<m a='" + b"x" * 95),
        (b"<m>" + b"<b/>" * 4 + b"</m>", b"<m>" + b"<b/>" * 5 + b"</m>"),
        (b"<m><b><c/></b></m>", b"<m><b><c><d/></c></b></m>"),
        (b"<m a='' b=''/>", b"<m a='' b='' c=''/>"),
    ],
)
def test_limits_hold_to_the_octet(within: bytes, beyond: bytes, cut: int) -> None:
    limits = Limits(bytes=100, elements=5, depth=3, attrs=2)

    def pieces(data: bytes) -> list[bytes]:
        return [data[i : i + cut] for i in range(0, len(data), cut)]

    parser = opened()
    parser.set_limits(limits)
    events, error = read(pieces(within * 3 + b" " * 300 + within), parser)
    assert (len(events), error) == (4, "")
    events, error = read(pieces(within + beyond + b"x" * 10), parser)
    assert (len(events), error) == (1, "policy-violation")


def test_limits_hold_for_the_header() -> None:
    assert condition(b"<stream:stream a='" + b"x" * 9000, XmlStreamParser(BEFORE_AUTH)) == "policy-violation"


def test_a_token_in_tiny_pieces_is_not_read_again_for_ever() -> None:
    parser = opened()
    events, error = read([b"<a b='", *[b">" * 64] * 4000], parser)
    assert (events, error) == ([], "policy-violation")


def test_too_many_names_end_a_stream() -> None:
    parser = opened()
    stanzas = [b"<m>" + b"".join(b"<x%d/>" % (n * 1000 + i) for i in range(1000)) + b"</m>" for n in range(30)]
    events, error = read(stanzas, parser)
    assert error == "policy-violation"
    assert len(events) > 10


def test_a_closed_parser_reads_no_more() -> None:
    parser = opened()
    parser.close()
    assert condition(b"<a/>", parser) == "reset"


def test_documents() -> None:
    tree = el("x", "urn:x", {"{urn:y}a": "1"}, "\n", el("y", "", None, "ü"))
    assert parse_document(tree.to_xml("")) == tree
    for bad in ("", "x", "<a/><b/>", "<a/><b", "<a/></stream:stream>", "<a>\ud800</a>", "<a"):
        with pytest.raises(StreamError):
            parse_document(bad)


# --- properties --------------------------------------------------------------------------------

_chars = st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff").filter(
    lambda c: c >= " " or c in "\t\n\r"
)
_texts = st.text(_chars, max_size=12)
_spaces = st.sampled_from([ns.CLIENT, "urn:x", "urn:y", ""])
_names = st.sampled_from(["message", "body", "x", "é"])
_keys = st.sampled_from(["to", "from", "odd", "xml:lang", "{urn:x}a", "{urn:z}a"])
_attrs = st.dictionaries(_keys, _texts, max_size=4)


def _tree(children: st.SearchStrategy[Element | str]) -> st.SearchStrategy[Element]:
    return st.builds(
        lambda space, name, attrs, kids: Element(space, name, attrs, _joined(kids)),
        _spaces, _names, _attrs, st.lists(children, max_size=4),
    )  # fmt: skip


def _joined(kids: list[Element | str]) -> list[Element | str]:
    joined: list[Element | str] = []
    for kid in kids:
        if isinstance(kid, str) and joined and isinstance(joined[-1], str):
            joined[-1] += kid
        elif kid != "":
            joined.append(kid)
    return joined


trees = st.recursive(_tree(_texts), lambda inner: _tree(_texts | inner), max_leaves=8)


def cuts(data: bytes, places: list[int]) -> list[bytes]:
    """`data` cut at the places (taken modulo its length)."""
    marks = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[a:b] for a, b in pairwise(marks)]


_places = st.lists(st.integers(0, 10_000), max_size=12)


@given(st.lists(trees, max_size=4), _places)
@settings(max_examples=150, deadline=None)
def test_what_is_written_is_read_again_under_any_split(stanzas: list[Element], places: list[int]) -> None:
    data = "\n".join(tree.to_xml() for tree in stanzas).encode() + b"</stream:stream>"
    wanted = ([*stanzas, StreamEnd()], "")
    for make in (opened, partial(XmlStreamParser, AFTER_AUTH, pool=ParserPool())):
        parser = make()
        if make is not opened:
            parser.feed(HEADER)
        assert read(cuts(data, places), parser) == wanted
    assert read([data[i : i + 1] for i in range(len(data))], opened()) == wanted
    assert all(parse_document(tree.to_xml("")) == tree for tree in stanzas)


_scraps = st.sampled_from([
    b"<a>", b"</a>", b"<a/>", b"x", b" ", b"\r", b"\n", b"<![CDATA[", b"]]>", b"]]", b"&amp;", b"&#13;",
    b"<b xmlns='urn:b' c='", b"'", b"/>", b">", b"<", b"\xc3", b"\xa9", b"\xef\xbb\xbf", b"<!--", b"-->",
    b"<?p", b"?>", b"</stream:stream>", b"<stream:x/>", b"xmlns:p='q'", b"<p:a/>", b"&", b"lt;", b"\x00",
    b"<message><body>hi</body></message>",
])  # fmt: skip


@given(st.lists(_scraps, max_size=12).map(b"".join), _places)
@settings(max_examples=400, deadline=None)
def test_any_octets_give_the_same_events_under_any_split(data: bytes, places: list[int]) -> None:
    whole, error = read([data], opened())
    for pieces in (cuts(data, places), [data[i : i + 1] for i in range(len(data))]):
        events, other = read(pieces, opened())
        assert events == whole
        assert bool(other) == bool(error)
