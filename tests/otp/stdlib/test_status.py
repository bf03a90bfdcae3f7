"""test_status — what others may see: by default the state, through format_status; never what a failing one hid."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from otp.stdlib.status import Formats, Status, formatted


class Hides(Formats):
    def format_status(self, state: Any) -> Any:
        return "hidden"


class HidesAll(Formats):
    def format_all_status(self, status: Status) -> Status:
        return replace(status, state="s", message="m", reason="r", log=("l",))


class Fails(Formats):
    def format_status(self, state: Any) -> Any:
        raise ValueError("cannot")


class ReturnsNonsense(Formats):
    def format_all_status(self, status: Status) -> Any:
        return "nonsense"


FULL = Status("secret", "message", "reason", ("log",))


@pytest.mark.parametrize(
    ("module", "shown"),
    [
        (Formats(), FULL),
        (Hides(), Status("hidden", "message", "reason", ("log",))),
        (HidesAll(), Status("s", "m", "r", ("l",))),
    ],
)
def test_what_is_shown(module: Any, shown: Status) -> None:
    assert formatted(module, FULL) == shown


@pytest.mark.parametrize(("module", "said"), [(Fails(), "failed: ValueError('cannot')"), (ReturnsNonsense(), "str")])
def test_a_callback_that_fails_shows_nothing(module: Any, said: str) -> None:
    shown = formatted(module, FULL)
    assert said in shown.state
    assert "secret" not in repr(shown)
    assert shown.log == ()
    assert formatted(module, Status("secret")).message is None
