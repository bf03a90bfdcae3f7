"""Sessions as values."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from otp.erts.pid import intern
from xmpp_core.jid import JID
from xmppd.routing.session import MOST_SUBJECTS, HybridClock, Session, new_session, new_sid

PID = intern("w9", 1, 1)


def test_a_new_session_is_neither_available_nor_interested() -> None:
    session = new_session(JID.parse("romeo@localhost/r"), PID, info={"ip": "::1"})
    assert (session.entry.available, session.entry.interested) == (False, False)
    assert (session.user.full, session.host, session.entry.bare) == ("romeo@localhost", "localhost", "romeo@localhost")
    assert dict(session.entry.info) == {"ip": "::1"}


def test_a_change_is_a_new_row_of_the_same_session() -> None:
    session = new_session(JID.parse("romeo@localhost/r"), PID)
    old = session.entry
    new = session.change(priority=0, interested=True)
    assert session.entry is new
    assert (old.available, new.available, new.sid) == (False, True, old.sid)


def test_session_ids_grow() -> None:
    ids = [new_sid() for _ in range(100)]
    assert ids == sorted(set(ids))


@given(reads=st.lists(st.integers(0, 2**62)), others=st.lists(st.integers(0, 2**62)))
def test_a_clock_that_is_set_back_gives_no_time_twice(reads: list[int], others: list[int]) -> None:
    clock, said = HybridClock(iter([*reads, *[0] * len(others)]).__next__), [0]
    for after in [0] * len(reads) + others:
        now = clock.now(after)
        assert now > max(after, said[-1])
        said.append(now)


@given(sids=st.lists(st.tuples(st.integers(0, 2**64), st.integers(0, 2**32))))
def test_who_binds_now_is_newer_than_all_that_are_known(sids: list[tuple[int, int]]) -> None:
    others = [Session(JID.parse(f"romeo@localhost/{i}"), PID, sid) for i, sid in enumerate(sids)]
    session = new_session(JID.parse("romeo@localhost/r"), PID)
    session.follow(others)
    assert all(session.entry.sid > other.sid for other in others)


def test_each_module_has_its_own_notes() -> None:
    session = new_session(JID.parse("romeo@localhost/r"), PID)
    state = session.module_state("mod_a", dict[str, int])
    state["x"] = 1
    assert session.module_state("mod_a", dict[str, int]) is state
    assert session.module_state("mod_b", list[int]) == []


def test_news_about_a_subject_are_what_is_not_older_than_what_was_heard() -> None:
    session = new_session(JID.parse("romeo@localhost/r"), PID)
    assert [session.is_newer("a", version) for version in (2, 1, 2, 3)] == [True, False, True, True]
    assert session.is_newer("b", 1)


def test_news_do_not_grow_for_ever() -> None:
    session = new_session(JID.parse("romeo@localhost/r"), PID)
    for i in range(3 * MOST_SUBJECTS):
        assert session.is_newer(f"u{i}", i)
    assert len(session.module_state("versions", dict[str, int])) <= MOST_SUBJECTS


def test_a_row_is_printed_without_what_resumes_it() -> None:
    row = Session(JID.parse("romeo@localhost/r"), PID, (1, 2), client="a phone", stream_id="secret")
    assert "secret" not in repr(row)
    assert "secret" not in f"{(row,)} {row}"
    assert repr(row).startswith("Session(jid=")
    assert "client='a phone'" in repr(row)
