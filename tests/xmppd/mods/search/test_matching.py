"""test_matching — names out of cards, and who is meant by a part of one.

Way:  xmppd.mods.search.matching
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from xmpp_core import parser
from xmppd.mods.search.matching import FIELDS, MOST, matches, names_of


def test_names_of_a_card() -> None:
    card = parser.parse_written(
        "<vCard xmlns='vcard-temp'><FN>Juliet C.</FN><N><FAMILY>Capulet</FAMILY><GIVEN> Juliet </GIVEN></N>"
        "<EMAIL><INTERNET/><USERID>j@c.example</USERID></EMAIL></vCard>"
    )
    assert names_of(card) == {"first": "Juliet", "last": "Capulet", "nick": "Juliet C.", "email": "j@c.example"}
    empty = parser.parse_written("<vCard xmlns='vcard-temp'/>")
    assert names_of(empty) == dict.fromkeys(FIELDS, "")
    long = parser.parse_written(f"<vCard xmlns='vcard-temp'><FN>{'x' * 999}</FN></vCard>")
    assert len(names_of(long)["nick"]) == MOST


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_a_part_in_any_case_is_found(before: str, part: str, after: str) -> None:
    names = dict.fromkeys(FIELDS, before + part + after)
    assert matches({"first": part}, names)
    assert matches({"first": part, "last": ""}, names)
