"""child_spec — every fault has OTP's own name, every default OTP's own value.

OTP:  supervisor_SUITE (sup_flags, child_specs_map, sup_start_map_faulty_specs, significant specs)
"""

from typing import Any

import pytest

from otp.erts.pid import Pid
from otp.stdlib.child_spec import (
    AutoShutdown,
    ChildSpec,
    Restart,
    SpecError,
    StartCall,
    Strategy,
    SupFlags,
    check,
    check_one,
)


async def start_nothing(*_args: Any) -> Pid | None:
    return None


def spec(**more: Any) -> ChildSpec:
    return ChildSpec(**{"id": "a", "start": (start_nothing, ()), **more})


def test_supervisor__sup_flags_defaults() -> None:
    flags = SupFlags()
    assert (flags.strategy, flags.intensity, flags.period, flags.auto_shutdown) == (
        Strategy.ONE_FOR_ONE,
        1,
        5.0,
        AutoShutdown.NEVER,
    )


def test_supervisor__child_specs_map_defaults() -> None:
    child = spec()
    assert (child.restart, child.shutdown, child.type, child.significant) == (
        Restart.PERMANENT,
        5.0,
        "worker",
        False,
    )
    assert spec(type="supervisor").shutdown == "infinity"
    assert spec(type="supervisor", shutdown=2).shutdown == 2


@pytest.mark.parametrize(
    ("flag", "value", "fault"),
    [
        ("strategy", "one_for_two", "invalid_strategy"),
        ("intensity", -1, "invalid_intensity"),
        ("intensity", 1.5, "invalid_intensity"),
        ("intensity", True, "invalid_intensity"),
        ("period", 0, "invalid_period"),
        ("period", "5", "invalid_period"),
        ("auto_shutdown", "always", "invalid_auto_shutdown"),
    ],
)
def test_supervisor__sup_flags(flag: str, value: object, fault: str) -> None:
    with pytest.raises(SpecError) as caught:
        SupFlags(**{flag: value})  # type: ignore[arg-type]
    assert caught.value.reason == (fault, value)


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("start", start_nothing, "invalid_mfa"),
        ("start", ("start_nothing", ()), "invalid_mfa"),
        ("start", (start_nothing, "args"), "invalid_mfa"),
        ("restart", "prmanent", "invalid_restart_type"),
        ("shutdown", -1, "invalid_shutdown"),
        ("shutdown", "brutal", "invalid_shutdown"),
        ("type", "wrker", "invalid_child_type"),
        ("significant", 1, "invalid_significant"),
    ],
)
def test_supervisor__sup_start_map_faulty_specs(field: str, value: object, fault: str) -> None:
    with pytest.raises(SpecError) as caught:
        spec(**{field: value})
    assert caught.value.reason == (fault, value)


def test_supervisor__child_specs_accept_the_words_of_the_configuration() -> None:
    assert spec(restart="transient").restart is Restart.TRANSIENT
    assert SupFlags("rest_for_one").strategy is Strategy.REST_FOR_ONE  # type: ignore[arg-type]


def test_start_call_takes_keywords() -> None:
    assert spec(start=(start_nothing, [1], {"name": "x"})).call == StartCall(start_nothing, (1,), {"name": "x"})


def test_supervisor__significant_must_not_be_permanent() -> None:
    with pytest.raises(SpecError, match="bad_combination"):
        spec(significant=True)


def test_supervisor__significant_needs_auto_shutdown() -> None:
    child = spec(significant=True, restart="temporary")
    with pytest.raises(SpecError, match="bad_combination"):
        check_one(SupFlags(), child)
    check_one(SupFlags(auto_shutdown=AutoShutdown.ANY_SIGNIFICANT), child)


def test_supervisor__duplicate_child_name() -> None:
    with pytest.raises(SpecError) as caught:
        check(SupFlags(), [spec(), spec()])
    assert caught.value.reason == ("duplicate_child_name", "a")


@pytest.mark.parametrize("count", [0, 2])
def test_supervisor__simple_one_for_one_has_one_spec(count: int) -> None:
    with pytest.raises(SpecError, match="bad_start_spec"):
        check(SupFlags(Strategy.SIMPLE_ONE_FOR_ONE), [spec(id=n) for n in range(count)])


def test_supervisor__not_a_spec() -> None:
    with pytest.raises(SpecError, match="invalid_child_spec"):
        check(SupFlags(), ["child"])  # type: ignore[list-item]
