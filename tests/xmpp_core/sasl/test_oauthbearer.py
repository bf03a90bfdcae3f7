"""test_oauthbearer — OAUTHBEARER: a token, whose owner somebody else knows, and a refusal in two steps."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_core.sasl.base import Challenge, Failure, NeedOwner, SaslContext, Success
from xmpp_core.sasl.oauthbearer import REFUSED, OAuthBearer, read

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
    b"n,,\x01auth=Bearer a\0\x01\x01", b"n,,\x01auth=Bearer \xc3\xa4\x01\x01", b"n,,\x011=a\x01auth=Bearer a\x01\x01",
    b"n,,\x01auth=Bearer a\x01auth=Bearer b\x01\x01", b"n,a=,\x01auth=Bearer a\x01\x01", b"\x01",
    b"n,,\x01auth=Bearer a\x01\x01\x01", b"n,,\x01=a\x01auth=Bearer a\x01\x01", b"n,\x01auth=Bearer a\x01\x01",
    b"n,a=b=2A,\x01auth=Bearer a\x01\x01", b"n,,\x01auth=Bearer \xff\x01\x01", b"n,,\x01auth\x01\x01",
])  # fmt: skip
def test_what_is_malformed(message: bytes) -> None:
    assert OAuthBearer(CONTEXT).step(message) == Failure("malformed-request")


@given(st.binary(max_size=60))
def test_any_bytes_have_an_answer(data: bytes) -> None:
    assert isinstance(OAuthBearer(CONTEXT).step(data), Failure | Challenge | NeedOwner)


# -- the examples of RFC 7628 §4, as they stand there


@pytest.mark.parametrize("port", ["143", "587"])
def test_the_example_of_a_login(port: str) -> None:
    """§4.1 (IMAP) and §4.4 (SMTP)."""
    sent = {
        "143": "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyIHZGOWRmdDRxb"
        "VRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB",
        "587": "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9NTg3AWF1dGg9QmVhcmVyIHZGOWRmdDRxb"
        "VRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB",
    }[port]
    data = base64.b64decode(sent)
    assert read(data) == ("user@example.com", "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==")
    mechanism = OAuthBearer(SaslContext("example.com", secret=b"s" * 16, nonce="n"))
    assert isinstance(mechanism.step(data), NeedOwner)
    assert mechanism.answer("user") == Success("user")


def test_the_example_of_a_refusal() -> None:
    """§4.3: the server says why in JSON, of which `status` must be there; the client says AQ==, and it is over."""
    mechanism = OAuthBearer(CONTEXT)
    mechanism.step(MESSAGE)
    told = mechanism.answer("")
    assert isinstance(told, Challenge)
    assert json.loads(told.data)["status"] == "invalid_token"
    assert mechanism.step(base64.b64decode("AQ==")) == Failure("not-authorized")


def test_a_name_with_signs_of_the_header() -> None:
    """§3.1: gs2-header is that of RFC 5801, where a comma is =2C and an equals sign =3D."""
    assert read(b"n,a=a=2Cb=3Dc@x,\x01auth=Bearer t\x01\x01") == ("a,b=c@x", "t")


def test_values_may_have_spaces_and_lines() -> None:
    assert read(b"n,,\x01host=a\r\n\tb c\x01auth=Bearer t\x01\x01") == ("", "t")
