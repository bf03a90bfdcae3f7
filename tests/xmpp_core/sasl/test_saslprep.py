"""test_saslprep — as RFC 4013 has it, and what came to Unicode after it."""

from __future__ import annotations

import stringprep

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scramp import ScramException, utils

from xmpp_core.sasl.saslprep import prepare


@pytest.mark.parametrize(("text", "prepared"), [
    ("I\u00adX", "IX"), ("user", "user"), ("USER", "USER"), ("\u00aa", "a"), ("\u2168", "IX"), ("", ""),
    ("p\u00e9 n\u3000c", "pé n c"), ("\u0627\u0628", "\u0627\u0628"),
])  # fmt: skip
def test_rfc_4013_section_3(text: str, prepared: str) -> None:
    assert prepare(text) == prepared


@pytest.mark.parametrize("text", ["\u0007", "\u0627\u0031", "\ud800", "\ue000", "a\u0627", "\u200e", "x\ufffd"])
def test_prohibited_characters_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        prepare(text)


@pytest.mark.parametrize("text", ["pass😀word", "🫠", "𞤀", "\u0221"])
def test_what_unicode_3_2_did_not_know_is_taken(text: str) -> None:
    assert prepare(text) == text


@given(st.text(st.characters(), max_size=12))
def test_scramp_has_the_same_where_it_has_any(text: str) -> None:
    try:
        theirs = utils.saslprep(text)
    except ScramException:
        theirs = None
    try:
        ours = prepare(text)
    except ValueError:
        assert theirs is None
        return
    if theirs is None:
        assert any(stringprep.in_table_a1(c) for c in ours), "only new characters are let through"
    else:
        assert ours == theirs
    assert prepare(ours) == ours
