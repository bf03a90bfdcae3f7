"""test_stream_answers — the elements of negotiation, as they are written."""

from __future__ import annotations

import pytest

from xmpp_core import ns
from xmpp_core import stream_answers as answers
from xmpp_core.element import el
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.sasl.base import Failure

IQ = el("iq", ns.CLIENT, {"type": "set", "id": "b1", "to": "localhost"})


def test_features() -> None:
    assert answers.starttls_feature(True).to_xml() == f"<starttls xmlns='{ns.TLS}'><required/></starttls>"
    assert answers.starttls_feature(False).to_xml() == f"<starttls xmlns='{ns.TLS}'/>"
    bind, session = answers.bind_features()
    assert bind.to_xml() == f"<bind xmlns='{ns.BIND}'/>"
    assert session.to_xml() == f"<session xmlns='{ns.SESSION}'><optional/></session>"


def test_auth_features_name_the_channel_binding_only_with_plus() -> None:
    assert [f.name for f in answers.auth_features(("PLAIN",), legacy=False)] == ["mechanisms"]
    names = [f.name for f in answers.auth_features(("SCRAM-SHA-1-PLUS",), legacy=True)]
    assert names == ["mechanisms", "sasl-channel-binding", "auth"]
    assert answers.auth_features((), legacy=False) == ()


@pytest.mark.parametrize(("text", "data"), [(None, None), ("=", b""), ("AGEAYg==", b"\0a\0b")])
def test_sasl_data(text: str | None, data: bytes | None) -> None:
    assert answers.sasl_data(el("auth", ns.SASL, None, text)) == data


@pytest.mark.parametrize("text", ["a", "====", "AG EA", "AGEAYg", "ümlaut", "AGEAYg==\n"])
def test_sasl_data_that_is_not_base64(text: str) -> None:
    with pytest.raises(answers.BadBase64):
        answers.sasl_data(el("auth", ns.SASL, None, text))


def test_sasl_answers() -> None:
    assert answers.challenge(b"").to_xml() == f"<challenge xmlns='{ns.SASL}'/>"
    assert answers.success(None).to_xml() == f"<success xmlns='{ns.SASL}'/>"
    assert answers.success(b"").text() == "="
    refused = answers.failure(Failure("not-authorized", text="no"))
    assert [child.name for child in refused.elements()] == ["not-authorized", "text"]


def test_iq_answers_carry_the_id_and_swap_the_address() -> None:
    assert answers.result(IQ).to_xml() == "<iq type='result' id='b1'/>"
    refused = answers.error(IQ, StanzaError("bad-request"))
    assert refused.attrs == {"type": "error", "id": "b1", "from": "localhost"}
    assert StanzaError.from_element(refused).condition == "bad-request"
    bound = answers.bound(IQ, JID.parse("juliet@localhost/x")).child("bind", ns.BIND)
    assert bound is not None
    assert bound.child_text("jid") == "juliet@localhost/x"


def test_refusals() -> None:
    assert answers.tls_failure().to_xml() == f"<failure xmlns='{ns.TLS}'/>"
    assert answers.proceed().to_xml() == f"<proceed xmlns='{ns.TLS}'/>"
    failed = answers.sm_refusal(el("enable", "urn:xmpp:sm:2"), "unexpected-request")
    assert failed.ns == "urn:xmpp:sm:2"
    assert failed.child("unexpected-request", ns.STANZAS) is not None
