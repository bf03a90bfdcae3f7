"""test_parser_pool — parsers go from stream to stream, and nothing goes with them.

RFC:  6120 §4, §11
"""

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from xmpp_core import ns
from xmpp_core.element import el
from xmpp_core.errors import StreamError
from xmpp_core.expat_core import Event
from xmpp_core.parser import AFTER_AUTH, BEFORE_AUTH, MAX_FREE, StreamEnd, XmlStreamParser
from xmpp_core.parser_pool import ParserPool

HEADER = b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='a'>"
MESSAGE = b"<message xml:lang='de'><body>a\r\nb &#13;<![CDATA[<]]></body></message>"


def opened(pool: ParserPool, header: bytes = HEADER) -> XmlStreamParser:
    parser = XmlStreamParser(AFTER_AUTH, pool=pool)
    parser.feed(header)
    return parser


def read(pieces: list[bytes], parser: XmlStreamParser) -> tuple[list[Event], str]:
    events: list[Event] = []
    for piece in pieces:
        try:
            events += parser.feed(piece)
        except StreamError as error:
            return [*events, *error.events], error.condition  # type: ignore[list-item]
    return events, ""


def test_an_idle_stream_holds_no_parser() -> None:
    pool = ParserPool()
    parsers = [opened(pool) for _ in range(5)]
    assert [p.holds_core for p in parsers] == [False] * 5
    assert pool.free() == 5
    parsers[0].feed(b"<message>")
    assert parsers[0].holds_core
    assert pool.free() == 4
    assert parsers[1].feed(b"<iq/>") == [el("iq", ns.CLIENT)]
    assert parsers[0].feed(b"</message>") == [el("message", ns.CLIENT)]
    assert pool.free() == 5


UNFINISHED = [b"<", b"<a>", b" \r", b"<a/>\r", b"<a><![CDATA[ ", b"<a><![CDATA[x]]>", b"\xc3"]


@pytest.mark.parametrize("unfinished", UNFINISHED)
def test_a_parser_stays_while_anything_has_begun(unfinished: bytes) -> None:
    pool = ParserPool()
    parser = opened(pool)
    read([unfinished], parser)
    assert pool.free() == 0


def test_a_header_that_comes_with_a_stanza_still_shares() -> None:
    pool = ParserPool()
    parser = XmlStreamParser(AFTER_AUTH, pool=pool)
    assert len(parser.feed(HEADER + b"<message>")) == 1
    parser.feed(b"</message>")
    assert pool.free() == 1


@pytest.mark.parametrize(
    "header",
    [
        HEADER.replace(b"to=", b"xmlns:p='urn:p' to="),
        HEADER.replace(b"jabber:client", b"jabber:server"),
        HEADER.replace(b"stream:", b"s:").replace(b":stream", b":s"),
        HEADER.replace(b" xmlns=", b" xmlns:c="),
        b"<stream xmlns='http://etherx.jabber.org/streams'>",
        HEADER.replace(b"<stream:stream", b"<stream:features"),
    ],
)
def test_an_unusual_header_keeps_its_own_parser(header: bytes) -> None:
    pool = ParserPool()
    parser = opened(pool, header)
    parser.feed(b"<message/>")
    assert parser.holds_core
    assert pool.free() == 0


def test_a_prefix_of_one_stream_is_unknown_to_the_next() -> None:
    pool = ParserPool()
    first = opened(pool, HEADER.replace(b"to=", b"xmlns:p='urn:p' to="))
    assert first.feed(b"<p:a/>") == [el("a", "urn:p")]
    assert read([b"<p:a/>"], opened(pool)) == ([], "not-well-formed")


def test_component_and_dialback_streams_share_with_their_like() -> None:
    pool = ParserPool()
    accept = HEADER.replace(b"jabber:client", b"jabber:component:accept")
    server = HEADER.replace(b"jabber:client' ", b"jabber:server' xmlns:db='jabber:server:dialback' ")
    for header, content_ns in ((accept, ns.COMPONENT), (server, ns.SERVER)):
        for _ in range(2):
            parser = XmlStreamParser(AFTER_AUTH, content_ns=content_ns, pool=pool)
            parser.feed(header)
            assert parser.feed(b"<message/>") == [el("message", ns.CLIENT)]
            assert not parser.holds_core
    assert parser.feed(b"<db:verify/>") == [el("verify", ns.DIALBACK)]
    assert pool.free() == 4


def test_limits_are_those_of_the_stream_that_reads() -> None:
    pool = ParserPool()
    strict = XmlStreamParser(BEFORE_AUTH, pool=pool)
    strict.feed(HEADER)
    deep = b"<a>" * 20 + b"</a>" * 20
    assert len(opened(pool).feed(deep)) == 1
    assert read([deep], strict) == ([], "policy-violation")
    strict = XmlStreamParser(BEFORE_AUTH, pool=pool)
    strict.feed(HEADER)
    strict.set_limits(AFTER_AUTH)
    assert len(strict.feed(deep)) == 1


