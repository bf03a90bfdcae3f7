"""How much a roster holds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from xmpp_core.jid import JID
from xmpp_core.subscription import In, Item, Out
from xmppd.mods.roster import records, totals
from xmppd.mods.roster.tables import ROSTER, RosterItem, RosterVersion
from xmppd.mods.roster.totals import RosterLimits, TooMany
from xmppd.store.store_memory import MemoryTx

ROMEO = JID.parse("romeo@localhost")
REQUEST = Item(in_=In.PEND)
CONTACT = Item("J", ("a",), Out.TO, In.PEND, False, True)


def blank(name: str) -> RosterItem:
    return records.blank(ROMEO, JID.parse(f"{name}@elsewhere"))


def test_a_roster_that_was_stored_before_there_were_totals_is_counted_once() -> None:
    tx = MemoryTx({})
    rows = [replace(blank(str(i)), listed=True, name="n") for i in range(5)]
    rows += [replace(blank(f"r{i}"), in_axis="pend") for i in range(3)]
    for row in rows:
        tx.write(row)
    tx.write(RosterVersion("localhost", "romeo", 7))
    held = totals.load(tx, "localhost", "romeo", 1)
    assert (held.counter, held.items, held.requests, held.octets) == (7, 5, 3, sum(totals.of(row)[2] for row in rows))
    assert totals.load(tx, "localhost", "nobody", 1) == RosterVersion("localhost", "nobody", 0, 0, 0, 0)


def test_octets_are_bounded_and_may_shrink() -> None:
    tx, room = MemoryTx({}), RosterLimits(octets=2000)
    large = replace(CONTACT, groups=("\N{EURO SIGN}" * 600,))
    first = records.save(tx, blank("a"), large, "", 5, room)
    with pytest.raises(TooMany):
        records.save(tx, blank("b"), large, "", 5, room)
    with pytest.raises(TooMany):
        records.save(tx, first, replace(large, name="<" * 100), "", 5, room)
    smaller = records.save(tx, first, replace(large, groups=("g",)), "", 5, room)
    records.save(tx, smaller, Item(), "", 5, room)
    assert totals.load(tx, "localhost", "romeo", 0).octets == 0


def test_of_many_requests_only_some_are_kept_whole() -> None:
    tx = MemoryTx({})
    for i in range(totals.WHOLE + 20):
        records.save(tx, blank(f"{i:03}"), REQUEST, "<presence>…</presence>", 5)
    whole = [row.contact for row in tx.select(ROSTER) if row.pending]
    assert whole == [f"{i:03}@elsewhere" for i in range(totals.WHOLE)]
    assert tx.count(ROSTER) == totals.WHOLE + 20
