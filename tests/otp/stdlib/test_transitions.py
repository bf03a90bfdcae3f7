"""transitions — values: what the short words make.

OTP:  the types of gen_statem
"""

from otp.stdlib.transitions import (
    SAME,
    Keep,
    Named,
    Next,
    Postpone,
    SetTimeout,
    Stop,
    as_list,
    event_timeout,
    state_timeout,
    timeout,
)


def test_the_three_timeouts() -> None:
    assert event_timeout(1) == SetTimeout("timeout", 1, None)
    assert state_timeout(None) == SetTimeout("state_timeout", None, None)
    assert timeout("t", 1, "e") == SetTimeout(Named("t"), 1, "e")


def test_one_action_or_many() -> None:
    assert as_list(Postpone()) == as_list([Postpone()]) == as_list((Postpone(),)) == (Postpone(),)
    assert as_list(()) == ()


def test_data_left_out_is_data_kept() -> None:
    assert Next("s").data is Keep().data is Stop().data is SAME
    assert repr(SAME) == "SAME"
    assert Keep(None).data is None
