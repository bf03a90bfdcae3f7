"""decision — what becomes of what strangers send."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.jid import JID
from xmpp_core.stanza import Stanza, from_element
from xmppd.mods.strangers.decision import Verdict, What, judge, speaker, what_is

BODY, STATE = el("body", ns.CLIENT, None, "hello"), el("composing", ns.CHATSTATES)
DIRECT = el("x", ns.INVITE, {"jid": "room@rooms"})


def mediated(by: str) -> Element:
    return el("x", ns.MUC_USER, None, el("invite", ns.MUC_USER, {"from": by}))


def stanza(name: str, type_: str, *children: Element, from_: str = "mallory@x/r") -> Stanza:
    return from_element(el(name, ns.CLIENT, {"type": type_ or None}, *children), JID.parse(from_), JID.parse("a@h"))


@pytest.mark.parametrize(
    ("name", "type_", "children", "expected"),
    [
        ("message", "chat", (BODY,), What.WORDS),
        ("message", "", (BODY,), What.WORDS),
        ("message", "chat", (BODY, STATE), What.WORDS),
        ("message", "chat", (STATE, el("thread", ns.CLIENT, None, "t")), What.NOISE),
        ("message", "chat", (el("received", ns.RECEIPTS, {"id": "1"}),), What.NOISE),
        ("message", "chat", (), What.NOISE),
        ("message", "headline", (BODY,), What.NOISE),
        ("message", "normal", (DIRECT,), What.INVITATION),
        ("message", "normal", (mediated("b@x"), BODY), What.INVITATION),
        ("message", "groupchat", (BODY,), What.OTHER),
        ("message", "error", (BODY,), What.OTHER),
        ("presence", "subscribe", (), What.REQUEST),
        ("presence", "subscribed", (), What.OTHER),
        ("presence", "", (), What.OTHER),
        ("iq", "get", (el("ping", ns.PING),), What.OTHER),
    ],
)
def test_what_it_is(name: str, type_: str, children: tuple[Any, ...], expected: What) -> None:
    assert what_is(stanza(name, type_, *children)) is expected


@pytest.mark.parametrize(
    ("from_", "children", "expected"),
    [
        ("mallory@x/r", (BODY,), "mallory@x"),
        ("mallory@x/r", (DIRECT,), "mallory@x"),
        ("room@rooms", (mediated("friend@h/desk"),), "friend@h"),
        ("mallory@x/r", (mediated("friend@h/desk"), BODY), "mallory@x"),
        ("room@rooms", (mediated("@@"),), ""),
    ],
)
def test_nobody_borrows_the_name_of_a_friend(from_: str, children: tuple[Any, ...], expected: str) -> None:
    assert speaker(stanza("message", "normal", *children, from_=from_)) == expected


@given(st.sampled_from(What), st.booleans(), st.booleans())
def test_who_is_known_passes_and_who_is_not_says_nothing(what: What, has_room: bool, few: bool) -> None:
    assert judge(what, known=True, has_room=has_room, few_requests=few) is Verdict.PASS
    verdict = judge(what, known=False, has_room=has_room, few_requests=few)
    if what in (What.WORDS, What.INVITATION):
        assert verdict is (Verdict.HOLD if has_room else Verdict.REFUSE)
    elif what is What.REQUEST:
        assert verdict is (Verdict.PASS if few else Verdict.DROP)
    else:
        assert verdict is (Verdict.DROP if what is What.NOISE else Verdict.PASS)
