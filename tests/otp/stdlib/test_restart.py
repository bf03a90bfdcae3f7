"""restart — strategies, restart types and window as values, and against a model written another way.

OTP:  supervisor_SUITE (permanent_normal … temporary_abnormal, one_for_one …, escalation, significant_*)
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp.stdlib.child_spec import AutoShutdown, ChildSpec, Restart, Strategy, SupFlags
from otp.stdlib.restart import (
    AUTO,
    TOO_OFTEN,
    Action,
    ForgetChild,
    GiveUp,
    StartChild,
    StopChild,
    Window,
    again,
    ended,
    needs_restart,
)


async def start_nothing() -> None:
    return None


@dataclass
class Child:
    spec: ChildSpec
    is_up: bool = True


def child(id_: str = "a", restart: str = "permanent", significant: bool = False, up: bool = True) -> Child:
    return Child(ChildSpec(id_, (start_nothing, ()), Restart(restart), significant=significant), up)


def family(*children: Child) -> dict[Hashable, Child]:
    return {one.spec.id: one for one in children}


def die(flags: SupFlags, members: dict[Hashable, Child], key: str, reason: object) -> tuple[Action, ...]:
    members[key].is_up = False
    return ended(flags, members, key, reason, Window(), 0.0)[0]


ABC = ("a", "b", "c")
CLEAN = ["normal", "shutdown", ("shutdown", "x")]
ABNORMAL = ["killed", "kill", "abnormal", ("error", "x"), ("shutdown",)]


@pytest.mark.parametrize("reason", CLEAN + ABNORMAL)
def test_supervisor__permanent(reason: object) -> None:
    assert die(SupFlags(), family(child()), "a", reason) == (StartChild(("a",)),)


@pytest.mark.parametrize("reason", CLEAN)
def test_supervisor__transient_normal_and_shutdown(reason: object) -> None:
    assert die(SupFlags(), family(child(restart="transient")), "a", reason) == ()


@pytest.mark.parametrize("reason", ABNORMAL)
def test_supervisor__transient_abnormal(reason: object) -> None:
    assert die(SupFlags(), family(child(restart="transient")), "a", reason) == (StartChild(("a",)),)


@pytest.mark.parametrize("reason", CLEAN + ABNORMAL)
def test_supervisor__temporary(reason: object) -> None:
    assert die(SupFlags(), family(child(restart="temporary")), "a", reason) == (ForgetChild("a"),)


@pytest.mark.parametrize(
    ("strategy", "actions"),
    [
        ("one_for_one", (StartChild(("b",)),)),
        ("rest_for_one", (StopChild(("c",)), StartChild(("b", "c")))),
        ("one_for_all", (StopChild(("c", "a")), StartChild(ABC))),
    ],
)
def test_supervisor__strategies_stop_in_reverse_and_start_in_order(strategy: str, actions: tuple[Action, ...]) -> None:
    members = family(*map(child, ABC))
    assert die(SupFlags(Strategy(strategy)), members, "b", "boom") == actions


def test_supervisor__temporary_bystander() -> None:
    members = family(child("a"), child("b", "temporary"), child("c", "transient"))
    assert die(SupFlags(Strategy.ONE_FOR_ALL), members, "a", "boom") == (StopChild(("c", "b")), StartChild(("a", "c")))


def test_supervisor__one_for_all_starts_again_what_had_ended_by_itself() -> None:
    members = family(child("a"), child("b", "transient", up=False))
    assert die(SupFlags(Strategy.ONE_FOR_ALL), members, "a", "boom") == (StartChild(("a", "b")),)


def test_supervisor__simple_one_for_one_transient_clean_is_forgotten() -> None:
    members = family(child("a", "transient"))
    assert die(SupFlags(Strategy.SIMPLE_ONE_FOR_ONE), members, "a", "normal") == (ForgetChild("a"),)


def test_window_second_crash_ends_a_default_supervisor() -> None:
    first = Window().add(0.0, SupFlags())
    assert first is not None
    assert first.add(1.0, SupFlags()) is None


def test_window_entry_exactly_period_old_still_counts() -> None:
    assert Window((0.0,)).add(5.0, SupFlags()) is None
    assert Window((0.0,)).add(5.01, SupFlags()) == Window((5.01,))


def test_window_of_intensity_zero_admits_no_restart() -> None:
    assert Window().add(0.0, SupFlags(intensity=0)) is None


def test_supervisor__one_for_all_escalation() -> None:
    members = family(*map(child, ABC))
    flags = SupFlags(Strategy.ONE_FOR_ALL)
    actions, window = ended(flags, members, "a", "boom", Window(), 0.0)
    assert len(window.times) == 1, "one incident counts once, not once a child"
    actions, _ = ended(flags, members, "b", "boom", window, 1.0)
    assert actions == (GiveUp(TOO_OFTEN),)


def test_supervisor__failed_restart_counts_again() -> None:
    members = family(*map(child, ABC))
    actions, window = again(SupFlags(intensity=2), members, "a", Window((0.0,)), 0.0)
    assert (actions, window) == ((StartChild(("a",)),), Window((0.0, 0.0)))
    assert again(SupFlags(intensity=2), members, "a", window, 0.0)[0] == (GiveUp(TOO_OFTEN),)


@pytest.mark.parametrize(
    ("auto", "sibling_up", "ends"),
    [
        ("never", False, False),
        ("any_significant", True, True),
        ("all_significant", True, False),
        ("all_significant", False, True),
    ],
)
def test_supervisor__significant_transient(auto: str, sibling_up: bool, ends: bool) -> None:
    members = family(child("a", "transient", True), child("b", "transient", True, sibling_up), child("c"))
    flags = SupFlags(auto_shutdown=AutoShutdown(auto))
    assert die(flags, members, "a", "normal") == ((GiveUp(AUTO),) if ends else ())


def test_supervisor__significant_transient_abnormal_is_restarted() -> None:
    flags = SupFlags(auto_shutdown=AutoShutdown.ANY_SIGNIFICANT)
    assert die(flags, family(child("a", "transient", True)), "a", "boom") == (StartChild(("a",)),)


def test_supervisor__significant_temporary_is_dropped_first() -> None:
    flags = SupFlags(auto_shutdown=AutoShutdown.ANY_SIGNIFICANT)
    assert die(flags, family(child("a", "temporary", True)), "a", "boom") == (ForgetChild("a"), GiveUp(AUTO))


def test_supervisor__nonsignificant_does_not_end_the_supervisor() -> None:
    flags = SupFlags(auto_shutdown=AutoShutdown.ANY_SIGNIFICANT)
    assert die(flags, family(child("a", "transient")), "a", "normal") == ()


# -- the whole against a model: it thinks in single lives, the module in groups

REASONS: st.SearchStrategy[Any] = st.sampled_from(CLEAN + ABNORMAL)


@given(
    strategy=st.sampled_from([s for s in Strategy if s is not Strategy.SIMPLE_ONE_FOR_ONE]),
    types=st.lists(st.sampled_from(Restart), min_size=1, max_size=6),
    ups=st.lists(st.booleans(), min_size=6, max_size=6),
    victim=st.integers(0, 5),
    reason=REASONS,
)
def test_any_family_against_a_model(
    strategy: Strategy, types: list[Restart], ups: list[bool], victim: int, reason: object
) -> None:
    victim %= len(types)
    members = family(*(child(str(n), kind, up=ups[n]) for n, kind in enumerate(types)))
    actions = die(SupFlags(strategy), members, str(victim), reason)
    stopped = [key for action in actions if isinstance(action, StopChild) for key in action.keys]
    started = [key for action in actions if isinstance(action, StartChild) for key in action.keys]
    abnormal = reason not in CLEAN
    incident = types[victim] == "permanent" or (types[victim] == "transient" and abnormal)
    assert needs_restart(types[victim], reason) is incident
    for n, kind in enumerate(types):
        touched = incident and (n == victim or strategy == "one_for_all" or (strategy == "rest_for_one" and n > victim))
        assert (str(n) in started) is (touched and kind != "temporary")
        assert (str(n) in stopped) is (touched and n != victim and ups[n])
    assert started == sorted(started)
    assert stopped == sorted(stopped, reverse=True)


@given(st.lists(st.floats(0, 3), max_size=30), st.integers(0, 4), st.floats(0.5, 4))
def test_window_against_counting(gaps: list[float], intensity: int, period: float) -> None:
    flags, window, history, now = SupFlags(intensity=intensity, period=period), Window(), [], 0.0
    for gap in gaps:
        now += gap
        history.append(now)
        grown = window.add(now, flags)
        assert (grown is None) is (sum(now - at <= period for at in history) > intensity)
        if grown is None:
            return
        window = grown
