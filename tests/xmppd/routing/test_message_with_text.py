"""A message that is written once."""

from hypothesis import given
from hypothesis import strategies as st

from otp.kernel import codec
from xmpp_core import parser
from xmpp_core.element import el
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.stanza import Message, make_message
from xmppd.routing import wire  # noqa: F401 - what may cross
from xmppd.routing.deliver import Deliver
from xmppd.routing.message_with_text import MessageWithText

FROM, TO = JID.parse("romeo@localhost"), JID.parse("juliet@localhost/o'neil")
MARK = el("stanza-id", "urn:xmpp:sid:0", {"by": "juliet@localhost", "id": "1"})
TEXTS = st.text(st.sampled_from("<>&'\"/ a\n]"), max_size=8)


def made(body: str = "hi", id_: str = "1") -> tuple[MessageWithText, Message]:
    before = make_message(TO, body, el("x", "urn:x", {"a": body}), from_=FROM)
    before.el.attrs["id"] = id_
    after = before.el.with_children(*before.el.children, MARK)
    plain = Message(after, before.from_, before.to)
    return MessageWithText(after, before.from_, before.to, before.to_xml(""), MARK.to_xml()), plain


@given(TEXTS, TEXTS)
def test_it_is_written_as_any_message_is(body: str, id_: str) -> None:
    found, plain = made(body, id_)
    assert found.to_xml() == plain.to_xml()
    assert found.to_xml("") == plain.to_xml("")
    assert found == plain
    written = found.to_xml("jabber:component:accept")
    assert parser.parse_document(f"<x xmlns='jabber:component:accept'>{written}</x>") == parser.parse_document(
        f"<x xmlns='jabber:component:accept'>{plain.to_xml('jabber:component:accept')}</x>"
    )


def test_who_changes_it_has_a_plain_one() -> None:
    found, _ = made()
    other = found.with_el(make_message(TO, "other").el)
    assert type(other) is Message
    assert "other" in other.to_xml()
    moved = found.addressed(to=FROM)
    assert type(moved) is Message
    assert f"to='{FROM.full}'" in moved.to_xml()


def test_it_is_refused_as_any_message_is() -> None:
    found, plain = made()
    refused = found.error(StanzaError("service-unavailable"))
    assert type(refused) is Message
    assert MARK.to_xml() not in refused.to_xml(), "the sender is not told the id in the recipient's archive"
    sent = Message(plain.el.with_children(*plain.el.children[:-1]), plain.from_, plain.to)
    assert refused == sent.error(StanzaError("service-unavailable"))


def test_it_crosses_as_a_plain_one() -> None:
    found, plain = made()
    assert codec.decode(codec.encode(found)) == plain
    stanza = codec.decode(codec.encode(Deliver(found))).stanza
    assert type(stanza) is Message
    assert stanza == plain
