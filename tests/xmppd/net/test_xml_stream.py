"""Streams one after the other over one connection."""

import pytest

from xmpp_core.element import Element
from xmpp_core.errors import StreamError
from xmpp_core.parser import Limits, StreamEnd, StreamStart
from xmppd.net.xml_stream import POOL, XmlStream

HEADER = b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"


def test_header_element_and_end() -> None:
    stream = XmlStream()
    assert type(stream.feed(HEADER)[0]) is StreamStart
    assert isinstance(stream.feed(b"<presence/>")[0], Element)
    assert not stream.ended
    assert type(stream.feed(b"</stream:stream>")[-1]) is StreamEnd
    assert stream.ended


def test_between_elements_nothing_has_begun() -> None:
    stream = XmlStream()
    stream.feed(HEADER)
    assert stream.between
    stream.feed(b"<pres")
    assert not stream.between
    stream.feed(b"ence/>")
    assert stream.between


def test_an_idle_stream_leaves_its_parser_to_others() -> None:
    stream = XmlStream()
    stream.feed(HEADER)
    free = POOL.free()
    stream.feed(b"<message>")
    assert POOL.free() == free - 1
    stream.feed(b"</message>")
    assert POOL.free() == free


def test_reset_begins_a_new_stream_under_new_limits() -> None:
    stream = XmlStream(Limits(bytes=600, elements=8, depth=4, attrs=8))
    stream.feed(HEADER)
    with pytest.raises(StreamError):
        stream.feed(b"<message>" + b"x" * 700)
    assert stream.ended
    stream.reset(Limits(bytes=2000, elements=8, depth=4, attrs=8))
    stream.feed(HEADER)
    assert stream.feed(b"<message>" + b"x" * 700 + b"</message>")
    assert not stream.ended


def test_limits_may_change_within_a_stream() -> None:
    stream = XmlStream(Limits(bytes=600, elements=8, depth=4, attrs=8))
    stream.feed(HEADER)
    stream.set_limits(Limits(bytes=2000, elements=8, depth=4, attrs=8))
    assert stream.feed(b"<message>" + b"x" * 700 + b"</message>")


def test_what_came_before_an_error_is_not_lost() -> None:
    stream = XmlStream()
    with pytest.raises(StreamError) as caught:
        stream.feed(HEADER + b"<presence/></oops>")
    assert len(caught.value.events) == 2


def test_a_dropped_stream_takes_nothing() -> None:
    stream = XmlStream()
    stream.drop()
    assert stream.ended
    with pytest.raises(StreamError):
        stream.feed(HEADER)
