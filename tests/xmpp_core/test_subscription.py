"""test_subscription — the roster's state machine against RFC 6121's tables and its invariants.

Each test of an invariant bears its number. The oracle, subscription-tables.csv, is Appendix A typed
cell by cell: it was not made from the code.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_core.subscription import (
    IN_AXIS,
    OUT_AXIS,
    AutoReply,
    Effect,
    In,
    Item,
    Out,
    Probe,
    Push,
    Route,
    SendPresence,
    SendUnavailable,
    ShowToOwner,
    SubscriptionEvent,
    apply,
    edit,
    on_available,
    on_login,
    on_probe,
    received,
    remove,
    sent,
    table,
)

STATES = {
    "None": (Out.NONE, In.NONE),
    "None+PO": (Out.ASK, In.NONE),
    "None+PI": (Out.NONE, In.PEND),
    "None+PO+PI": (Out.ASK, In.PEND),
    "To": (Out.TO, In.NONE),
    "To+PI": (Out.TO, In.PEND),
    "From": (Out.NONE, In.FROM),
    "From+PO": (Out.ASK, In.FROM),
    "Both": (Out.TO, In.FROM),
}
ROWS = list(csv.DictReader(Path(__file__).with_name("subscription-tables.csv").open()))
OUT_EVENTS = {event for event, _ in OUT_AXIS}
IN_EVENTS = {event for event, _ in IN_AXIS}

events = st.sampled_from(SubscriptionEvent)
items = st.builds(
    Item,
    name=st.sampled_from(["", "Julia"]),
    groups=st.sampled_from([(), ("Friends", "Verona")]),
    out=st.sampled_from(Out),
    in_=st.sampled_from(In),
    approved=st.booleans(),
    listed=st.booleans(),
).map(lambda item: replace(item, listed=item.listed or apply_lists(item)))


def apply_lists(item: Item) -> bool:
    """What the state alone puts into the roster; written here a second time on purpose."""
    return item.out in (Out.ASK, Out.TO) or item.in_ is In.FROM or item.approved


def axes(item: Item) -> tuple[Out, In]:
    return item.out, item.in_


def item_in(name: str) -> Item:
    out, in_ = STATES[name]
    item = Item(out=out, in_=in_)
    return replace(item, listed=apply_lists(item))


def kinds(effects: tuple[Effect, ...], cls: type) -> list[str]:
    return [effect.kind for effect in effects if isinstance(effect, cls)]


# the oracle


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['#']}-{row['dir']}-{row['stanza']}-{row['state before']}")
def test_invariant_11_oracle(row: dict[str, str]) -> None:
    before = item_in(row["state before"])
    event = SubscriptionEvent(f"{row['dir']} {row['stanza']}")
    after, effects = apply(before, event)
    expected = row["state before"] if row["RFC new state"] == "=" else row["RFC new state"]
    assert axes(after) == STATES[expected]
    passed = kinds(effects, Route if event.is_sent else ShowToOwner)
    assert passed == ([row["stanza"]] if row["RFC route/deliver"] == "MUST" else [])
    assert kinds(effects, AutoReply) == [kind for kind in [row["RFC auto-reply"]] if kind]
    assert effects.count(Push()) == bool(row["RFC push"])
    assert after.approved is ("pre-approve" in row["RFC route/deliver"].split(", "))


def test_the_oracle_has_all_72_cells() -> None:
    cells = {(row["dir"], row["stanza"], row["state before"]) for row in ROWS}
    assert len(cells) == len(ROWS) == 72


@pytest.mark.parametrize(("out", "in_", "event", "expected"), [
    # seed-flow items 25 to 28: the eight transitions the seed document walks through
    (Out.NONE, In.NONE, sent("subscribe"), (Out.ASK, In.NONE)),
    (Out.NONE, In.NONE, received("subscribe"), (Out.NONE, In.PEND)),
    (Out.NONE, In.PEND, sent("subscribed"), (Out.NONE, In.FROM)),
    (Out.ASK, In.NONE, received("subscribed"), (Out.TO, In.NONE)),
    (Out.NONE, In.FROM, sent("subscribe"), (Out.ASK, In.FROM)),
    (Out.TO, In.NONE, received("subscribe"), (Out.TO, In.PEND)),
    (Out.TO, In.PEND, sent("subscribed"), (Out.TO, In.FROM)),
    (Out.ASK, In.FROM, received("subscribed"), (Out.TO, In.FROM)),
])  # fmt: skip
def test_seed_flow_25_to_28(out: Out, in_: In, event: SubscriptionEvent, expected: tuple[Out, In]) -> None:
    assert axes(apply(Item(out=out, in_=in_), event)[0]) == expected


# one user


@given(items, events)
def test_invariant_1_closure(item: Item, event: SubscriptionEvent) -> None:
    assert axes(apply(item, event)[0]) in STATES.values()


def test_invariant_2_totality() -> None:
    for out, in_, approved, listed, event in product(Out, In, (False, True), (False, True), SubscriptionEvent):
        apply(Item(out=out, in_=in_, approved=approved, listed=listed), event)
    assert len(OUT_AXIS) + len(IN_AXIS) == 24
    assert set(SubscriptionEvent) == OUT_EVENTS | IN_EVENTS


@given(items, items, events)
def test_invariant_3_factorisation(one: Item, other: Item, event: SubscriptionEvent) -> None:
    same_out, same_in = replace(other, out=one.out), replace(other, in_=one.in_, approved=one.approved)
    assert apply(one, event)[0].out == apply(same_out, event)[0].out
    assert apply(one, event)[0].in_ == apply(same_in, event)[0].in_


@given(items, events)
def test_invariant_4_frame(item: Item, event: SubscriptionEvent) -> None:
    after, _ = apply(item, event)
    if event in OUT_EVENTS:
        assert (after.in_, after.approved) == (item.in_, item.approved)
    else:
        assert after.out == item.out


@given(items, events)
def test_invariant_5_idempotence(item: Item, event: SubscriptionEvent) -> None:
    once, _ = apply(item, event)
    assert apply(once, event)[0] == once


@given(items, st.sampled_from(sorted(OUT_EVENTS)), st.sampled_from(sorted(IN_EVENTS)))
def test_invariant_6_commutation(item: Item, on_out: SubscriptionEvent, on_in: SubscriptionEvent) -> None:
    one = apply(apply(item, on_out)[0], on_in)[0]
    assert one == apply(apply(item, on_in)[0], on_out)[0]


def test_invariant_6_only_six_pairs_do_not_commute() -> None:
    def unapproved(item: Item, *both: SubscriptionEvent) -> tuple[Out, In]:
        for event in both:  # the axes alone, as Appendix A has them: nothing is approved in advance
            item = replace(apply(item, event)[0], approved=False)
        return axes(item)

    def commute(a: SubscriptionEvent, b: SubscriptionEvent) -> bool:
        states = [Item(out=out, in_=in_) for out, in_ in STATES.values()]
        return all(unapproved(item, a, b) == unapproved(item, b, a) for item in states)

    pairs = [(a, b) for a, b in product(SubscriptionEvent, SubscriptionEvent) if a.value < b.value]
    assert len(pairs) == 28
    assert len([pair for pair in pairs if not commute(*pair)]) == 6


@given(items, events)
def test_invariant_7_no_gain_without_request(item: Item, event: SubscriptionEvent) -> None:
    if item.out is not Out.TO and apply(item, event)[0].out is Out.TO:
        assert (item.out, event) == (Out.ASK, SubscriptionEvent.RECEIVE_SUBSCRIBED)


@given(items, events)
def test_invariant_8_no_grant_without_consent(item: Item, event: SubscriptionEvent) -> None:
    if item.in_ is not In.FROM and apply(item, event)[0].in_ is In.FROM:
        consents = event is SubscriptionEvent.SEND_SUBSCRIBED and item.in_ is In.PEND
        assert consents or (event is SubscriptionEvent.RECEIVE_SUBSCRIBE and item.approved)


@given(items)
def test_invariant_9_reset(item: Item) -> None:
    after = apply(apply(item, SubscriptionEvent.SEND_UNSUBSCRIBE)[0], SubscriptionEvent.SEND_UNSUBSCRIBED)[0]
    assert axes(after) == STATES["None"]
    assert not after.approved


@given(items)
def test_invariant_10_removal(item: Item) -> None:
    after, effects = remove(item)
    assert after == Item()
    assert ("unsubscribe" in kinds(effects, Route)) == (item.out is not Out.NONE)
    assert ("unsubscribed" in kinds(effects, Route)) == (item.in_ is not In.NONE)
    assert effects[-1] == Push(removed=True)
    if item.in_ is In.FROM:
        assert effects.index(SendUnavailable()) < effects.index(Route("unsubscribed"))


@given(items)
def test_invariant_12_projection(item: Item) -> None:
    shown = {Out.TO: {In.FROM: "both"}.get(item.in_, "to")}.get(item.out, "from" if item.in_ is In.FROM else "none")
    assert item.subscription == shown
    assert item.ask == ("subscribe" if item.out is Out.ASK else None)
    if item.in_ is not In.FROM:  # a request that waits shows nowhere
        assert replace(item, in_=In.PEND).visible == replace(item, in_=In.NONE).visible


@given(items, events)
def test_invariant_13_push_iff_visible(item: Item, event: SubscriptionEvent) -> None:
    after, effects = apply(item, event)
    assert effects.count(Push()) == (after.visible != item.visible)


@given(items, events)
def test_invariant_14_only_own_stanzas_are_routed(item: Item, event: SubscriptionEvent) -> None:
    _, effects = apply(item, event)
    routed = kinds(effects, Route)
    assert routed in ([], [event.kind]) if event.is_sent else routed == []
    assert not (event.is_sent and kinds(effects, ShowToOwner))


@given(items, events)
def test_invariant_15_deliver_iff_changed(item: Item, event: SubscriptionEvent) -> None:
    after, effects = apply(item, event)
    if not event.is_sent:
        consumed = event is SubscriptionEvent.RECEIVE_SUBSCRIBE and item.approved
        assert bool(kinds(effects, ShowToOwner)) == (axes(after) != axes(item) and not consumed)


@given(items, events)
def test_invariant_16_auto_reply(item: Item, event: SubscriptionEvent) -> None:
    replies = kinds(apply(item, event)[1], AutoReply)
    allowed = {
        SubscriptionEvent.RECEIVE_SUBSCRIBE: ["subscribed"] if item.in_ is In.FROM or item.approved else [],
        SubscriptionEvent.RECEIVE_UNSUBSCRIBE: ["unsubscribed"] if item.in_ is not In.NONE else [],
    }
    pending = event is SubscriptionEvent.RECEIVE_SUBSCRIBE and item.in_ is In.PEND
    assert replies == ([] if pending else allowed.get(event, []))


@given(items, st.sampled_from(["subscribed", "unsubscribed"]))
def test_invariant_16_no_ping_pong(item: Item, reply: str) -> None:
    assert kinds(apply(item, received(reply))[1], AutoReply) == []


@given(st.lists(st.sampled_from([e for e in SubscriptionEvent if not e.is_sent])), st.booleans())
def test_invariant_17_pending_alone_is_hidden(incoming: list[SubscriptionEvent], made: bool) -> None:
    item = edit(Item(), "Julia", ("Verona",))[0] if made else Item()
    for event in incoming:
        item = apply(item, event)[0]
    assert (item.visible is not None) == made
    assert (item.name, item.groups) == (("Julia", ("Verona",)) if made else ("", ()))


@given(items, st.text(max_size=5), events)
def test_invariant_18_roster_set_and_presence_keep_apart(item: Item, name: str, event: SubscriptionEvent) -> None:
    after, effects = edit(item, name, ("Verona",))
    assert (axes(after), after.approved) == (axes(item), item.approved)
    assert effects == (Push(),)
    moved = apply(item, event)[0]
    assert (moved.name, moved.groups) == (item.name, item.groups)


# the order of effects


def test_gaining_from_routes_then_pushes_then_shows_presence() -> None:
    assert apply(item_in("None+PI"), sent("subscribed"))[1] == (Route("subscribed"), Push(), SendPresence())


def test_gaining_to_delivers_then_pushes_then_probes() -> None:
    assert apply(item_in("None+PO"), received("subscribed"))[1] == (ShowToOwner("subscribed"), Push(), Probe())


def test_losing_from_by_unsubscribed_sends_unavailable_first() -> None:
    effects = apply(item_in("Both"), sent("unsubscribed"))[1]
    assert effects == (SendUnavailable(), Route("unsubscribed"), Push())


def test_losing_from_by_unsubscribe_delivers_first_and_replies_last() -> None:
    effects = apply(item_in("From"), received("unsubscribe"))[1]
    assert effects == (ShowToOwner("unsubscribe"), Push(), SendUnavailable(), AutoReply("unsubscribed"))


def test_pre_approval_answers_for_the_user() -> None:
    approved, effects = apply(Item(), sent("subscribed"))
    assert (approved.visible, effects) == (("none", None, True), (Push(),))
    after, effects = apply(approved, received("subscribe"))
    assert effects == (Push(), AutoReply("subscribed"), SendPresence())
    assert after.visible == ("from", None, True)
    cancelled, effects = apply(approved, sent("unsubscribed"))
    assert (cancelled.visible, effects) == (("none", None, False), (Push(),))


@given(items, events)
def test_side_effects_follow_the_axes(item: Item, event: SubscriptionEvent) -> None:
    after, effects = apply(item, event)
    assert (SendPresence() in effects) == (item.in_ is not In.FROM and after.in_ is In.FROM)
    assert (SendUnavailable() in effects) == (item.in_ is In.FROM and after.in_ is not In.FROM)
    assert (Probe() in effects) == (item.out is not Out.TO and after.out is Out.TO)


def test_login_shows_what_waits_and_asks_again() -> None:
    assert on_login(item_in("None+PO+PI")) == (ShowToOwner("subscribe"), Route("subscribe"))
    assert on_login(item_in("Both")) == ()


@pytest.mark.parametrize(("state", "answer"), [
    ("From", SendPresence()), ("Both", SendPresence()),
    ("None", AutoReply("unsubscribed")), ("To", AutoReply("unsubscribed")),
])  # fmt: skip
def test_probe_is_answered(state: str, answer: Effect) -> None:
    assert on_probe(item_in(state)) == (answer,)


def test_probe_leaves_a_request_that_waits_alone() -> None:
    assert on_probe(item_in("None+PI")) == ()


def test_unasked_presence_is_answered() -> None:
    assert on_available(item_in("From")) == (AutoReply("unsubscribe"),)
    assert on_available(item_in("None+PO")) == on_available(item_in("To")) == ()


def test_kinds_that_are_no_subscription_are_refused() -> None:
    with pytest.raises(ValueError, match="probe"):
        sent("probe")


def test_the_table_is_printed_from_the_code() -> None:
    lines = table().splitlines()
    assert len(lines) == 2 + 8
    assert "| in subscribed | out | none | to* | to |" in lines
    assert "| in subscribe | in | pend* | pend | from, replies subscribed |" in lines
