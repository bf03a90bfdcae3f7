"""messages — formats the messages that a process is sent for a person, without secrets.

OTP:      dbg's formatting of trace messages
Way:      tracing → [messages] → the program's plugin, or otp.stdlib.term_format
Process:  none; pure
"""

from __future__ import annotations

from typing import Any

from otp.observer import plugin
from otp.observer.plugin import Line
from otp.stdlib.gen import Call, Cast
from otp.stdlib.gen_fsm import Event
from otp.stdlib.term_format import format_term


def lines(message: Any) -> list[Line]:
    """A message in lines, each with its kind: a class, or what the program calls it."""
    match message:
        case Cast() | Call():
            return _term(message.request)
        case Event():
            return lines(message.event)
    known = plugin.installed().lines(message)
    return known if known is not None else _term(message)


def _term(term: Any) -> list[Line]:
    return [(type(term).__qualname__, format_term(term, plugin.installed().special))]
