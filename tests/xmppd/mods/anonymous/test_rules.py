"""test_rules — what a guest may send, and to whom."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_core.element import el
from xmpp_core.jid import JID
from xmpp_core.stanza import Iq, Presence, Stanza, from_element, make_message
from xmppd.mods.anonymous.rules import refusal

FAR = JID.parse("juliet@capulet.example")


def presence(type_: str | None) -> Presence:
    made = from_element(el("presence", "jabber:client", {"type": type_, "to": FAR.full}))
    assert isinstance(made, Presence)
    return made


def iq(type_: str) -> Iq:
    payload = el("ping", "urn:xmpp:ping") if type_ in ("get", "set") else None
    made = from_element(el("iq", "jabber:client", {"type": type_, "id": "1", "to": FAR.full}, payload))
    assert isinstance(made, Iq)
    return made


@pytest.mark.parametrize("stanza", [make_message(FAR, "hello"), presence(None), presence("unavailable"), iq("get")])
def test_far_is_where_the_configuration_says(stanza: Stanza) -> None:
    assert refusal(stanza, False, ())
    assert refusal(stanza, False, ("other.example",))
    assert not refusal(stanza, True, ())
    assert not refusal(stanza, False, ("capulet.example",))
    assert not refusal(stanza, False, ("*",))


@given(st.booleans(), st.sampled_from(["subscribe", "subscribed", "unsubscribe", "unsubscribed"]))
def test_guests_have_no_contacts(near: bool, type_: str) -> None:
    assert refusal(presence(type_), near, ("*",)) == "guests have no contacts"


@pytest.mark.parametrize("type_", ["result", "error"])
def test_who_is_asked_may_answer(type_: str) -> None:
    assert not refusal(iq(type_), False, ())
