"""Answers kept as text."""

from otp.kernel import codec
from xmpp_core.element import Element
from xmpp_core.jid import JID
from xmpp_core.stanza import make_iq
from xmppd.routing import wire
from xmppd.routing.deliver import Deliver
from xmppd.routing.written import WrittenIq

QUERY = Element("jabber:iq:roster", "query", {"ver": "1"}, [Element("jabber:iq:roster", "item", {"jid": "a@b"})])
REQUEST = make_iq("get", "<1>", QUERY, to=JID.parse("r@localhost"), from_=JID.parse("r@localhost/x"))


def test_it_is_an_iq_like_any_other() -> None:
    written = WrittenIq(REQUEST, QUERY.to_xml())
    plain = REQUEST.result(QUERY)
    assert written.to_xml() == plain.to_xml()
    assert written == plain
    assert (written.type, written.id, written.from_, written.to) == ("result", "<1>", plain.from_, plain.to)
    assert written.to_xml("") == plain.to_xml("")


def test_it_crosses_between_nodes_as_a_tree() -> None:
    assert codec.decode(codec.encode(Deliver(WrittenIq(REQUEST, QUERY.to_xml())))).stanza == REQUEST.result(QUERY)
    assert wire.__doc__
