"""The token bucket."""

from xmppd.net import shaper


def test_a_full_bucket_lets_a_burst_pass() -> None:
    bucket = shaper.new(1000.0, 5000.0, now=10.0)
    assert bucket.take(5000, 10.0) == 0.0


def test_what_exceeds_the_burst_is_paid_for_in_seconds() -> None:
    bucket = shaper.new(1000.0, 5000.0, now=10.0)
    assert bucket.take(7000, 10.0) == 2.0


def test_the_bucket_fills_with_time_but_not_beyond_the_burst() -> None:
    bucket = shaper.new(1000.0, 5000.0, now=0.0)
    bucket.take(5000, 0.0)
    assert bucket.take(1000, 1.0) == 0.0
    assert bucket.take(6000, 1000.0) == 1.0


def test_debt_is_remembered() -> None:
    bucket = shaper.new(1000.0, 1000.0, now=0.0)
    assert bucket.take(3000, 0.0) == 2.0
    assert bucket.take(1000, 1.0) == 2.0


def test_no_rate_means_no_pause() -> None:
    assert shaper.new(None, 1.0).take(10**9, 0.0) == 0.0
