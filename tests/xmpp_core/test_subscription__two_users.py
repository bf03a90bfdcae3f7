"""test_subscription__two_users — two rosters, delivery at once or crossing on the wire.

Under RFC 6121 the two rosters do not mirror each other once stanzas can cross; what holds is
one-sided: who believes to see is let see, who believes to have asked is known to have asked.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from xmpp_core.subscription import (
    KINDS,
    AutoReply,
    Effect,
    In,
    Item,
    Out,
    Route,
    SubscriptionEvent,
    apply,
    on_available,
    received,
    remove,
    sent,
)

SIDES = (0, 1)
MIRRORED = {(Out.NONE, In.NONE), (Out.ASK, In.PEND), (Out.TO, In.FROM)}
ONE_SIDED = MIRRORED | {(Out.NONE, In.PEND), (Out.NONE, In.FROM)}
sides = st.sampled_from(SIDES)
kinds = st.sampled_from(KINDS)


class Pair:
    """Two users' items for each other, and what is on the wire to each."""

    def __init__(self, one: Item | None = None, other: Item | None = None) -> None:
        self.items = [one or Item(), other or Item()]
        self.wire: list[deque[str]] = [deque(), deque()]
        self.routed = 0

    def send(self, side: int, kind: str) -> None:
        self._take(side, apply(self.items[side], sent(kind)))

    def remove(self, side: int) -> None:
        self._take(side, remove(self.items[side]))

    def deliver(self, side: int) -> None:
        self._take(side, apply(self.items[side], received(self.wire[side].popleft())))

    def repair(self, side: int) -> None:
        """The other side's available presence arrives here, if it is let out there."""
        if self.items[1 - side].in_ is In.FROM:
            self._take(side, (self.items[side], on_available(self.items[side])))

    def settle(self) -> None:
        while any(self.wire):
            self.deliver(0 if self.wire[0] else 1)

    def relations(self) -> set[tuple[Out, In]]:
        return {(self.items[side].out, self.items[1 - side].in_) for side in SIDES}

    def _take(self, side: int, outcome: tuple[Item, tuple[Effect, ...]]) -> None:
        self.items[side], effects = outcome
        for effect in effects:
            if isinstance(effect, (Route, AutoReply)):
                self.routed += 1
                self.wire[1 - side].append(effect.kind)


class Atomic(RuleBasedStateMachine):
    """Each stanza is done with before the next one: the two rosters mirror."""

    def __init__(self) -> None:
        super().__init__()
        self.pair = Pair()

    @rule(side=sides, kind=kinds)
    def send(self, side: int, kind: str) -> None:
        self.pair.send(side, kind)
        self.pair.settle()

    @rule(side=sides)
    def remove(self, side: int) -> None:
        self.pair.remove(side)
        self.pair.settle()

    @invariant()
    def invariant_20_mirrored(self) -> None:
        assert self.pair.relations() <= MIRRORED


class Crossing(RuleBasedStateMachine):
    """Up to three stanzas each way are on the wire; whenever it is empty, no side believes too much."""

    def __init__(self) -> None:
        super().__init__()
        self.pair = Pair()

    @rule(side=sides, kind=kinds)
    def send(self, side: int, kind: str) -> None:
        if len(self.pair.wire[1 - side]) < 3:
            self.pair.send(side, kind)

    @rule(side=sides)
    def remove(self, side: int) -> None:
        if len(self.pair.wire[1 - side]) < 3:
            self.pair.remove(side)

    @rule(side=sides)
    def deliver(self, side: int) -> None:
        if self.pair.wire[side]:
            self.pair.deliver(side)

    @rule()
    def settle(self) -> None:
        self.pair.settle()

    @invariant()
    def invariant_21_one_sided(self) -> None:
        if not any(self.pair.wire):
            assert self.pair.relations() <= ONE_SIDED


class Unreliable(RuleBasedStateMachine):
    """The wire loses, doubles and reorders: no exception, no gain without request, no grant without consent."""

    def __init__(self) -> None:
        super().__init__()
        self.pair = Pair()

    @rule(side=sides, kind=kinds)
    def send(self, side: int, kind: str) -> None:
        if len(self.pair.wire[1 - side]) < 6:
            self.pair.send(side, kind)

    @rule(side=sides)
    def lose(self, side: int) -> None:
        if self.pair.wire[side]:
            self.pair.wire[side].popleft()

    @rule(side=sides)
    def double(self, side: int) -> None:
        if 0 < len(self.pair.wire[side]) < 6:
            self.pair.wire[side].append(self.pair.wire[side][0])

    @rule(side=sides, by=st.integers(1, 5))
    def reorder(self, side: int, by: int) -> None:
        self.pair.wire[side].rotate(by)

    @rule(side=sides)
    def invariant_26_deliver(self, side: int) -> None:
        if not self.pair.wire[side]:
            return
        before, kind = self.pair.items[side], self.pair.wire[side][0]
        self.pair.deliver(side)
        after = self.pair.items[side]
        if after.out is Out.TO and before.out is not Out.TO:
            assert (before.out, kind) == (Out.ASK, "subscribed")
        if after.in_ is In.FROM and before.in_ is not In.FROM:
            assert (before.approved, kind) == (True, "subscribe")


