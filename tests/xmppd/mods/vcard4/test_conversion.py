"""A card in one form after the other was written."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from xmpp_core import ns, parser
from xmpp_core.element import Element, el
from xmppd.mods.vcard4 import conversion

TEXT = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=8)
FLAGS = st.lists(st.sampled_from(["HOME", "WORK", "CELL", "PREF", "INTL"]), unique=True)


def o(name: str, *children: Element | str) -> Element:
    return el(name, ns.VCARD, None, *children)


def flagged(name: str, value: str) -> st.SearchStrategy[Element]:
    return st.builds(lambda flags, text: o(name, *[o(flag) for flag in flags], o(value, text)), FLAGS, TEXT)


PLAIN = ("FN", "NICKNAME", "TITLE", "ROLE", "DESC", "URL", "JABBERID", "BDAY", "UID", "TZ")
PART = st.one_of(
    st.builds(o, st.sampled_from(PLAIN), TEXT),
    flagged("TEL", "NUMBER"),
    flagged("EMAIL", "USERID"),
    flagged("ADR", "STREET"),
    st.builds(lambda a, b: o("N", o("FAMILY", a), o("GIVEN", b)), TEXT, TEXT),
    st.builds(lambda a, b: o("ORG", o("ORGNAME", a), o("ORGUNIT", b)), TEXT, TEXT),
    st.builds(lambda a: o("X", a), TEXT),
)
CARDS = st.lists(PART, max_size=8).map(lambda parts: o("vCard", *parts))
EMPTY = o("vCard")
RICH = parser.parse_written(
    f"<vcard xmlns='{ns.VCARD4}'><fn><parameters><altid>1</altid></parameters><text>Peter</text></fn>"
    "<gender><sex><text>M</text></sex></gender><impp><uri>sip:p@x.org</uri></impp>"
    "<impp><uri>xmpp:p@x.org</uri></impp></vcard>"
)


@given(CARDS)
def test_what_was_taken_over_is_no_news(card: Element) -> None:
    new = conversion.to_vcard4(card)
    if new is None:
        assert all(child.name == "X" for child in card.elements())
        return
    assert conversion.to_vcard4(card, new) is None
    assert conversion.to_vcard_temp(new, card) is None
    again = conversion.to_vcard_temp(new, EMPTY)
    assert again is not None
    assert conversion.to_vcard4(again, new) is None


@given(CARDS, CARDS)
def test_after_a_write_both_say_the_same(before: Element, after: Element) -> None:
    old4 = conversion.to_vcard4(before) or Element(ns.VCARD4, "vcard")
    new4 = conversion.to_vcard4(after, old4) or old4
    back = conversion.to_vcard_temp(new4, before) or before
    assert conversion.to_vcard4(back, new4) is None
    strange = [child for child in before.elements() if child.name == "X"]
    assert [child for child in back.elements() if child.name == "X"] == strange, "what has no counterpart stays"


def test_what_the_older_form_cannot_say_stays() -> None:
    card = o("vCard", o("FN", "Peter"), o("JABBERID", "p@x.org"))
    assert conversion.to_vcard4(card, RICH) is None
    new = conversion.to_vcard4(o("vCard", o("FN", "Paul")), RICH)
    assert new is not None
    text = new.to_xml("")
    for kept in ("<sex><text>M</text></sex>", "sip:p@x.org", "<fn><text>Paul</text></fn>"):
        assert kept in text
    assert "xmpp:" not in text
    assert "Peter" not in text


def test_pictures_stay_where_they_are() -> None:
    photo = o("PHOTO", o("BINVAL", "Zm9v"))
    new = parser.parse_written(
        f"<vcard xmlns='{ns.VCARD4}'><fn><text>P</text></fn><photo><uri>x:y</uri></photo></vcard>"
    )
    back = conversion.to_vcard_temp(new, o("vCard", o("FN", "Q"), photo))
    assert back == o("vCard", photo, o("FN", "P"))
    assert conversion.to_vcard4(o("vCard", o("FN", "P"), photo), new) is None


def test_which_payload_is_a_card() -> None:
    assert conversion.is_vcard4(RICH)
    assert not conversion.is_vcard4(None)
    assert not conversion.is_vcard4(EMPTY)
