"""What others may see of a process, and what they are told when it cannot be shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from otp.stdlib.status import Formats, Status, formatted

SEEN = Status({"user": "juliet", "password": "secret"}, "hello", "boom", ("entry",))


class Plain(Formats):
    """Hides nothing."""


class Shy(Formats):
    """Hides a part of the state."""

    def format_status(self, state: Any) -> Any:
        return {**state, "password": "…"}


class Mute(Shy):
    """Hides the message, too."""

    def format_all_status(self, status: Status) -> Status:
        return replace(super().format_all_status(status), message=None, log=())


class Broken(Formats):
    def format_status(self, state: Any) -> Any:
        raise KeyError("password")


class Wrong(Formats):
    def format_all_status(self, status: Status) -> Any:
        return status.state


def test_without_a_callback_all_is_shown() -> None:
    assert formatted(Plain(), SEEN) == SEEN


def test_the_state_is_shown_as_the_module_says() -> None:
    shown = formatted(Shy(), SEEN)
    assert shown.state == {"user": "juliet", "password": "…"}
    assert (shown.message, shown.reason, shown.log) == ("hello", "boom", ("entry",))


def test_a_module_may_hide_more_than_the_state() -> None:
    shown = formatted(Mute(), SEEN)
    assert (shown.message, shown.log, shown.reason) == (None, (), "boom")
    assert "secret" not in repr(shown)


def test_what_a_failing_callback_should_have_hidden_is_not_shown() -> None:
    for module, words in ((Broken(), "failed: KeyError('password')"), (Wrong(), "returned dict")):
        shown = formatted(module, SEEN)
        assert words in shown.state
        assert "secret" not in repr(shown)
        assert shown.message == shown.state
        assert (shown.reason, shown.log) == ("boom", ())


def test_no_message_stays_no_message() -> None:
    assert formatted(Broken(), Status({})).message is None
