"""test_limits — what a stanza may cost holds where it is written again, too.

RFC:  6120 §4.9.3.14, §13.12
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xmpp_core.element import Element
from xmpp_core.errors import StreamError, Unreadable
from xmpp_core.limits import FREE, SPREAD, Limits
from xmpp_core.parser import Oversized, XmlStreamParser, parse_all_written, parse_document, parse_written

HEAD = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' {}>"
SMALL = Limits(bytes=4000, elements=400, depth=20, attrs=20)
LARGEST = "n" * 1000  # a namespace that is allowed, and is written in full by one letter

spaces = st.sampled_from([LARGEST, "\N{EURO SIGN}" * 300, "&amp;'&gt;" * 50, "urn:a", "jabber:client"])
values = st.text("a'>\t\N{EURO SIGN}", max_size=40) | st.just("'" * 300) | st.just("&#13;" * 20)
texts = st.text("a>'\n\N{EURO SIGN}", max_size=40) | st.just(">" * 300) | st.just("<![CDATA[<&>>>]]>")
tags = st.sampled_from(["p:x", "q:y", "p:x", "q:y", "z", "z xmlns='urn:own'", "r:x xmlns:r='urn:own'", "xml:w"])
attrs = st.dictionaries(st.sampled_from(["a", "p:a", "q:a", "p:b", "xml:lang", "to"]), values, max_size=2)


def element(tag: str, attributes: dict[str, str], content: list[str], times: int) -> str:
    written = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<{tag}{written}>{''.join(content) * times}</{tag.partition(' ')[0]}>"


nodes = st.recursive(
    st.builds(element, tags, attrs, st.lists(texts, max_size=1), st.just(1)),
    lambda inner: st.builds(element, tags, attrs, st.lists(inner | texts, max_size=3), st.sampled_from([1, 2, 30])),
    max_leaves=8,
)
stanzas = st.builds(lambda q, content: f'<message xmlns:q="{q}">{content}</message>', spaces, nodes)


def taken(stanza: str, p: str = LARGEST, limits: Limits = SMALL) -> Element | None:
    """The stanza, where "p" is a prefix of the stream; None if it is refused."""
    parser = XmlStreamParser(Limits(10_000, 400, 20, 20))
    parser.feed(HEAD.format(f'xmlns:p="{p}"').encode())
    parser.set_limits(limits)
    try:
        [found] = parser.feed(stanza.encode())
    except StreamError:
        return None
    assert isinstance(found, Element)
    return None if isinstance(found, Oversized) else found


def feed(parser: XmlStreamParser, pieces: list[bytes]) -> None:
    for piece in pieces:
        parser.feed(piece)


@settings(max_examples=300, deadline=None)
@given(stanzas, spaces)
def test_what_is_taken_is_written_within_the_bound_and_can_be_read_again(stanza: str, space: str) -> None:
    found = taken(stanza, space)
    if found is None:
        return
    for written in (found.to_xml(), found.to_xml("")):
        octets = len(written.encode())
        assert octets <= (6 + SPREAD) * len(stanza.encode()) + FREE
        assert octets <= SMALL.written
        assert octets <= 6 * found.weight()
    assert parse_written(found.to_xml("")) == found


@pytest.mark.parametrize(
    ("content", "fits"),
    [
        ("<p:x/>" * 3, True),
        ("<p:x/>" * 300, False),
        ("<p:x><z xmlns='jabber:client'/></p:x>" * 50, False),
        ("<z p:a=''/>" * 200, False),
        ("<p:x/>" + "t" * 3900, True),
        ("<z xmlns='urn:own'/>" * 190, True),  # declared where it is used: as long as it was read
        (f"<{'e' * 1025}/>", False),
        (f"<z {'e' * 1025}=''/>", False),
        (f"<z xmlns='{'e' * 1025}'/>", False),
        (f"<z xmlns='{chr(0x20AC) * 400}'/>", False),
        (f"<z xmlns:{'e' * 1025}='u'/>", False),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_name_said_once_and_used_often_is_refused(content: str, fits: bool) -> None:
    assert (taken(f"<message>{content}</message>") is not None) is fits


def test_what_is_too_large_is_told_by_its_start_tag_and_the_stream_goes_on_however_the_octets_are_cut() -> None:
    stanza = f"<message to='b@x' id='1'>{'<p:x/>' * 300}</message><message id='2'/>".encode()
    for size in (1, 7, len(stanza)):
        parser = XmlStreamParser(SMALL)
        parser.feed(HEAD.format(f"xmlns:p='{LARGEST}'").encode())
        events = [event for i in range(0, len(stanza), size) for event in parser.feed(stanza[i : i + size])]
        assert [type(event) for event in events] == [Oversized, Element]
        assert events[0] == Oversized("jabber:client", "message", {"to": "b@x", "id": "1"})
    with pytest.raises(StreamError, match="policy-violation"):
        parse_document(f"<message xmlns:p='{LARGEST}'>{'<p:x/>' * 300}</message>")


def test_long_names_wear_a_parser_out_sooner() -> None:
    parser = XmlStreamParser(SMALL)
    parser.feed(HEAD.format("xmlns:odd='u'").encode())
    with pytest.raises(StreamError, match="policy-violation"):
        feed(parser, [f"<message><{'e' * 1000}{i}/></message>".encode() for i in range(2000)])


def test_what_we_wrote_knows_no_limit_and_no_stream_is_to_blame_for_it() -> None:
    many = "".join(f"<x{'y' * 100}{i} xmlns='{'n' * 900}'/>" for i in range(6000))
    assert len(parse_written(f"<message xmlns='jabber:client'>{many}</message>").children) == 6000
    deep = "<a>" * 100 + "</a>" * 100
    assert parse_written(f"<message xmlns='jabber:client'><body>{'&gt;' * 200_000}</body>{deep}</message>").child(
        "body"
    )
    for broken in ("<message", "", "<a/><b/>", "<a>\x01</a>", "text"):
        with pytest.raises(Unreadable):
            parse_written(broken)


def test_one_text_that_cannot_be_read_costs_none_of_those_around_it() -> None:
    one, two = (f"<message xmlns='jabber:client'><body>{number}</body></message>" for number in (1, 2))
    found = parse_all_written([one, "<message", "</stream:stream>", "<a/><b/>", "text", "", two])
    assert [getattr(each, "name", None) for each in found] == ["message", *[None] * 5, "message"]
    assert [each.child_text("body") for each in (found[0], found[-1]) if isinstance(each, Element)] == ["1", "2"]
    assert all(isinstance(each, Unreadable) for each in found[1:-1])