def test_worn_parsers_are_retired() -> None:
    pool = ParserPool(max_age=100, max_names=50)
    parser = opened(pool)
    for _ in range(200):
        assert parser.feed(b"<a/>") == [el("a", ns.CLIENT)]
    many = b"<m>" + b"".join(b"<x%d/>" % i for i in range(300)) + b"</m>"
    parser.feed(many)
    assert pool.free() == 0  # retired with the names
    assert parser.feed(b"<a/>") == [el("a", ns.CLIENT)]


def test_no_more_parsers_are_kept_than_needed() -> None:
    pool = ParserPool()
    parsers = [opened(pool) for _ in range(2 * MAX_FREE)]
    for parser in parsers:
        parser.feed(b"<a>")
    for parser in parsers:
        assert parser.feed(b"</a>") == [el("a", ns.CLIENT)]
    assert pool.free() == MAX_FREE


def test_names_of_one_stream_never_end_another() -> None:
    pool = ParserPool()
    loud, quiet = opened(pool), opened(pool)
    for n in range(400):
        loud.feed(b"<m>" + b"".join(b"<y%d/>" % (n * 100 + i) for i in range(100)) + b"</m>")
        assert quiet.feed(b"<a>") == []
        assert quiet.feed(b"</a>") == [el("a", ns.CLIENT)]


# --- property: strangers share a parser one after the other, and never notice --------------------

_scraps = st.sampled_from([
    b"<a>", b"</a>", b"<a/>", b"x", b" ", b"\r", b"\n", b"\t", b"<![CDATA[", b"<![CDATA[ ]]>", b"]]>", b"]]", b"]",
    b"&amp;", b"&#13;", b"&#32;", b"<b xmlns='urn:b' xmlns:p='urn:p' c='", b"'", b"/>", b">", b"<", b"</", b"\xc3",
    b"\xa9", b"\xef\xbb\xbf", b"\xef", b"\xbf", b"<!--", b"-->", b"<?p", b"?>", b"<!", b"<!DOCTYPE a [",
    b"</stream:stream>", b"<stream:x/>", b"<p:a/>", b"&", b"lt;", b"\x00", MESSAGE, MESSAGE,
])  # fmt: skip
_octets = st.lists(_scraps, max_size=10).map(b"".join)
_places = st.lists(st.integers(0, 1000), max_size=8)


def cuts(data: bytes, places: list[int]) -> list[bytes]:
    marks = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[a:b] for a, b in pairwise(marks)]


NEXT = [MESSAGE, b" ", b"\n<iq id='1'><q xmlns='urn:q'/></iq>", b"\r\n", b"<a>]]&gt;</a>", b"</stream:stream>"]


@given(_octets, _places)
@example(b"<a/>\r", [])
@example(b"<![CDATA[ ", [])
@example(b"<a/><![CDATA[", [4])
@example(b"</stream:stream>", [])
@settings(max_examples=500, deadline=None)
def test_nothing_is_left_for_the_next_stream(data: bytes, places: list[int]) -> None:
    alone = XmlStreamParser(AFTER_AUTH)
    alone.feed(HEADER)
    wanted = read(NEXT, alone)
    assert isinstance(wanted[0][-1], StreamEnd)
    for pieces in ([data], cuts(data, places), [data[i : i + 1] for i in range(len(data))]):
        pool = ParserPool()
        first, following = opened(pool), opened(pool)
        read(pieces, first)
        # the parser given back last is lent next: what `first` used, unless it kept or broke it
        assert read(NEXT, following) == wanted


def test_the_parser_given_back_last_is_lent_next() -> None:
    pool = ParserPool()
    first, following = opened(pool), opened(pool)
    first.feed(b"<message>")
    used = first._core
    first.feed(b"</message>")
    following.feed(b"<message>")
    assert following._core is used


@given(st.lists(st.tuples(_octets, _places), min_size=2, max_size=4), st.data())
@settings(max_examples=200, deadline=None)
def test_streams_that_take_turns_read_what_they_would_alone(
    streams: list[tuple[bytes, list[int]]], data: st.DataObject
) -> None:
    pool = ParserPool()
    shared = [opened(pool) for _ in streams]
    got: list[tuple[list[Event], str]] = [([], "") for _ in streams]
    queues = [cuts(octets, places) for octets, places in streams]
    turns = [i for i, queue in enumerate(queues) for _ in queue]
    for i in data.draw(st.permutations(turns)):
        piece = queues[i].pop(0)
        if not got[i][1]:
            events, error = read([piece], shared[i])
            got[i] = [*got[i][0], *events], error
    for (octets, places), outcome in zip(streams, got, strict=True):
        alone = XmlStreamParser(AFTER_AUTH)
        alone.feed(HEADER)
        assert read(cuts(octets, places), alone) == outcome
