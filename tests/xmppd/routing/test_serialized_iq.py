"""Answers kept as text."""

import pytest

from otp.kernel import codec
from xmpp_core.element import Element
from xmpp_core.errors import Unreadable
from xmpp_core.jid import JID
from xmpp_core.stanza import make_iq
from xmppd.routing import wire
from xmppd.routing.deliver import Deliver
from xmppd.routing.serialized_iq import SerializedIq

QUERY = Element("jabber:iq:roster", "query", {"ver": "1"}, [Element("jabber:iq:roster", "item", {"jid": "a@b"})])
REQUEST = make_iq("get", "<1>", QUERY, to=JID.parse("r@localhost"), from_=JID.parse("r@localhost/x"))


def test_it_is_an_iq_like_any_other() -> None:
    written = SerializedIq(REQUEST, QUERY.to_xml())
    plain = REQUEST.result(QUERY)
    assert written.to_xml() == plain.to_xml()
    assert written == plain
    assert (written.type, written.id, written.from_, written.to) == ("result", "<1>", plain.from_, plain.to)
    assert written.to_xml("") == plain.to_xml("")


def test_it_crosses_between_nodes_as_a_tree() -> None:
    assert codec.decode(codec.encode(Deliver(SerializedIq(REQUEST, QUERY.to_xml())))).stanza == REQUEST.result(QUERY)
    assert wire.__doc__


def test_what_is_asked_of_every_stanza_needs_no_tree() -> None:
    written = SerializedIq(REQUEST, "<no xml")
    assert (written.type, written.id, written.is_error, written.is_request) == ("result", "<1>", False, False)
    assert written.weight() > len(written.to_xml())
    with pytest.raises(Unreadable):
        _ = written.el


def test_no_limit_meant_for_strangers_holds_for_it() -> None:
    items = [Element("jabber:iq:roster", "item", {"jid": f"{'a' * 60}{i}@b"}) for i in range(6000)]
    query = Element("jabber:iq:roster", "query", {}, list(items))
    assert SerializedIq(REQUEST, query.to_xml()) == REQUEST.result(query)