SEVERAL_STEPS = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestInvariant20Atomic = Atomic.TestCase
TestInvariant21Crossing = Crossing.TestCase
TestInvariant26Unreliable = Unreliable.TestCase
for case in (TestInvariant20Atomic, TestInvariant21Crossing, TestInvariant26Unreliable):
    case.settings = SEVERAL_STEPS


def settled_atomic(limit: int = 1000) -> list[tuple[Item, Item]]:
    """Every pair of items that whole exchanges reach, found by search."""
    start = (Item(), Item())
    found, todo = {start}, [start]
    while todo and len(found) < limit:
        one, other = todo.pop()
        for side, kind in product(SIDES, (*KINDS, None)):
            pair = Pair(one, other)
            pair.send(side, kind) if kind else pair.remove(side)
            pair.settle()
            reached = (pair.items[0], pair.items[1])
            if reached not in found:
                found.add(reached)
                todo.append(reached)
    return list(found)


def test_invariant_20_search_finds_9_joint_states_and_25_with_approvals() -> None:
    pairs = settled_atomic()
    assert len({(a.out, a.in_, b.out, b.in_) for a, b in pairs}) == 9
    assert len({(a.out, a.in_, a.approved, b.out, b.in_, b.approved) for a, b in pairs}) == 25


def test_invariant_21_crossing_reaches_states_that_do_not_mirror() -> None:
    """The shortest way there: asked twice, refused in between."""
    pair = Pair()
    pair.send(0, "subscribe")
    pair.deliver(1)
    pair.send(0, "subscribe")
    pair.send(1, "unsubscribed")
    pair.settle()
    assert (pair.items[0].out, pair.items[1].in_) == (Out.NONE, In.PEND)


def all_items() -> list[Item]:
    return [Item(out=o, in_=i, approved=a) for o, i, a in product(Out, In, (False, True))]


def test_invariant_22_one_stanza_causes_at_most_one_more() -> None:
    for one, other in product(all_items(), all_items()):
        for kind in KINDS:
            pair = Pair(one, other)
            pair.send(0, kind)
            pair.settle()
            assert pair.routed <= 2
        pair = Pair(one, other)
        pair.remove(0)
        pair.settle()
        assert pair.routed <= 4


def leftovers() -> list[Pair]:
    """Every settled joint state: each direction is one of the five one-sided relations."""
    return [
        Pair(Item(out=out_a, in_=in_a), Item(out=out_b, in_=in_b))
        for (out_a, in_b), (out_b, in_a) in product(ONE_SIDED, ONE_SIDED)
    ]


@given(st.sampled_from(range(25)), st.tuples(st.booleans(), st.booleans()), st.permutations(SIDES))
@settings(max_examples=200)
def test_invariant_23_convergence(which: int, answers: tuple[bool, bool], order: list[int]) -> None:
    pair = leftovers()[which]
    for side in order:
        if pair.items[side].in_ is In.PEND:
            pair.send(side, "subscribed" if answers[side] else "unsubscribed")
            pair.settle()
    for side in order:
        pair.repair(side)
        pair.settle()
    assert pair.relations() <= MIRRORED


def test_removal_without_withdrawal_would_leave_a_phantom() -> None:
    """Why removal withdraws what is pending: RFC 6121 §2.5.2 alone leaves the other side waiting."""
    pair = Pair()
    pair.send(0, "subscribe")
    pair.settle()
    as_in_the_rfc = replace(pair.items[0], out=Out.NONE)
    assert pair.items[1].in_ is In.PEND
    assert (as_in_the_rfc.out, pair.items[1].in_) not in MIRRORED
    pair.remove(0)
    pair.settle()
    assert pair.relations() == {(Out.NONE, In.NONE)}


def test_every_event_is_sent_or_received() -> None:
    assert {sent(kind) for kind in KINDS} | {received(kind) for kind in KINDS} == set(SubscriptionEvent)
