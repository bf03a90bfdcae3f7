"""Whether one more message may wait."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from xmpp_core.jid import JID
from xmppd.auth.tables import Account
from xmppd.mods.offline import room
from xmppd.mods.offline.room import Held, Room
from xmppd.mods.offline.tables import OFFLINE, OfflineMessage
from xmppd.store.store_memory import MemoryTx

JULIET, FRIEND = JID.parse("juliet@localhost"), JID.parse("friend@elsewhere/x")
STRANGERS = [JID.parse(f"{name}@elsewhere/x") for name in "abc"]
ROOM = Room(messages=10, octets=1000)


def fresh() -> MemoryTx:
    tx = MemoryTx({})
    tx.write(Account("localhost", "juliet", "", "", ""))
    return tx


def store(tx: MemoryTx, sender: JID | None, size: int) -> bool:
    held = room.load(tx, JULIET)
    assert held is not None
    after = held.more(size)
    taken = room.takes(after, ROOM, None)
    if not (sender in (FRIEND, JULIET) if taken is None else taken):
        return False
    tx.write(OfflineMessage("localhost", "juliet", after.seq, 0, "x" * size, total=after.total))
    return True


SENDERS = st.sampled_from([FRIEND, JULIET, *STRANGERS, None])
ACTS = st.lists(
    st.tuples(st.sampled_from(["store", "oldest", "newest", "any"]), SENDERS, st.integers(0, 400)), max_size=60
)


@given(ACTS)
def test_it_is_bounded_and_strangers_leave_half_of_it(acts: list[tuple[str, JID | None, int]]) -> None:
    tx = fresh()
    for what, sender, size in acts:
        rows = tx.select(OFFLINE, ("localhost", "juliet"))
        if what == "store":
            if not store(tx, sender, size) and sender in (FRIEND, JULIET):  # kept out by what waits, and nothing else
                held = room.load(tx, JULIET)
                assert held is not None
                assert held.messages == ROOM.messages or held.octets + size > ROOM.octets
        elif rows:
            row = {"oldest": rows[0], "newest": rows[-1], "any": rows[size % len(rows)]}[what]
            tx.delete(OFFLINE, ("localhost", "juliet", row.seq))
        rows = tx.select(OFFLINE, ("localhost", "juliet"))
        assert len(rows) <= ROOM.messages
        assert sum(len(row.xml) for row in rows) <= ROOM.octets


@given(st.lists(st.integers(1, 5), max_size=8))
def test_no_number_is_given_twice(bursts: list[int]) -> None:
    """A session that goes on from what was written down of it may delete once more what it has had."""
    tx, given = fresh(), list[int]()
    for burst in bursts:
        assert all(store(tx, FRIEND, 1) for _ in range(burst))
        rows = tx.select(OFFLINE, ("localhost", "juliet"))
        given += [row.seq for row in rows]
        tx.delete_many(OFFLINE, [("localhost", "juliet", row.seq) for row in rows])
    assert given == sorted(set(given))


def test_strangers_together_fill_half_by_number_and_by_octets() -> None:
    tx = fresh()
    assert [store(tx, STRANGERS[i % 3], 1) for i in range(7)] == [True] * 5 + [False] * 2
    assert [store(tx, FRIEND, 1) for _ in range(6)] == [True] * 5 + [False]
    tx = fresh()
    assert [store(tx, STRANGERS[0], 200) for _ in range(4)] == [True, True, False, False]
    assert [store(tx, JULIET, 200) for _ in range(4)] == [True, True, True, False]


def test_rows_of_before_there_were_totals_and_an_account_that_is_gone() -> None:
    tx = fresh()
    for seq in (4, 5):
        tx.write(OfflineMessage("localhost", "juliet", seq, 0, "x" * 100))
    assert room.load(tx, JULIET) == Held(2, 100, 5, 0)
    assert store(tx, FRIEND, 50)
    assert room.load(tx, JULIET) == Held(3, 150, 6, 50)
    assert room.load(tx, JID.parse("nobody@localhost")) is None
