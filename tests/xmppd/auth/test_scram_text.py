"""Keys as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_core.sasl import scram_keys
from xmpp_core.sasl.base import ScramKeys
from xmppd.auth.scram_text import from_text, to_text


@given(st.builds(ScramKeys, st.binary(), st.integers(1), st.binary(), st.binary()))
def test_keys_come_back_as_they_were(keys: ScramKeys) -> None:
    assert from_text(to_text("SHA-256", keys)) == keys


def test_the_form_is_that_of_rfc_5803() -> None:
    # the salt and rounds of RFC 7677 §3, whose user has the password "pencil"
    keys = scram_keys.derive("SHA-256", "pencil", b"[m\x99h\x9d\x125\x8e\xec\xa0K\x14\x126\xfa\x81", 4096)
    assert to_text("SHA-256", keys) == (
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
        "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    )


def test_no_text_no_keys() -> None:
    assert from_text("") is None


@pytest.mark.parametrize("text", ["x", "SCRAM-SHA-1$a$b", "SCRAM-SHA-1$1:$2:3:4"])
def test_other_text_is_an_error(text: str) -> None:
    with pytest.raises(ValueError):
        from_text(text)
