"""test_delivery — RFC 6121 §8.5: every kind of stanza to every kind of address and set of resources."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_core.delivery import (
    BAD_REQUEST,
    DROP,
    LOCAL,
    OFFLINE,
    TABLE,
    UNAVAILABLE,
    Decision,
    Recipients,
    Resource,
    decide,
)
from xmpp_core.jid import JID

DOMAIN = JID.parse("localhost")
BARE = JID.parse("juliet@localhost")
FULL = JID.parse("juliet@localhost/balcony")
ABSENT = JID.parse("juliet@localhost/gone")

# the highest twice, one lower, one negative, one connected but not available
MANY: list[Resource] = [("balcony", 5), ("window", 5), ("garden", 1), ("pda", -1), ("fresh", None)]
NEGATIVE: list[Resource] = [("pda", -1), ("fresh", None)]
SUBSCRIPTION_TYPES = ["subscribe", "subscribed", "unsubscribe", "unsubscribed"]
ALL_KINDS = sorted(TABLE)


def to(*names: str) -> Recipients:
    return Recipients(names)


@pytest.mark.parametrize(("type_", "many", "negative", "none"), [
    ("normal", to("balcony", "window"), OFFLINE, OFFLINE),
    ("chat", to("balcony", "window"), OFFLINE, OFFLINE),
    ("headline", to("balcony", "window", "garden"), DROP, DROP),
    ("groupchat", UNAVAILABLE, UNAVAILABLE, UNAVAILABLE),
    ("error", DROP, DROP, DROP),
])  # fmt: skip
def test_message_to_bare(type_: str, many: Decision, negative: Decision, none: Decision) -> None:
    assert decide("message", type_, BARE, MANY) == many
    assert decide("message", type_, BARE, NEGATIVE) == negative
    assert decide("message", type_, BARE, []) == none


@pytest.mark.parametrize(("type_", "absent"), [
    ("normal", UNAVAILABLE),
    ("chat", to("balcony", "window")),
    ("headline", DROP),
    ("groupchat", UNAVAILABLE),
    ("error", DROP),
])  # fmt: skip
def test_message_to_full(type_: str, absent: Decision) -> None:
    assert decide("message", type_, FULL, MANY) == to("balcony")
    assert decide("message", type_, ABSENT, MANY) == absent


def test_chat_to_a_resource_that_is_gone_is_as_to_bare_also_offline() -> None:
    assert decide("message", "chat", ABSENT, []) == OFFLINE
    assert decide("message", "chat", ABSENT, NEGATIVE) == OFFLINE


@pytest.mark.parametrize("resource", ["pda", "fresh"])
def test_a_full_address_reaches_negative_and_not_yet_available_resources(resource: str) -> None:
    for kind, type_ in [("message", "chat"), ("iq", "get"), ("presence", "")]:
        assert decide(kind, type_, BARE.with_resource(resource), MANY) == to(resource)


@pytest.mark.parametrize("type_", ["", "unavailable", "error"])
def test_presence(type_: str) -> None:
    assert decide("presence", type_, BARE, MANY) == to("balcony", "window", "garden", "pda")
    assert decide("presence", type_, BARE, [("fresh", None)]) == DROP
    assert decide("presence", type_, FULL, MANY) == to("balcony")
    assert decide("presence", type_, ABSENT, MANY) == DROP


@pytest.mark.parametrize("type_", [*SUBSCRIPTION_TYPES, "probe"])
def test_subscriptions_and_probes_are_the_servers(type_: str) -> None:
    for address, resources in product([BARE, FULL, ABSENT], [MANY, []]):
        assert decide("presence", type_, address, resources) == LOCAL


@pytest.mark.parametrize(("type_", "absent"), [
    ("get", UNAVAILABLE), ("set", UNAVAILABLE), ("result", DROP), ("error", DROP),
])  # fmt: skip
def test_iq(type_: str, absent: Decision) -> None:
    assert decide("iq", type_, BARE, MANY) == decide("iq", type_, BARE, []) == LOCAL
    assert decide("iq", type_, FULL, MANY) == to("balcony")
    assert decide("iq", type_, ABSENT, MANY) == absent


@pytest.mark.parametrize(("kind", "type_"), ALL_KINDS)
def test_to_the_domain_is_the_servers(kind: str, type_: str) -> None:
    expected = DROP if type_ == "error" and kind != "iq" else LOCAL
    assert decide(kind, type_, DOMAIN, []) == expected
    assert decide(kind, type_, JID.parse("localhost/announce"), []) == expected


@pytest.mark.parametrize(("kind", "type_"), ALL_KINDS)
def test_no_such_account(kind: str, type_: str) -> None:
    decision = decide(kind, type_, BARE, [], exists=False)
    if kind == "presence":
        assert decision == (LOCAL if type_ == "probe" else DROP)
    else:
        assert decision == (DROP if type_ in ("error", "result") else UNAVAILABLE)


def test_an_unknown_type_is_normal_for_messages_and_bad_otherwise() -> None:
    assert decide("message", "x-odd", BARE, MANY) == decide("message", "", BARE, MANY) == to("balcony", "window")
    assert decide("presence", "available", BARE, MANY) == BAD_REQUEST
    assert decide("iq", "", FULL, MANY) == BAD_REQUEST


resources = st.lists(st.tuples(st.sampled_from("abcdef"), st.none() | st.integers(-128, 127)), unique_by=lambda r: r[0])
addresses = st.sampled_from([DOMAIN, BARE, *[BARE.with_resource(name) for name in "abx"]])


@given(st.sampled_from(ALL_KINDS), addresses, resources, st.booleans())
def test_recipients_are_there_and_allowed(
    kind: tuple[str, str], address: JID, known: list[Resource], exists: bool
) -> None:
    decision = decide(*kind, address, known, exists)
    if not isinstance(decision, Recipients):
        return
    priorities = dict(known)
    assert decision.resources
    assert set(decision.resources) <= set(priorities)
    assert address.local
    if kind[0] == "message" and decision.resources != (address.resource,):
        assert all((priorities[name] or 0) >= 0 and priorities[name] is not None for name in decision.resources)


@given(st.sampled_from(ALL_KINDS), addresses, resources)
def test_errors_and_results_never_bounce(kind: tuple[str, str], address: JID, known: list[Resource]) -> None:
    if kind[1] in ("error", "result"):
        assert decide(*kind, address, known) != UNAVAILABLE
