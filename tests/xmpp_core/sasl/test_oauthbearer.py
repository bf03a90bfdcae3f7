"""test_oauthbearer — OAUTHBEARER: a token, whose owner somebody else knows, and a refusal in two steps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_core.sasl.base import Challenge, Failure, NeedOwner, SaslContext, Success
from xmpp_core.sasl.oauthbearer import REFUSED, OAuthBearer

CONTEXT = SaslContext("localhost", secret=b"s" * 16, nonce="n")
MESSAGE = b"n,a=juliet@localhost,\x01host=localhost\x01port=5222\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHR==\x01\x01"


@pytest.mark.parametrize("message", [MESSAGE, b"n,,\x01auth=bearer vF9dft4qmTc2Nvb3RlckBhbHR==\x01\x01"])
def test_the_owner_of_a_token(message: bytes) -> None:
    mechanism = OAuthBearer(CONTEXT)
    assert mechanism.step(None) == Challenge(b"")
    need = mechanism.step(message)
    assert need == NeedOwner("vF9dft4qmTc2Nvb3RlckBhbHR==")
    assert "vF9dft" not in repr(need)
    assert mechanism.answer("juliet") == Success("juliet")


def test_a_token_that_is_not_good_is_told_first() -> None:
    mechanism = OAuthBearer(CONTEXT)
    mechanism.step(MESSAGE)
    assert mechanism.answer("") == Challenge(REFUSED)
    assert mechanism.step(b"\x01") == Failure("not-authorized")


@pytest.mark.parametrize(
    "message", [b"n,,\x01\x01", b"n,,\x01auth=Basic YQ==\x01\x01", b"n,,\x01auth=Bearer a b\x01\x01"]
)
def test_no_token_is_none_that_is_good(message: bytes) -> None:
    mechanism = OAuthBearer(CONTEXT)
    assert mechanism.step(message) == Challenge(REFUSED)
    assert mechanism.step(MESSAGE) == Failure("not-authorized")


def test_nobody_acts_for_another() -> None:
    mechanism = OAuthBearer(CONTEXT)
    mechanism.step(MESSAGE)
    assert mechanism.answer("romeo") == Failure("invalid-authzid", "romeo")


@pytest.mark.parametrize("message", [
    b"", b"\0juliet\0x", b"n,,auth=Bearer a\x01\x01", b"n,,\x01auth=Bearer a\x01",
    b"p=tls-exporter,,\x01auth=Bearer a\x01\x01",
    b"n,a=b=2A,\x01auth=Bearer a\x01\x01", b"n,,\x01auth=Bearer \xff\x01\x01", b"n,,\x01auth\x01\x01",
])  # fmt: skip
def test_what_is_malformed(message: bytes) -> None:
    assert OAuthBearer(CONTEXT).step(message) == Failure("malformed-request")


@given(st.binary(max_size=60))
def test_any_bytes_have_an_answer(data: bytes) -> None:
    assert isinstance(OAuthBearer(CONTEXT).step(data), Failure | Challenge | NeedOwner)
