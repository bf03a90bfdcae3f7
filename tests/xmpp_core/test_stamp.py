"""test_stamp — time stamps as XEP-0082 writes them, and delay marks."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_core import ns
from xmpp_core.element import el
from xmpp_core.stamp import delay, delay_of, format_datetime, format_zone, from_epoch, parse_datetime

MOON = datetime(1969, 7, 21, 2, 56, 15, tzinfo=UTC)


@pytest.mark.parametrize("text", ["1969-07-21T02:56:15Z", "1969-07-20T21:56:15-05:00", "1969-07-21T02:56:15.000Z"])
def test_the_xeps_own_examples(text: str) -> None:
    assert parse_datetime(text) == MOON


def test_written_in_utc_with_milliseconds_where_there_are_some() -> None:
    assert format_datetime(MOON) == "1969-07-21T02:56:15Z"
    assert format_datetime(MOON.astimezone(timezone(timedelta(hours=-5)))) == "1969-07-21T02:56:15Z"
    assert format_datetime(MOON.replace(microsecond=123_456)) == "1969-07-21T02:56:15.123Z"
    assert from_epoch(0) == "1970-01-01T00:00:00Z"
    assert format_datetime(datetime(33, 4, 3, tzinfo=UTC)) == "0033-04-03T00:00:00Z"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        format_datetime(datetime(2026, 1, 1))


@pytest.mark.parametrize("text", [
    "", "1969-07-21", "1969-07-21T02:56:15", "1969-13-21T02:56:15Z", "1969-07-21 02:56:15Z",
    "1969-07-21T02:56:15+99:00", "19690721T02:56:15", "1969-07-21T25:00:00Z", "١٩٦٩-07-21T02:56:15Z",
])  # fmt: skip
def test_what_is_no_time_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        parse_datetime(text)


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)))
def test_round_trip_to_the_millisecond(when: datetime) -> None:
    assert parse_datetime(format_datetime(when)) == when.replace(microsecond=when.microsecond // 1000 * 1000)


@given(st.text(max_size=30))
def test_any_text_parses_or_is_a_value_error(text: str) -> None:
    with suppress(ValueError):
        assert parse_datetime(text).tzinfo is not None


def test_zones() -> None:
    assert format_zone(timedelta(0)) == "Z"
    assert format_zone(timedelta(hours=-5, minutes=-30)) == "-05:30"
    assert format_zone(timedelta(hours=2)) == "+02:00"


def test_delay() -> None:
    mark = delay("localhost", MOON, "Offline Storage")
    assert mark.to_xml() == (
        f"<delay xmlns='{ns.DELAY}' from='localhost' stamp='1969-07-21T02:56:15Z'>Offline Storage</delay>"
    )
    assert delay_of(el("message", ns.CLIENT, None, mark)) == MOON
    assert delay_of(el("message", ns.CLIENT)) is None
    assert delay_of(el("message", ns.CLIENT, None, el("delay", ns.DELAY, {"stamp": "soon"}))) is None
