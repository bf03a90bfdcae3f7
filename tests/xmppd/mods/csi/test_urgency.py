"""urgency — what an inactive client can wait for, and under which key."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.jid import JID
from xmpp_core.stanza import Stanza, from_element
from xmppd.mods.csi.urgency import EVENT, PRESENCE, STATE, key_of

OWNER = JID.parse("alice@x")
ALL = frozenset({PRESENCE, STATE, EVENT})
BODY, TYPING, PAUSED = (
    el("body", ns.CLIENT, None, "hello"), el("composing", ns.CHATSTATES), el("paused", ns.CHATSTATES),
)  # fmt: skip
HINT, MARK, THREAD = el("no-store", ns.HINTS), el("stanza-id", ns.STANZA_ID), el("thread", ns.CLIENT, None, "t")
OCCUPANT = el("x", ns.MUC_USER)
URGENT = [
    BODY,
    el("subject", ns.CLIENT, None, "news"),
    el("encrypted", ns.OMEMO),
    el("encrypted", ns.OMEMO_OLD),
    el("openpgp", ns.OPENPGP),
    el("propose", ns.JINGLE_MESSAGE, {"id": "call"}),
    el("retract", ns.JINGLE_MESSAGE, {"id": "call"}),
    el("invite", ns.CALL_INVITES),
    el("received", ns.RECEIPTS, {"id": "1"}),
    el("displayed", ns.MARKERS, {"id": "1"}),
    el("x", ns.INVITE, {"jid": "room@rooms"}),
    el("x", ns.MUC_USER, None, el("invite", ns.MUC_USER)),
    el("attention", ns.ATTENTION),
    el("reactions", ns.REACTIONS),
    el("result", ns.MAM),
    el("what", "urn:example:nobody-knows"),
]
IDS = [f"{one.name} {one.ns}" for one in URGENT]


def message(*children: Element, type_: str = "chat", from_: str = "bob@x/desk", to: str = "alice@x") -> Stanza:
    return from_element(el("message", ns.CLIENT, {"type": type_, "from": from_, "to": to}, *children))


def presence(type_: str | None = None, *children: Element, from_: str = "bob@x/desk") -> Stanza:
    return from_element(el("presence", ns.CLIENT, {"type": type_, "from": from_, "to": "alice@x/phone"}, *children))


def event(*children: Element, from_: str = "bob@x", **attrs: str) -> Stanza:
    return message(el("event", ns.PUBSUB_EVENT, None, *children), type_=attrs.get("type_", "headline"), from_=from_)


def items(*ids: str | None, node: str = "n", name: str = "item") -> Element:
    return el("items", ns.PUBSUB_EVENT, {"node": node}, *[el(name, ns.PUBSUB_EVENT, {"id": id_}) for id_ in ids])


def copy(way: str, inner: Stanza, from_: str = "alice@x") -> Stanza:
    return message(el(way, ns.CARBONS, None, el("forwarded", ns.FORWARD, None, inner.el)), from_=from_)


def key(stanza: Stanza, kinds: frozenset[str] = ALL) -> Any:
    return key_of(stanza, OWNER, kinds)


@pytest.mark.parametrize("child", URGENT, ids=IDS)
@pytest.mark.parametrize("type_", ["chat", "normal", "groupchat", "headline"])
def test_what_is_urgent_is_so_whatever_stands_beside(child: Element, type_: str) -> None:
    for others in ((), (TYPING,), (HINT, MARK)):
        assert key(message(child, *others, type_=type_)) is None
        assert key(message(*others, child, type_=type_)) is None


@pytest.mark.parametrize("child", URGENT, ids=IDS)
@pytest.mark.parametrize("way", ["sent", "received"])
def test_so_are_copies_of_it(child: Element, way: str) -> None:
    assert key(copy(way, message(child, TYPING))) is None


def test_requests_answers_errors_and_subscriptions_are_urgent() -> None:
    for type_ in ("get", "set", "result", "error"):
        assert key(from_element(el("iq", ns.CLIENT, {"type": type_, "id": "1"}))) is None
    for type_ in ("subscribe", "subscribed", "unsubscribe", "unsubscribed", "error", "probe"):
        assert key(presence(type_)) is None
    assert key(message(TYPING, type_="error")) is None
    assert key(copy("received", message(TYPING, type_="error"))) is None
    assert key(message()) is None


def test_of_presence_the_last_of_each_address_counts() -> None:
    assert key(presence()) == key(presence("unavailable")) == key(presence(None, el("show", ns.CLIENT, None, "away")))
    assert key(presence()) != key(presence(from_="bob@x/phone"))


def test_the_own_presence_in_a_room_is_urgent() -> None:
    def status(code: str) -> Element:
        return el("x", ns.MUC_USER, None, el("item", ns.MUC_USER), el("status", ns.MUC_USER, {"code": code}))

    assert key(presence(None, status("110"))) is None
    assert key(presence("unavailable", status("110"))) is None
    assert key(presence("unavailable", status("307"))) == (PRESENCE, "bob@x/desk")


def test_of_the_states_of_a_chat_the_last_counts() -> None:
    typing = key(message(TYPING))
    assert typing == key(message(HINT, PAUSED, MARK, THREAD)) == key(message(PAUSED, OCCUPANT))
    assert typing != key(message(TYPING, from_="bob@x/phone"))
    assert typing != key(copy("received", message(TYPING)))
    assert key(copy("sent", message(TYPING))) not in (None, key(copy("received", message(TYPING))))
    assert key(message(HINT)) is None
    assert key(message(TYPING, type_="groupchat")) is not None


def test_what_only_claims_to_be_a_copy_is_none() -> None:
    assert key(copy("sent", message(TYPING), from_="mallory@x")) is None
    assert key(copy("sent", message(TYPING), from_="alice@x/desk")) is None
    assert key(message(el("sent", ns.CARBONS), from_="alice@x")) is None


def test_of_events_the_last_of_each_item_counts() -> None:
    assert key(event(items("1"))) == key(event(items("1", name="retract")))
    assert len({key(event(items("1"))), key(event(items("2"))), key(event(items("1", node="m")))}) == 3
    assert key(event(items("1"))) != key(event(items("1"), from_="carol@x"))
    for lone in (event(items(None)), event(items()), event(el("purge", ns.PUBSUB_EVENT)), event()):
        assert key(lone) == ()
    assert key(event(items("1"), type_="normal")) is None, "it would be stored for one who is not there"


@given(st.sets(st.sampled_from([PRESENCE, STATE, EVENT])))
def test_only_what_the_operator_wants_waits(kinds: set[str]) -> None:
    chosen = frozenset(kinds)
    assert (key(presence(), chosen) is not None) == (PRESENCE in kinds)
    assert (key(message(TYPING), chosen) is not None) == (STATE in kinds)
    assert (key(copy("sent", message(TYPING)), chosen) is not None) == (STATE in kinds)
    assert (key(event(items("1")), chosen) is not None) == (EVENT in kinds)


@given(st.lists(st.sampled_from([*URGENT, TYPING, PAUSED, HINT, MARK, THREAD, OCCUPANT]), max_size=5))
def test_a_message_waits_only_if_nothing_in_it_is_urgent(children: list[Element]) -> None:
    waits = key(message(*children)) is not None
    assert waits == (not any(child in URGENT for child in children) and any(c.ns == ns.CHATSTATES for c in children))
