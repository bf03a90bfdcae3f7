"""test_external — EXTERNAL: whom a client may be, by what its certificate says and what it asks for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_core.sasl.base import Challenge, Failure, NeedAccount, SaslContext, Success
from xmpp_core.sasl.external import External


def external(*identities: str) -> External:
    return External(SaslContext("localhost", secret=b"s" * 16, nonce="n", identities=identities))


def test_the_one_account_of_the_certificate() -> None:
    mechanism = external("juliet")
    assert mechanism.step(None) == Challenge(b"")
    assert mechanism.step(b"") == NeedAccount("juliet")
    assert mechanism.answer(True) == Success("juliet")


@pytest.mark.parametrize("found", [False, None, "", ()])
def test_an_account_that_is_not_there(found: Any) -> None:
    mechanism = external("juliet")
    mechanism.step(b"")
    assert mechanism.answer(found) == Failure("not-authorized", "juliet")


@pytest.mark.parametrize(("identities", "said", "condition"), [
    ((), b"", "not-authorized"), ((), b"juliet@localhost", "not-authorized"),
    (("juliet", "nurse"), b"", "invalid-authzid"), (("juliet",), b"romeo@localhost", "invalid-authzid"),
    (("juliet",), b"juliet@elsewhere", "invalid-authzid"),
    (("juliet",), b"juliet@localhost/balcony", "invalid-authzid"),
    (("juliet",), b"@", "invalid-authzid"), (("juliet",), b"localhost", "invalid-authzid"),
    (("juliet",), b"\xff", "malformed-request"),
])  # fmt: skip
def test_what_is_refused(identities: tuple[str, ...], said: bytes, condition: str) -> None:
    outcome = external(*identities).step(said)
    assert isinstance(outcome, Failure)
    assert outcome.condition == condition


@pytest.mark.parametrize("said", [b"nurse@localhost", b"Nurse@LOCALHOST"])
def test_one_of_several_is_asked_for(said: bytes) -> None:
    assert external("juliet", "nurse").step(said) == NeedAccount("nurse")


@given(st.lists(st.sampled_from(["a", "b", "c"]), unique=True), st.binary(max_size=40))
def test_nobody_gets_an_account_that_is_not_the_certificates(identities: list[str], said: bytes) -> None:
    step = external(*identities).step(said)
    assert isinstance(step, Failure) or (isinstance(step, NeedAccount) and step.username in identities)
