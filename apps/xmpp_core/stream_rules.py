"""stream_rules — what the rules of the stream machine share.

Way:      stream_fsm.TABLE → [rule] → (state, actions)
RFC:      6120 §4.4 (closing), §4.9 (errors)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xmpp_core.errors import StreamError
from xmpp_core.stream_events import Action, CloseStream, StopStream, StreamFault
from xmpp_core.stream_state import StateName, StreamConfig, StreamState

Next = tuple[StreamState, list[Action]]
# the event's class is what TABLE says; a rule names the class it is written for
Run = Callable[[StreamState, Any, StreamConfig], Next]


class Rule:
    """One cell of TABLE: what is run, and the states it may lead to."""

    __slots__ = ("leads_to", "run")

    def __init__(self, run: Run, *leads_to: StateName) -> None:
        self.run = run
        self.leads_to = leads_to


def close(state: StreamState, error: StreamError | None = None) -> Next:
    """The end of the stream."""
    return state.but(name=StateName.CLOSED), [CloseStream(error)]


def fail(state: StreamState, condition: str, text: str = "") -> Next:
    """The end of the stream with an error."""
    return close(state, StreamError(condition, text))


def count_failure(state: StreamState, actions: list[Action], config: StreamConfig) -> Next:
    """A failed login, answered by `actions`; the last one that a stream may have ends it. RFC: 6120 §6.4.5"""
    counted = state.but(failures=state.failures + 1)
    if counted.failures < config.max_failures:
        return counted, actions
    ended, last = fail(counted, "policy-violation", "Too many failed logins")
    return ended, actions + last


def ignore(state: StreamState, _event: object, _config: StreamConfig) -> Next:
    """Nothing is due."""
    return state, []


def second_header(state: StreamState, _event: object, _config: StreamConfig) -> Next:
    """A header inside a stream."""
    return fail(state, "bad-format")


def stream_end(state: StreamState, _event: object, _config: StreamConfig) -> Next:
    """</stream:stream> is answered by ours."""
    return close(state)


def fault(state: StreamState, event: StreamFault, _config: StreamConfig) -> Next:
    """The receiver's or the driver's error ends the stream."""
    return close(state, event.error)


def closed(state: StreamState, _event: object, _config: StreamConfig) -> Next:
    """Nobody is there to be told."""
    return state.but(name=StateName.CLOSED), [StopStream("closed")]


def timeout(state: StreamState, _event: object, _config: StreamConfig) -> Next:
    """The budget of the whole negotiation is spent (RFC 6120 §4.9.3.4)."""
    return fail(state, "connection-timeout")
