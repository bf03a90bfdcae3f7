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


def test_usual_traffic_pays_for_its_bytes_only() -> None:
    bucket = shaper.new(262144.0, 1 << 20)
    assert bucket.work(150, 50e-6) == 0.0
    assert shaper.UNLIMITED.work(150, 50.0) == 0.0


def test_dear_requests_pay_for_the_share_of_the_worker_that_they_take() -> None:
    bucket = shaper.new(1000.0, 5000.0, now=0.0)
    now = paused = 0.0
    for _ in range(100):  # a tenth of a second of work each
        pause = bucket.take(55 + bucket.work(55, 0.1), now)
        now, paused = now + 0.1 + pause, paused + pause
    assert 100 * 0.1 / now < 2 * shaper.SHARE
