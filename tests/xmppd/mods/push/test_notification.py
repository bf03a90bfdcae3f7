"""notification — what an app server is sent, and which of its errors end a registration."""

from __future__ import annotations

import pytest

from xmpp_core import ns
from xmpp_core.errors import StanzaError
from xmppd.mods.push.notification import LONGEST, Summary, is_permanent, publication
from xmppd.mods.push.registrations import PushRegistration

FORM = (
    "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>"
    "<value>http://jabber.org/protocol/pubsub#publish-options</value></field>"
    "<field var='secret'><value>eruio234vzxc2kla-91</value></field></x>"
)
ROW = PushRegistration("localhost", "juliet", "push.test", "yxs32uqsflafdk3iuqo", "phone", "", FORM, 1)


def test_it_comes_from_the_server_with_the_count_and_the_options_as_they_came() -> None:
    iq = publication(ROW, Summary(3))
    assert (iq.type, str(iq.from_), str(iq.to)) == ("set", "localhost", "push.test")
    text = iq.to_xml()
    assert f"<publish node='{ROW.node}'><item><notification xmlns='{ns.PUSH}'>" in text
    assert "<field var='message-count'><value>3</value></field>" in text
    assert FORM in text.replace('"', "'")
    assert "last-message" not in text


def test_words_are_said_if_there_are_any_and_not_more_than_some() -> None:
    text = publication(ROW, Summary(1, "romeo@localhost/street", "x" * 10_000)).to_xml()
    assert "<field var='last-message-sender'><value>romeo@localhost/street</value></field>" in text
    assert f"<field var='last-message-body'><value>{'x' * LONGEST}</value></field>" in text
    assert "secret words" not in repr(Summary(1, "", "secret words"))


def test_without_node_and_options_there_are_none() -> None:
    text = publication(
        PushRegistration("localhost", "juliet", "push.test", "", "phone", "", "", 1), Summary(1)
    ).to_xml()
    assert "<publish><item>" in text
    assert "publish-options" not in text


@pytest.mark.parametrize(
    ("condition", "type_", "permanent"),
    [
        ("item-not-found", "cancel", True),
        ("forbidden", "auth", True),
        ("conflict", "cancel", True),
        ("not-authorized", "auth", True),
        ("item-not-found", "wait", False),
        ("remote-server-not-found", "cancel", False),
        ("remote-server-timeout", "wait", False),
        ("service-unavailable", "cancel", False),
        ("internal-server-error", "cancel", False),
        ("undefined-condition", "cancel", False),
    ],
)
def test_which_errors_end_it(condition: str, type_: str, permanent: bool) -> None:
    assert is_permanent(StanzaError(condition, type_=type_)) is permanent
