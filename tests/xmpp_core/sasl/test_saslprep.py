"""test_saslprep — RFC 4013's examples, and another implementation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scramp.utils import ScramException
from scramp.utils import saslprep as theirs

from xmpp_core.sasl.saslprep import saslprep


@pytest.mark.parametrize(("text", "prepared"), [
    ("I\u00adX", "IX"), ("user", "user"), ("USER", "USER"), ("\u00aa", "a"), ("\u2168", "IX"), ("", ""),
    ("a\u00a0b", "a b"),
])  # fmt: skip
def test_the_rfcs_examples(text: str, prepared: str) -> None:
    assert saslprep(text) == prepared


@pytest.mark.parametrize("text", ["\u0007", "\u0627\u0031", "\ud800", "\ue000", "\u0221", "a\u0627"])
def test_prohibited(text: str) -> None:
    with pytest.raises(ValueError):
        saslprep(text)


@given(st.text(max_size=8))
def test_agrees_with_another_implementation(text: str) -> None:
    try:
        expected: str | None = theirs(text)
    except ScramException:
        expected = None
    try:
        mine: str | None = saslprep(text)
    except ValueError:
        mine = None
    assert mine == expected
