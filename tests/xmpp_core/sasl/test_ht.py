"""Logins by tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_core.sasl import ht, mechanisms
from xmpp_core.sasl.base import Challenge, Failure, NeedTokens, SaslContext, Success

TOKEN = b"secret-token"


def exchange(name: str = "HT-SHA-256-NONE", binding: bytes | None = b"cert") -> ht.Ht:
    made = mechanisms.start(name, SaslContext("localhost", b"s" * 16, "nonce", channel_binding=binding))
    assert isinstance(made, ht.Ht)
    return made


@pytest.mark.parametrize(("name", "binding"), [("HT-SHA-256-NONE", b""), ("HT-SHA-256-ENDP", b"cert")])
def test_the_right_token(name: str, binding: bytes) -> None:
    mechanism = exchange(name)
    assert mechanism.step(b"Juliet\0" + ht.proof(TOKEN, binding)) == NeedTokens("juliet", name)
    found = mechanism.answer((b"another", TOKEN))
    assert found == Success("juliet", ht.counter_proof(TOKEN, binding), TOKEN)


@pytest.mark.parametrize("tokens", [(), (b"other",), None, True])
def test_no_token_that_fits(tokens: tuple[bytes, ...] | bool | None) -> None:
    mechanism = exchange()
    mechanism.step(b"juliet\0" + ht.proof(TOKEN, b""))
    assert mechanism.answer(tokens) == Failure("credentials-expired", "juliet")


def test_a_proof_for_another_connection() -> None:
    mechanism = exchange("HT-SHA-256-ENDP")
    mechanism.step(b"juliet\0" + ht.proof(TOKEN, b"other cert"))
    assert isinstance(mechanism.answer((TOKEN,)), Failure)


def test_it_waits_for_the_first_message() -> None:
    assert exchange().step(None) == Challenge(b"")


@given(st.binary(max_size=100))
def test_whatever_comes_it_does_not_raise_and_nobody_is_in(data: bytes) -> None:
    mechanism = exchange()
    assert isinstance(mechanism.step(data), NeedTokens | Failure)
    assert isinstance(mechanism.answer((TOKEN,)), Failure)
