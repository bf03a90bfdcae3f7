"""matters — which messages a client is woken for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.jid import JID
from xmppd.mods.push.matters import Weight, weight

OWNER = JID.parse("juliet@localhost")
BODY, EMPTY = el("body", ns.CLIENT, None, "hello"), el("body", ns.CLIENT)
WORDS = el("encrypted", ns.OMEMO_OLD, None, el("header", ns.OMEMO_OLD), el("payload", ns.OMEMO_OLD))
KEYS = el("encrypted", ns.OMEMO_OLD, None, el("header", ns.OMEMO_OLD))
PROPOSE, RETRACT = el("propose", ns.JINGLE_MESSAGE, {"id": "1"}), el("retract", ns.JINGLE_MESSAGE, {"id": "1"})
INVITE = el("x", ns.MUC_USER, None, el("invite", ns.MUC_USER, {"from": "a@x"}))
WORTHLESS = [
    el("received", ns.RECEIPTS, {"id": "1"}),
    el("displayed", ns.MARKERS, {"id": "1"}),
    el("composing", ns.CHATSTATES),
    el("store", ns.HINTS),
    KEYS,
    RETRACT,
    EMPTY,
]


def message(*children: Element, type_: str = "chat", from_: str = "romeo@localhost/street") -> Element:
    return el("message", ns.CLIENT, {"type": type_, "from": from_}, *children)


def copy(way: str, original: Element) -> Element:
    envelope = el(way, ns.CARBONS, None, el("forwarded", ns.FORWARD, None, original))
    return message(envelope, from_=OWNER.bare)


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (message(BODY), Weight.MESSAGE),
        (message(BODY, type_="normal"), Weight.MESSAGE),
        (message(BODY, type_="groupchat"), Weight.MESSAGE),
        (message(WORDS), Weight.MESSAGE),
        (message(el("openpgp", ns.OPENPGP, None, "…")), Weight.MESSAGE),
        (message(INVITE, type_="normal"), Weight.MESSAGE),
        (message(el("x", ns.INVITE, {"jid": "room@rooms"}), type_="normal"), Weight.MESSAGE),
        (message(PROPOSE), Weight.CALL),
        (message(el("invite", ns.CALL_INVITES)), Weight.CALL),
        (message(BODY, PROPOSE), Weight.CALL),
        (copy("received", message(BODY)), Weight.MESSAGE),
        (copy("received", message(PROPOSE)), Weight.CALL),
        (copy("sent", message(BODY, from_="juliet@localhost/desk")), Weight.NOTHING),
        (message(BODY, from_="juliet@localhost/desk"), Weight.NOTHING),
        (message(BODY, type_="headline"), Weight.NOTHING),
        (message(BODY, type_="error"), Weight.NOTHING),
        (message(el("event", ns.PUBSUB_EVENT), type_="headline"), Weight.NOTHING),
    ],
)
def test_what_somebody_wrote_matters_and_a_call_more(what: Element, expected: Weight) -> None:
    assert weight(what, OWNER) is expected


@given(st.lists(st.sampled_from(WORTHLESS)), st.sampled_from(["chat", "normal", "groupchat"]))
def test_what_clients_say_to_each_other_without_words_does_not(children: list[Element], type_: str) -> None:
    assert weight(message(*children, type_=type_), OWNER) is Weight.NOTHING
