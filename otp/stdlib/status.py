"""status — what a behaviour shows of itself: its state, and in a report its last message and its reason.

OTP:      the callback format_status/1 of the behaviours
Differs:  format_status(state) -> state is all most modules need; format_all_status(status) -> status hides more
Way:      reports, sys:get_status → [status] → the callback module
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from otp.stdlib.callback import Callbacks


@dataclass(frozen=True, slots=True)
class Status:
    """What is about to be shown. `message` and `reason` are there in the report of a crash only."""

    state: Any
    message: Any = None
    reason: Any = None
    log: tuple[Any, ...] = ()


class Formats(Callbacks):
    """The two callbacks of every behaviour's module."""

    def format_status(self, state: Any) -> Any:
        """The state as logs and observers may see it: hide secrets here."""
        return state

    def format_all_status(self, status: Status) -> Status:
        """The same for all that is shown: by default only the state goes through format_status."""
        return replace(status, state=self.format_status(status.state))


def formatted(module: Any, status: Status) -> Status:
    """The status as the module shows it; if its callback fails, that is said in place of what it should have hidden."""
    try:
        shown = module.format_all_status(status)
        if isinstance(shown, Status):
            return shown
        fault = f"returned {type(shown).__name__}"
    except BaseException as exc:
        fault = f"failed: {exc!r}"
    hidden = f"({type(module).__qualname__}.format_status {fault})"
    return Status(hidden, hidden if status.message is not None else None, status.reason, ())
