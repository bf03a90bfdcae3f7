"""One content for many: each recipient's is what a stanza of its own would be."""

from __future__ import annotations

import pytest

from xmpp_core import ns, parser
from xmpp_core.element import Element, el
from xmpp_core.jid import JID
from xmpp_core.stanza import Message, Presence, Stanza
from xmppd.muc.shared_stanza import Shared

FROM, TO = JID.parse("den@conference.l/ann"), JID.parse("ohara@l/it's")
CONTENT = [el("body", ns.CLIENT, None, "a < b"), el("x", "urn:own", {"k": "'"}, "text")]
MESSAGE = Message(Element(ns.CLIENT, "message", {"from": FROM.full, "type": "groupchat", "id": "1"}, [*CONTENT]), FROM)
PRESENCE = Presence(Element(ns.CLIENT, "presence", {"from": FROM.full}), FROM)


@pytest.mark.parametrize("one", [MESSAGE, PRESENCE])
def test_it_is_what_a_stanza_of_its_own_would_be(one: Stanza) -> None:
    shared = Shared.of(one).to(TO)
    own = one.addressed(to=TO)
    assert type(shared).kind == one.kind
    assert isinstance(shared, type(one))
    assert (shared.el, shared.to, shared.from_, shared.type, shared.id) == (own.el, TO, FROM, own.type, own.id)
    text = shared.to_xml()
    assert parser.parse_written(f"<x xmlns='{ns.CLIENT}'>{text}</x>").first() == own.el
    assert shared.to_xml(ns.SERVER) == own.to_xml(ns.SERVER)
    assert shared.weight() > 0


@pytest.mark.parametrize("one", [MESSAGE, PRESENCE])
def test_from_its_text_it_is_the_same(one: Stanza) -> None:
    shared = Shared.of(one)
    there = Shared(shared.kind, shared.head, shared.content, FROM)
    assert there.to(TO).el == one.addressed(to=TO).el
    assert there.to(TO).to_xml() == shared.to(TO).to_xml()


@pytest.mark.parametrize("one", [MESSAGE, PRESENCE])
def test_another_made_of_it_is_a_plain_one(one: Stanza) -> None:
    shared = Shared.of(one).to(TO)
    other = shared.with_el(el(one.kind, ns.CLIENT))
    assert (type(other), other.to) == (type(one), TO)
    moved = shared.addressed(to=FROM)
    assert (type(moved), moved.to, moved.el.get("to")) == (type(one), FROM, FROM.full)
    assert shared.el.get("to") == TO.full
