"""test_errors — the conditions of RFC 6120 and their elements.

RFC:  6120 §4.9, §8.3
"""

import pytest

from xmpp_core import errors, ns
from xmpp_core.element import el
from xmpp_core.errors import StanzaError, StreamError, stanza_error


def test_each_condition_has_its_type() -> None:
    assert len(errors.STANZA_CONDITIONS) == 22
    assert set(errors.STANZA_CONDITIONS.values()) <= errors.STANZA_TYPES
    assert len(errors.STREAM_CONDITIONS) == 25
    assert stanza_error("forbidden").type_ == "auth"
    assert stanza_error("not-allowed", type_="modify").type_ == "modify"


def test_unknown_names_are_refused() -> None:
    for make in (
        lambda: StanzaError("nonsense"),
        lambda: StreamError("nonsense"),
        lambda: StanzaError("gone", type_="x"),
    ):
        with pytest.raises(ValueError, match="no such"):
            make()


def test_a_stanza_error_as_xml_and_back() -> None:
    error = StanzaError("gone", "moved", app=el("x", "urn:x"), uri="xmpp:a@b")
    xml = error.to_element(by="here").to_xml()
    assert xml == (
        f"<error type='cancel' by='here'><gone xmlns='{ns.STANZAS}'>xmpp:a@b</gone>"
        f"<text xmlns='{ns.STANZAS}' xml:lang='en'>moved</text><x xmlns='urn:x'/></error>"
    )
    back = StanzaError.from_element(el("iq", ns.CLIENT, {"type": "error"}, error.to_element()))
    assert (back.condition, back.type_, back.text, back.uri, back.app) == (
        "gone",
        "cancel",
        "moved",
        "xmpp:a@b",
        error.app,
    )


def test_an_unknown_error_is_read_as_undefined() -> None:
    strange = el("error", ns.CLIENT, {"type": "odd"}, el("brand-new", ns.STANZAS))
    assert StanzaError.from_element(el("iq", ns.CLIENT, None, strange)).condition == "undefined-condition"
    assert StanzaError.from_element(el("iq", ns.CLIENT)).type_ == "cancel"


def test_a_stream_error_as_xml() -> None:
    error = StreamError("see-other-host", "busy", uri="other:5222")
    assert error.to_element().to_xml() == (
        f"<stream:error><see-other-host xmlns='{ns.STREAMS}'>other:5222</see-other-host>"
        f"<text xmlns='{ns.STREAMS}' xml:lang='en'>busy</text></stream:error>"
    )
    assert error.events == []
