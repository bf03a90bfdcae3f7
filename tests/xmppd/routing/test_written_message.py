"""test_written_message — text on the wire, a tree to who looks."""

from __future__ import annotations

import pytest

from xmpp_core import ns
from xmpp_core.errors import StanzaError, Unreadable
from xmpp_core.jid import JID
from xmpp_core.stanza import Message, Stanza
from xmppd.routing.written_message import WrittenMessage

FROM, TO = JID.parse("juliet@localhost"), JID.parse("juliet@localhost/o'clock")


def test_it_is_what_its_text_says() -> None:
    message = WrittenMessage(FROM, TO, "<body>a &lt; b</body><x xmlns='y'/>")
    xml = message.to_xml()
    assert xml == (
        "<message from='juliet@localhost' to='juliet@localhost/o&apos;clock'>"
        "<body>a &lt; b</body><x xmlns='y'/></message>"
    )
    assert (message.type, message.id, message.is_error, message.weight() > len(xml)) == ("normal", None, False, True)
    assert message.body == "a < b"
    assert message.el.get("to") == TO.full
    assert message.el.ns == ns.CLIENT
    assert message.to_xml("") == message.el.to_xml("")


def test_between_nodes_it_is_a_message_like_any_other() -> None:
    message = WrittenMessage(FROM, TO, "<body>hi</body>")
    there = Stanza.from_wire(message.to_wire())
    assert there == message
    assert there.to == TO


def test_what_is_no_xml_is_found_out_by_who_looks() -> None:
    with pytest.raises(Unreadable):
        _ = WrittenMessage(FROM, TO, "<body>").el


def test_it_is_refused_as_any_message_is() -> None:
    message = WrittenMessage(FROM, TO, "<body>hi</body>")
    refused = message.error(StanzaError("service-unavailable"))
    assert refused == Message(message.el, FROM, TO).error(StanzaError("service-unavailable"))
    assert refused.is_error
