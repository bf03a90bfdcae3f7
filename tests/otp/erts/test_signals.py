"""test_signals — what the runtime sends can be matched like any value."""

from __future__ import annotations

from otp.erts.pid import make_ref, new_pid
from otp.erts.signals import Down, Exit, Timeout


def test_signals_match_by_their_fields() -> None:
    pid, ref = new_pid(), make_ref()
    match Down(ref, pid, "boom"):
        case Down(found, who, reason):
            assert (found, who, reason) == (ref, pid, "boom")
    assert Exit(pid, "x") == Exit(pid, "x")
    assert Exit(pid, "x") != Exit(pid, "y")
    assert Timeout() == Timeout(None)
