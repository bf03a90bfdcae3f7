"""Approvals as messages."""

from __future__ import annotations

import pytest

from xmpp_core import ns, parser
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.stanza import Message
from xmppd.pubsub import subscribing


def message(inner: str) -> Message:
    return Message(parser.parse_document(f"<message xmlns='jabber:client'>{inner}</message>"))


def test_only_an_answer_to_our_form_is_an_approval() -> None:
    form = "<x xmlns='jabber:x:data' type='{}'><field var='FORM_TYPE'><value>{}</value></field></x>"
    of = f"{ns.PUBSUB}#subscribe_authorization"
    assert subscribing.approval_of(message(form.format("submit", of))) is not None
    assert subscribing.approval_of(message(form.format("cancel", of))) is not None
    for other in ("", "<body>hi</body>", form.format("form", of), form.format("submit", "urn:x")):
        assert subscribing.approval_of(message(other)) is None
    twice = "<field var='a'/><field var='a'/></x>"
    assert subscribing.approval_of(message(form.format("submit", of).replace("</x>", twice))) is None


def test_nobody_subscribes_another() -> None:
    who = JID.parse("anna@localhost/desk")
    for good in ("anna@localhost", "anna@localhost/desk"):
        assert subscribing.own_jid(good, who).full == good
    for bad in ("", "bert@localhost", "anna@localhost/phone", "@"):
        with pytest.raises(StanzaError, match="bad-request"):
            subscribing.own_jid(bad, who)
