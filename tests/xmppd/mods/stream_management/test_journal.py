"""A journal says after a kill what it said before it, whatever was being written."""

from __future__ import annotations

import struct
import zlib

from hypothesis import given
from hypothesis import strategies as st

from xmppd.mods.stream_management import journal
from xmppd.mods.stream_management.journal import (
    MAGIC,
    HandledIn,
    HandledOut,
    JournalHeader,
    Record,
    Replay,
    SessionEnded,
    SessionWritten,
    WrittenSession,
)

HEADER = JournalHeader("here/w1.1.ab", "a boot")
ids = st.sampled_from(["a", "b", "ü", "c" * 30])
counts = st.integers(0, 2**32 - 1)
changes = st.lists(
    st.one_of(
        st.builds(SessionWritten, ids, st.binary(max_size=20)),
        st.builds(HandledIn, ids, counts),
        st.builds(HandledOut, ids, counts),
        st.builds(SessionEnded, ids),
    ),
    max_size=30,
)


def written(records: list[Record]) -> bytes:
    return MAGIC + b"".join(map(journal.encode, records))


def model(records: list[Record]) -> Replay:
    """What they say, one after the other."""
    found = Replay()
    for record in records:
        found.apply(record)
    return found


@given(changes)
def test_it_says_what_was_written(records: list[Record]) -> None:
    found = journal.replay(written([HEADER, *records]))
    wanted = model([HEADER, *records])
    assert (found.header, found.sessions) == (HEADER, wanted.sessions)


def test_of_a_session_that_has_ended_it_says_how_far_its_client_had_got() -> None:
    found = model([SessionWritten("a", b""), HandledOut("a", 3), SessionEnded("a"), SessionEnded("b")])
    assert (found.sessions, found.ended) == ({}, {"a": 3})


@given(changes, st.data())
def test_a_torn_tail_costs_the_record_that_was_being_written_and_no_other(
    records: list[Record], data: st.DataObject
) -> None:
    whole = written([HEADER, *records])
    cut = data.draw(st.integers(0, len(whole)))
    ends = [len(MAGIC)]
    for record in (HEADER, *records):
        ends.append(ends[-1] + len(journal.encode(record)))
    count = sum(end <= cut for end in ends) - 1
    found = journal.replay(whole[:cut])
    assert found.sessions == model([HEADER, *records][: max(count, 0)]).sessions
    assert found.size == (ends[count] if count >= 0 else 0)


@given(changes, st.binary(min_size=1, max_size=40))
def test_what_lies_behind_the_last_record_is_not_believed(records: list[Record], rubbish: bytes) -> None:
    whole = written([HEADER, *records])
    found = journal.replay(whole + b"\0\0\0\1" + rubbish)
    assert found.sessions == journal.replay(whole).sessions


@given(changes, st.data())
def test_an_octet_that_is_another_ends_it_there(records: list[Record], data: st.DataObject) -> None:
    whole = bytearray(written([HEADER, *records]))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    found = journal.replay(bytes(whole))
    before = [record for record, end in journal.records(written([HEADER, *records])) if end <= at]
    assert found.sessions == model(before).sessions


@given(st.binary(max_size=200))
def test_what_is_no_journal_says_nothing(data: bytes) -> None:
    assert journal.replay(MAGIC + data).sessions == {}
    assert journal.replay(data).header is None


@given(changes, changes)
def test_compacted_it_says_the_same_and_goes_on(before: list[Record], after: list[Record]) -> None:
    whole = written([HEADER, *before])
    short = journal.compacted(journal.replay(whole))
    assert len(short) <= len(whole)
    more = b"".join(map(journal.encode, after))
    assert journal.replay(short + more).sessions == journal.replay(whole + more).sessions


def test_counts_belong_to_the_state_before_them() -> None:
    found = journal.replay(
        written([HEADER, SessionWritten("a", b"1"), HandledIn("a", 7), SessionWritten("a", b"2"), HandledOut("a", 3)])
    )
    assert found.sessions == {"a": WrittenSession(b"2", None, 3)}


def test_a_record_of_an_unknown_kind_is_where_it_ends() -> None:
    body = b"Zwhat"
    odd = struct.pack(">II", len(body), zlib.crc32(body)) + body
    assert journal.replay(written([SessionWritten("a", b"1")]) + odd + journal.encode(SessionEnded("a"))).sessions == {
        "a": WrittenSession(b"1")
    }
