"""A queue whose process is lost, however often: the client gets what it has not got, in order and once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from xmpp_core import lost_counts
from xmpp_core.lost_counts import MASK, MOST, LostCounts
from xmpp_core.stream_management import Acknowledgements, KeptStanza


def stored(entries: list[KeptStanza]) -> dict[int, str]:
    return {entry.number: entry.xml for entry in entries}


def adopted(acked: int, lost: LostCounts | None, rows: dict[int, str]) -> Acknowledgements:
    """The queue that another process makes of what is on disk."""
    base, known = lost_counts.again(lost, acked, rows)
    kept = [KeptStanza(0, rows[number]) for number in lost_counts.in_order(rows, acked)]
    return Acknowledgements(0, base, kept, known)


@given(
    start=st.one_of(st.just(0), st.integers(MASK - 40, MASK), st.integers(0, MASK)),
    sent=st.integers(0, 30),
    data=st.data(),
)
def test_after_any_number_of_losses(start: int, sent: int, data: st.DataObject) -> None:
    queue = Acknowledgements(0, start)
    for n in range(sent):
        queue.keep(f"old {n}", "message", 1)
    told = data.draw(st.integers(0, sent), "acknowledged")
    got = data.draw(st.integers(told, sent), "got")
    queue.acknowledge((start + told) & MASK)
    on_disk = [entry for entry in queue.kept if data.draw(st.booleans(), f"{entry.xml} is on disk")]
    rows, acked, lost = stored(on_disk), queue.acked, None
    since: list[str] = []
    for life in range(data.draw(st.integers(1, 3), "losses")):
        queue = adopted(acked, lost, rows)
        for n in range(data.draw(st.integers(0, 3), "new ones")):
            entry = queue.keep(f"new {life} {n}", "message", 1)
            queue.hold(entry)
            if data.draw(st.booleans(), f"{entry.xml} is on disk"):
                since.append(entry.xml)
            else:
                queue.kept.remove(entry)  # its sender sends it again elsewhere
        rows, acked, lost = stored(queue.kept), queue.acked, queue.lost
    h = (start + got) & MASK
    queue = adopted(acked, lost, rows)
    assert queue.may_resume(h)
    queue.resume(h)
    again = []
    while (entry := queue.next_unwritten()) is not None:
        again.append(entry.xml)
    wanted = [entry.xml for entry in on_disk if (entry.number - start) & MASK > got]
    assert again == wanted + since
    assert queue.sent == (h + len(again)) & MASK
    assert queue.acknowledge(queue.sent) is not None
    assert (queue.kept, queue.size, queue.fresh, queue.lost) == ([], 0, 0, None)


def test_a_count_that_cannot_be_is_refused_all_the_same() -> None:
    queue = adopted(10, None, {12: "a"})
    assert not queue.may_resume(9)
    assert queue.may_resume(10 + MOST)
    assert not queue.may_resume(11 + MOST)
    assert not queue.accepts(12)


def test_what_has_come_since_is_never_taken_for_got() -> None:
    queue = adopted(10, None, {12: "a", 15: "b"})
    queue.hold(queue.keep("c", "message", 1))
    done = queue.resume(10 + MOST)
    assert [entry.xml for entry in done] == ["a", "b"]
    assert [entry.xml for entry in queue.kept] == ["c"]
    assert queue.fresh == 1
