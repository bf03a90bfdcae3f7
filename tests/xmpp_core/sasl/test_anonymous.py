"""test_anonymous — ANONYMOUS: whatever the client says, the server gives the name."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_core.sasl.anonymous import Anonymous
from xmpp_core.sasl.base import Failure, NeedGuest, SaslContext, Success

CONTEXT = SaslContext("localhost", secret=b"s" * 16, nonce="n")


@pytest.mark.parametrize("trace", [None, b"", b"sirhc@example.org", "é".encode() * 255])
def test_a_guest_gets_the_name_that_was_found(trace: bytes | None) -> None:
    mechanism = Anonymous(CONTEXT)
    assert mechanism.step(trace) == NeedGuest()
    assert mechanism.answer("f81d4fae") == Success("f81d4fae")


@pytest.mark.parametrize("found", ["", None, False, True, ()])
def test_nobody_is_let_in_without_a_name(found: Any) -> None:
    mechanism = Anonymous(CONTEXT)
    mechanism.step(None)
    assert mechanism.answer(found) == Failure("temporary-auth-failure")


@given(st.binary(max_size=600))
def test_any_bytes_are_a_trace_or_malformed(data: bytes) -> None:
    try:
        good = len(data.decode()) <= 255
    except UnicodeDecodeError:
        good = False
    assert Anonymous(CONTEXT).step(data) == (NeedGuest() if good else Failure("malformed-request"))
