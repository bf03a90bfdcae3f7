"""test_sequence — numbers of messages: in order, apart from each other, and as good as times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from xmpp_core import stamp
from xmppd.archive import sequence

NOW = 1_780_000_000_000_000_000
TIMES = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


@given(st.lists(st.tuples(st.integers(0, 2**62), st.integers(0, 63)), max_size=30))
def test_each_is_greater_than_the_last_whatever_the_clock_does(moments: list[tuple[int, int]]) -> None:
    last = 0
    for now, lane in moments:
        number = sequence.following(now, last, lane)
        assert number > last
        last = number


@given(st.integers(0, 2**60), st.integers(0, 63), st.integers(0, 63))
def test_two_workers_give_different_ones_at_one_moment(now: int, one: int, other: int) -> None:
    assert (sequence.following(now, 0, one) == sequence.following(now, 0, other)) == (one == other)


def test_workers_are_told_apart_by_their_numbers() -> None:
    assert [sequence.lane_of(name) for name in ("w1", "worker12@host3", "nobody", "w")] == [1, 12, 0, 0]
    assert 0 <= sequence.lane_of("w123456789012345") < 64


def test_a_number_says_when() -> None:
    number = sequence.following(NOW, 0, 5)
    assert sequence.seconds(number) == NOW / 1e9


@given(TIMES, st.integers(0, 63))
def test_a_time_has_both_ends(when: datetime, lane: int) -> None:
    micros = (when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    number = sequence.following(micros * 1000, 0, lane)
    assert sequence.before(when) < number < sequence.behind(when)
    assert number < sequence.before(when + timedelta(microseconds=1)) + 1


@given(TIMES, st.integers(0, 63))
def test_what_a_stamp_says_finds_the_message(when: datetime, lane: int) -> None:
    """Clients ask from the time of a message, and until it, as they have read it."""
    micros = (when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    number = sequence.following(micros * 1000, 0, lane)
    read = stamp.parse_datetime(stamp.format_datetime(when))
    assert sequence.before(read) < number < sequence.behind(read)


def test_odd_times_have_numbers_too() -> None:
    for when in (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)):
        assert -1 <= sequence.before(when) < sequence.behind(when) <= sequence.END
