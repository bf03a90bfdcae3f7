"""Token buckets by key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppd.auth.throttle import LONGEST, Throttle, address_key, hourly, is_loopback


def test_a_burst_then_one_by_one() -> None:
    throttle = Throttle(rate=0.5, burst=3)
    assert [throttle.take("a", 0.0) for _ in range(5)] == [True, True, True, False, False]
    assert throttle.wait("a", 0.0) == 2.0
    assert not throttle.take("a", 1.9)
    assert throttle.take("a", 2.0)
    assert not throttle.take("a", 2.0)


def test_keys_do_not_share() -> None:
    throttle = Throttle(rate=1, burst=1)
    assert throttle.take("a", 0.0)
    assert throttle.take("b", 0.0)
    assert not throttle.take("a", 0.0)


def test_to_ask_takes_nothing() -> None:
    throttle = Throttle(rate=1, burst=4)
    assert [throttle.delay(["a"], 0.0) for _ in range(3)] == [0.0] * 3
    throttle.spend("a", 0.0)
    assert throttle.level("a", 0.0) == 3
    assert throttle.delay(["a"], 0.0) == throttle.delay(["a", "b"], 0.0) > throttle.delay(["b"], 0.0)


@given(st.lists(st.tuples(st.floats(0, 3), st.sampled_from("ab")), max_size=80), st.integers(1, 40))
def test_each_failure_makes_answers_later_and_never_too_late(steps: list[tuple[float, str]], burst: int) -> None:
    throttle, now = Throttle(rate=burst / 60, burst=burst), 0.0
    for wait, key in steps:
        now += wait
        before = throttle.delay([key], now)
        throttle.spend(key, now)
        after = throttle.delay([key], now)
        assert before <= after <= LONGEST
        assert after > before or after == LONGEST
        assert throttle.delay([key], now + 60.1) == 0, "a minute without failures, and it is forgotten"
        assert throttle.delay("ab", now) == max(throttle.delay("a", now), throttle.delay("b", now))


def test_the_budget_of_an_hour_is_one_for_all_who_ask_for_it() -> None:
    assert hourly("x", 3) is hourly("x", 3)
    assert hourly("x", 3) is not hourly("y", 3)
    assert [hourly("x", 3).take("k", 0.0) for _ in range(4)] == [True, True, True, False]
    assert hourly("x", 3).take("k", 1200.0)


@pytest.mark.parametrize(
    ("address", "ours"),
    [("127.0.0.9", True), ("::1", True), ("::ffff:127.0.0.1", True), ("192.0.2.1", False), ("x", False), ("", False)],
)
def test_the_loopback_is_known(address: str, ours: bool) -> None:
    assert is_loopback(address) is ours


def test_a_clock_that_goes_back_gives_nothing() -> None:
    throttle = Throttle(rate=1, burst=1)
    throttle.take("a", 100.0)
    assert not throttle.take("a", 50.0)


def test_full_buckets_and_too_many_are_forgotten() -> None:
    throttle = Throttle(rate=1, burst=2, bound=10)
    for n in range(100):
        throttle.take(str(n), 0.0)
    assert len(throttle) == 10
    for n in range(20):
        throttle.take("later", 1000.0 + n)
    assert len(throttle) == 1


@given(
    st.lists(st.tuples(st.floats(0, 10), st.sampled_from("ab")), max_size=60),
    st.floats(0.1, 5),
    st.integers(1, 5),
)
def test_no_key_gets_more_than_burst_and_rate_allow(steps: list[tuple[float, str]], rate: float, burst: int) -> None:
    throttle = Throttle(rate, burst)
    now, taken = 0.0, 0
    for wait, key in steps:
        now += wait
        taken += throttle.take(key, now) and key == "a"
        assert taken <= burst + rate * now + 1e-6


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::2:3", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("unix", "unix", True),
    ],
)
def test_an_ipv6_network_is_one_address(one: str, other: str, same: bool) -> None:
    assert (address_key(one) == address_key(other)) is same
