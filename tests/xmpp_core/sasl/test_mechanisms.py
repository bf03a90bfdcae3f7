"""test_mechanisms — what is offered where, and how an exchange begins."""

from __future__ import annotations

import pytest

from xmpp_core.sasl import mechanisms
from xmpp_core.sasl.base import SaslContext

CONTEXT = SaslContext("localhost", secret=b"s" * 16, nonce="n")


@pytest.mark.parametrize("name", mechanisms.MECHANISMS)
def test_each_mechanism_knows_its_name(name: str) -> None:
    assert mechanisms.start(name, CONTEXT).name == name


def test_an_unknown_one_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        mechanisms.start("DIGEST-MD5", CONTEXT)


def offered(*enabled: str, tls: bool = False, binding: bool = False, clear: bool = False) -> tuple[str, ...]:
    return mechanisms.offered(enabled, tls=tls, channel_binding=binding, plain_without_tls=clear)


def test_plain_wants_tls_unless_configured() -> None:
    assert offered("PLAIN") == ()
    assert offered("PLAIN", tls=True) == offered("PLAIN", clear=True) == ("PLAIN",)


def test_plus_wants_channel_binding_and_comes_first() -> None:
    assert offered("SCRAM-SHA-1", "SCRAM-SHA-256", tls=True) == ("SCRAM-SHA-256", "SCRAM-SHA-1")
    assert offered("SCRAM-SHA-1", "PLAIN", tls=True, binding=True) == ("SCRAM-SHA-1-PLUS", "SCRAM-SHA-1", "PLAIN")


def test_what_may_be_enabled() -> None:
    assert mechanisms.NAMES == ("SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN")
