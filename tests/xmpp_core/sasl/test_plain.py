"""test_plain — PLAIN: three fields, one account, no other's name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_core.sasl.base import Challenge, Failure, NeedPasswordCheck, SaslContext, Success
from xmpp_core.sasl.plain import Plain

CONTEXT = SaslContext("localhost", secret=b"s" * 16, nonce="n")


def refused(data: bytes) -> str:
    outcome = Plain(CONTEXT).step(data)
    assert isinstance(outcome, Failure)
    return outcome.condition


@pytest.mark.parametrize("authzid", [b"", b"juliet@localhost"])
def test_the_right_password(authzid: bytes) -> None:
    plain = Plain(CONTEXT)
    assert plain.step(authzid + b"\0Juliet\0pass word") == NeedPasswordCheck("juliet", "pass word")
    assert plain.answer(True) == Success("juliet")


@pytest.mark.parametrize("found", [False, None])
def test_the_wrong_password(found: bool | None) -> None:
    plain = Plain(CONTEXT)
    plain.step(b"\0juliet\0wrong")
    assert plain.answer(found) == Failure("not-authorized", "juliet")


def test_without_an_initial_response_it_asks() -> None:
    assert Plain(CONTEXT).step(None) == Challenge(b"")


@pytest.mark.parametrize("data", [
    b"", b"juliet\0x", b"\0juliet\0x\0", b"\0\0x", b"\0juliet\0", b"\0juliet\0\xff", b"a\0b\0c\0d",
])  # fmt: skip
def test_malformed(data: bytes) -> None:
    assert refused(data) == "malformed-request"


@pytest.mark.parametrize("authzid", [b"victim", b"admin@localhost", b"juliet@localhost/x"])
def test_a_session_as_somebody_else_is_refused(authzid: bytes) -> None:
    assert refused(authzid + b"\0juliet\0secret") == "invalid-authzid"


def test_an_answer_to_no_question_is_no_login() -> None:
    assert isinstance(Plain(CONTEXT).answer(True), Failure)


@given(st.binary(max_size=60))
def test_nothing_raises(data: bytes) -> None:
    assert isinstance(Plain(CONTEXT).step(data), (Failure, NeedPasswordCheck))
