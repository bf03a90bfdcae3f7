"""bursts — a client is woken once for a burst, and once more while it does not come."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from xmppd.mods.push.bursts import CALL_PAUSE, Burst, Then, over, stirred
from xmppd.mods.push.matters import Weight

MESSAGE, CALL = Weight.MESSAGE, Weight.CALL


def test_the_first_wakes_the_next_ones_wait_together_and_a_call_does_not() -> None:
    burst = Burst()
    assert [stirred(burst, t, MESSAGE, 60) for t in (100, 101, 102)] == [Then.NOW, Then.LATER, Then.NOTHING]
    assert stirred(burst, 103, CALL, 60) is Then.NOTHING  # it is just being woken
    assert stirred(burst, 100 + CALL_PAUSE, CALL, 60) is Then.NOW
    assert burst.count == 5
    assert not over(burst, 160, began=100)  # the call told of all


def test_when_the_pause_is_over_it_is_woken_once_more_if_something_came() -> None:
    burst = Burst()
    stirred(burst, 100, MESSAGE, 60)
    assert not over(burst, 160, began=100)
    assert stirred(burst, 161, MESSAGE, 60) is Then.NOW
    stirred(burst, 162, MESSAGE, 60)
    assert over(burst, 221, began=161)
    assert not over(burst, 221, began=161)


def test_what_was_heard_of_before_is_no_news() -> None:
    burst = Burst()
    assert stirred(burst, 100, MESSAGE, 60) is Then.NOW
    assert stirred(burst, 86400, MESSAGE, 60, first_sent=100.2) is Then.NOTHING
    assert stirred(burst, 86400, MESSAGE, 60, first_sent=150.0) is Then.NOW
    assert burst.count == 2


@given(st.lists(st.tuples(st.floats(0, 100), st.sampled_from([MESSAGE, CALL])), max_size=40), st.floats(1, 100))
def test_it_is_never_woken_oftener_than_that_and_never_forgotten(
    steps: list[tuple[float, Weight]], pause: float
) -> None:
    burst, now, told, late = Burst(), 1000.0, [], []
    for wait, weight in steps:
        now += wait
        while late and late[0] + pause <= now:
            began = late.pop(0)
            if over(burst, began + pause, began):
                told.append(began + pause)
        then = stirred(burst, now, weight, pause)
        if then is Then.NOW:
            told.append(now)
        elif then is Then.LATER:
            late.append(burst.told)
        assert burst.due == (bool(late) and burst.told in late and then is not Then.NOW)
    assert burst.count == len(steps)
    assert all(b - a >= min(pause, CALL_PAUSE) - 1e-6 for a, b in itertools.pairwise(told))
