"""A message for many."""

from otp.kernel import codec
from xmpp_core import parser
from xmpp_core.element import el
from xmpp_core.jid import JID
from xmpp_core.stanza import Message, make_message
from xmppd.routing import wire  # noqa: F401 - what may cross
from xmppd.routing.deliver import Deliver
from xmppd.routing.serialized_message import SerializedMessage

FROM, TO = JID.parse("romeo@localhost"), JID.parse("juliet@localhost/o'neil")
CONTENT = el("event", "urn:e", {"a": "<'&"}, el("x", "jabber:client", None, "text > text"))


def made() -> SerializedMessage:
    return SerializedMessage(make_message(None, None, CONTENT, type_="headline", from_=FROM).el, FROM)


def test_it_is_written_as_any_message_is() -> None:
    plain = make_message(TO, None, CONTENT, type_="headline", from_=FROM)
    found = made().addressed(to=TO)
    for space in ("jabber:client", "jabber:server", "jabber:component:accept"):
        assert parser.parse_document(f"<x xmlns='{space}'>{found.to_xml(space)}</x>") == parser.parse_document(
            f"<x xmlns='{space}'>{plain.to_xml(space)}</x>"
        )
    assert parser.parse_document(found.to_xml("")) == plain.el
    assert found == plain


def test_who_changes_it_has_a_plain_one() -> None:
    other = made().with_el(make_message(TO, "hi").el)
    assert type(other) is Message
    assert "hi" in other.to_xml()


def test_it_crosses_as_a_plain_one() -> None:
    found = made().addressed(to=TO)
    assert codec.decode(codec.encode(found)) == found
    assert codec.decode(codec.encode(Deliver(found))).stanza == found
