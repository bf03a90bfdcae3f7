"""test_stream_events — the vocabulary: every word is explained, and none shows a password."""

from __future__ import annotations

from typing import get_args

import pytest

from xmpp_core import stream_events
from xmpp_core.stream_events import Action, Event, LegacyAuth


@pytest.mark.parametrize("word", [cls.__name__ for cls in (*get_args(Event), *get_args(Action))])
def test_every_event_and_action_stands_in_the_table_at_the_head(word: str) -> None:
    assert word in (stream_events.__doc__ or "")


def test_actions_are_values() -> None:
    assert stream_events.Bind("juliet", "") == stream_events.Bind("juliet", "")
    with pytest.raises(AttributeError):
        stream_events.StopStream("closed").reason = "other"  # type: ignore[misc]


def test_a_password_is_not_written() -> None:
    assert "secret" not in repr(LegacyAuth("juliet", "secret", "balcony"))
