"""Both rosters in one transaction: the two-user invariants of subscription-tables.md, section 5."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xmpp_core import subscription
from xmpp_core.jid import JID
from xmpp_core.subscription import In, Out, Push, Route
from xmppd.auth.tables import Account
from xmppd.mods.roster import records, totals, transitions
from xmppd.mods.roster.tables import ROSTER
from xmppd.mods.roster.totals import RosterLimits, TooMany
from xmppd.mods.roster.transitions import Change, NotThere, Step
from xmppd.store.store_memory import MemoryTx

ROMEO, JULIET = JID.parse("romeo@localhost"), JID.parse("juliet@localhost")
FAR = JID.parse("far@elsewhere")
EVENTS = [event.value for event in subscription.SubscriptionEvent]
MIRRORED = {Out.NONE: In.NONE, Out.ASK: In.PEND, Out.TO: In.FROM}


def fresh() -> Change:
    tx = MemoryTx({})
    for jid in (ROMEO, JULIET):
        tx.write(Account(jid.domain, jid.local, "", "", ""))
    return Change(tx, frozenset({"localhost"}), 1000)


def state(change: Change, owner: JID, contact: JID) -> subscription.Item:
    return records.item_of(records.load(change.tx, owner, contact))


def do(change: Change, owner: JID, contact: JID, what: str) -> list[Step]:
    if what == "remove":
        try:
            return transitions.remove(change, owner, contact)
        except NotThere:
            return []
    if what == "edit":
        return transitions.edit(change, owner, contact, "name", ("group",))
    return transitions.event(change, owner, contact, subscription.sent(what))


ACTIONS = st.lists(st.tuples(st.booleans(), st.sampled_from([*subscription.KINDS, "remove", "edit"])), max_size=12)


@settings(max_examples=300, deadline=None)
@given(ACTIONS)
def test_after_any_sequence_the_rosters_mirror_each_other(actions: list[tuple[bool, str]]) -> None:
    """Invariants 20 and 22."""
    change = fresh()
    for by_romeo, what in actions:
        owner, contact = (ROMEO, JULIET) if by_romeo else (JULIET, ROMEO)
        do(change, owner, contact, what)
        mine, theirs = state(change, owner, contact), state(change, contact, owner)
        assert MIRRORED[mine.out] is theirs.in_
        assert MIRRORED[theirs.out] is mine.in_
        assert not change.replies


@settings(max_examples=100, deadline=None)
@given(ACTIONS)
def test_versions_grow_with_every_push(actions: list[tuple[bool, str]]) -> None:
    """Invariant 19: unique and ordered."""
    change, seen = fresh(), {ROMEO.bare: [0], JULIET.bare: [0]}
    for by_romeo, what in actions:
        owner, contact = (ROMEO, JULIET) if by_romeo else (JULIET, ROMEO)
        for step in do(change, owner, contact, what):
            if isinstance(step.effect, Push) and what != "edit":
                assert step.record.version > seen[step.owner.bare][-1]
                seen[step.owner.bare].append(step.record.version)


def test_a_contact_elsewhere_is_told_by_stanza() -> None:
    change = fresh()
    steps = do(change, ROMEO, FAR, "subscribe")
    assert [step.effect for step in steps] == [Route("subscribe"), Push()]
    steps = do(change, ROMEO, FAR, "remove")
    assert [step.effect for step in steps] == [Route("unsubscribe"), Push(removed=True)]
    assert state(change, ROMEO, FAR) == subscription.Item()


def test_a_full_roster_takes_no_more_of_its_owner_and_still_what_others_do() -> None:
    change = fresh()
    change.room = RosterLimits(items=1, requests=1)
    do(change, JULIET, FAR, "edit")
    for what in ("edit", "subscribe", "subscribed"):
        with pytest.raises(TooMany):
            do(change, JULIET, ROMEO, what)
    assert do(change, ROMEO, JULIET, "subscribe")
    assert state(change, JULIET, ROMEO).in_ is In.PEND
    with pytest.raises(TooMany):
        do(change, JULIET, ROMEO, "subscribed")
    transitions.event(change, JULIET, JID.parse("late@elsewhere"), subscription.received("subscribe"))
    assert state(change, JULIET, JID.parse("late@elsewhere")) == subscription.Item(), "the request is dropped"
    do(change, JULIET, FAR, "remove")
    assert do(change, JULIET, ROMEO, "subscribed")


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from([*EVENTS, "edit", "remove"])), max_size=40),
    st.integers(0, 3), st.integers(0, 3),
)  # fmt: skip
def test_totals_are_what_a_count_would_find_and_strangers_never_take_the_owners_room(
    acts: list[tuple[str, str]], most: int, requests: int
) -> None:
    change = fresh()
    change.room = RosterLimits(most, requests, 1 << 20)
    for who, what in acts:
        contact = JID.parse(f"{who}@elsewhere")
        before = totals.load(change.tx, "localhost", "juliet", 0)
        try:
            if what in EVENTS:
                transitions.event(change, JULIET, contact, subscription.SubscriptionEvent(what))
            else:
                do(change, JULIET, contact, what)
        except TooMany:
            assert not what.startswith("in "), "what others do is not refused"
            assert before.items >= most, "nobody but the owner took the room"
        held = totals.load(change.tx, "localhost", "juliet", 0)
        rows = [totals.of(row) for row in change.tx.select(ROSTER, ("localhost", "juliet"))]
        assert (held.items, held.requests, held.octets) == tuple(sum(row[i] for row in rows) for i in range(3))
        assert held.requests <= requests
        assert held.items <= max(most, before.items)


def test_an_account_that_ends_leaves_nothing_behind() -> None:
    change = fresh()
    do(change, ROMEO, JULIET, "subscribe")
    do(change, JULIET, ROMEO, "subscribed")
    do(change, JULIET, ROMEO, "subscribe")
    transitions.remove_all(change, ROMEO, [JULIET])
    left = state(change, JULIET, ROMEO)
    assert (left.out, left.in_) == (Out.NONE, In.NONE)
