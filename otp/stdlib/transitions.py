"""transitions — the values of a gen_statem callback: event types that it gets, actions and results that it returns.

OTP:      the types event_type(), action() and event_handler_result() of gen_statem.erl, where they are tuples
Way:      a GenStatem's methods → [transitions] → gen_statem performs them
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Final, Literal

from otp.stdlib.gen import From

STATE_FUNCTIONS: Final = "state_functions"
HANDLE_EVENT_FUNCTION: Final = "handle_event_function"
STATE_ENTER: Final = "state_enter"

State = Hashable

# -- event types: a word, or one of the two below


@dataclass(frozen=True, slots=True)
class Called:
    """{call, From}: the event waits for a Reply(from_, …)."""

    from_: From


@dataclass(frozen=True, slots=True)
class Named:
    """{timeout, Name}: a generic time-out has come."""

    name: Hashable


Plain = Literal["cast", "info", "internal", "enter", "timeout", "state_timeout"]
EventType = Plain | Called | Named

# -- actions, carried out in the order they stand


@dataclass(frozen=True, slots=True)
class Postpone:
    """Try this event again after the next change of state, before all events that came later."""


@dataclass(frozen=True, slots=True)
class NextEvent:
    """Insert an event: it is handled before postponed and queued ones."""

    type: EventType
    event: Any


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer a caller."""

    from_: From
    value: Any


@dataclass(frozen=True, slots=True)
class Hibernate:
    """Sleep until the next event; process_info says so."""


@dataclass(frozen=True, slots=True)
class ChangeModule:
    """{change_callback_module, Module}: from the next event on another class is called back, in the same state."""

    module: type


@dataclass(frozen=True, slots=True)
class PushModule:
    """{push_callback_module, Module}: the same, and the present class is remembered."""

    module: type


@dataclass(frozen=True, slots=True)
class PopModule:
    """pop_callback_module: back to the class that was remembered last."""


@dataclass(frozen=True, slots=True)
class SetTimeout:
    """Start (or start again) a time-out; `seconds` None cancels it.

    `type` "timeout" is given up for any event, "state_timeout" at a change of state, Named(…) for nothing.
    """

    type: Literal["timeout", "state_timeout"] | Named
    seconds: float | None
    event: Any = None


@dataclass(frozen=True, slots=True)
class UpdateTimeout:
    """Change what a running time-out brings; one that does not run comes at once."""

    type: Literal["timeout", "state_timeout"] | Named
    event: Any


Action = Postpone | NextEvent | Reply | Hibernate | SetTimeout | UpdateTimeout | ChangeModule | PushModule | PopModule
Actions = Action | list[Action] | tuple[Action, ...]


def event_timeout(seconds: float | None, event: Any = None) -> SetTimeout:
    """A time-out that any event cancels."""
    return SetTimeout("timeout", seconds, event)


def state_timeout(seconds: float | None, event: Any = None) -> SetTimeout:
    """A time-out that a change of state cancels."""
    return SetTimeout("state_timeout", seconds, event)


def timeout(name: Hashable, seconds: float | None, event: Any = None) -> SetTimeout:
    """A time-out of its own name."""
    return SetTimeout(Named(name), seconds, event)


# -- results


class _Same:
    def __repr__(self) -> str:
        return "SAME"


SAME: Final[Any] = _Same()


@dataclass(frozen=True, slots=True)
class Next:
    """{next_state, State, Data, Actions}."""

    state: State
    data: Any = SAME
    actions: Actions = ()


@dataclass(frozen=True, slots=True)
class Keep:
    """{keep_state, Data, Actions}, and without data keep_state_and_data."""

    data: Any = SAME
    actions: Actions = ()


@dataclass(frozen=True, slots=True)
class Repeat:
    """{repeat_state, Data, Actions}: stay, but run the state's enter call again."""

    data: Any = SAME
    actions: Actions = ()


@dataclass(frozen=True, slots=True)
class Stop:
    """{stop, Reason, Data}, and with `replies` stop_and_reply."""

    reason: object = "normal"
    data: Any = SAME
    replies: tuple[Reply, ...] | list[Reply] = ()


def as_list(actions: Actions) -> tuple[Action, ...]:
    """One action or several, as a tuple."""
    return tuple(actions) if isinstance(actions, list | tuple) else (actions,)
