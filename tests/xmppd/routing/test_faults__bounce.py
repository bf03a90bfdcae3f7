"""What may be sent back as an error."""

import pytest

from xmpp_core import parser, stanza
from xmpp_core.errors import StanzaError
from xmppd.routing import faults


@pytest.mark.parametrize(
    ("name", "type_", "answered"),
    [
        ("message", "chat", True),
        ("message", "error", False),
        ("iq", "get", True),
        ("iq", "set", True),
        ("iq", "result", False),
        ("iq", "error", False),
        ("presence", "subscribe", True),
        ("presence", "unsubscribed", False),
        ("presence", "probe", False),
        ("presence", "unavailable", False),
        ("presence", "error", False),
    ],
)
def test_errors_and_results_never_are(name: str, type_: str, answered: bool) -> None:
    xml = f"<{name} xmlns='jabber:client' type='{type_}' id='1' from='a@localhost/x' to='b@localhost'/>"
    made = faults.bounce(stanza.from_element(parser.parse_document(xml)), StanzaError("gone"))
    assert (made is not None) is answered
    if made is not None:
        assert made.el.attrs == {"type": "error", "id": "1", "from": "b@localhost", "to": "a@localhost/x"}


def test_nobody_is_not_answered() -> None:
    made = stanza.from_element(parser.parse_document("<message xmlns='jabber:client' to='b@localhost'/>"))
    assert faults.bounce(made, StanzaError("gone")) is None
