"""faults — what a sender is told when something fails behind the stream, and what the log is told of it.

Way:      packets, component, iq, users, c2s_session → [faults] → an error stanza to the sender; a line in the log
RFC:      6120 §8.3 (errors are never answered with errors), §8.3.3.6 (internal-server-error), §8.3.3.18
          (resource-constraint)
Differs:  senders get neutral words, the log gets the full text and the stack: a sender learns nothing of how the
          server is made. A failure that repeats is logged once in PAUSE seconds, with its count
"""

from __future__ import annotations

import logging
from typing import Final

from otp.erts import blocking
from otp.erts.clock import CLOCK
from otp.erts.exits import KILLED, NOCONNECTION, NOPROC, SHUTDOWN, TIMEOUT, CallError, ReceiveTimeout
from xmpp_core.errors import StanzaError
from xmpp_core.stanza import Presence, Stanza
from xmppd.store.backend import StoreError

LATER: Final = "the server cannot do this now; try again later"
BUG: Final = "the server failed at this"
#: seconds in which one failure is told to the log once
PAUSE: Final = 10.0
_MOST: Final = 256
_PASSING: Final = frozenset({TIMEOUT, NOPROC, NOCONNECTION, KILLED, SHUTDOWN})
# presence that is told to many: an error to each would be noise
_UNANSWERED = frozenset({"unavailable", "probe", "unsubscribe", "unsubscribed", "subscribed"})
_log = logging.getLogger("xmppd.faults")

#: when (monotonic) each failure was told last, and how often it was seen since
_told: dict[str, tuple[float, int]] = {}


def passes(error: Exception) -> bool:
    """Whether it may pass by itself: a store that is full, locked or gone; a process that is busy or starts again."""
    match error:
        case StoreError():
            return error.condition == "resource-constraint"
        case CallError():
            return isinstance(error.why, str) and error.why in _PASSING
    return isinstance(error, (blocking.Busy, ReceiveTimeout, TimeoutError))


def stanza_error(error: Exception, doing: str) -> StanzaError:
    """What a sender is told of `error`, which stopped us while `doing` (words for the log).

    A StanzaError is an answer and goes out as it is. All else is logged: what passes by itself in one line, and the
    sender may try again; anything else with its stack, for it is a bug (a StreamError too: only a stream's own input
    may end it).
    """
    if isinstance(error, StanzaError):
        return error
    log(error, doing)
    if passes(error):
        return StanzaError("resource-constraint", LATER, type_="wait")
    return StanzaError("internal-server-error", BUG)


def is_answerable(stanza: Stanza) -> bool:
    """Whether an error may be sent back: never to errors and results, nor to presence that asks for nothing."""
    type_ = stanza.el.attrs.get("type", "")
    if type_ == "error" or (stanza.kind == "iq" and type_ == "result"):
        return False  # an iq without a type, or with one that does not exist, is told that it is wrong
    return not (isinstance(stanza, Presence) and type_ in _UNANSWERED)


def bounce(stanza: Stanza, error: StanzaError) -> Stanza | None:
    """The error reply to `stanza`, None if it must not have one."""
    return stanza.error(error) if is_answerable(stanza) and stanza.from_ is not None else None


def answer(stanza: Stanza, error: Exception) -> Stanza | None:
    """The error reply to a stanza that could not be dealt with; None if it must not have one. See stanza_error."""
    return bounce(stanza, stanza_error(error, f"dealing with {_named(stanza)}"))


def log(error: Exception, doing: str) -> None:
    """Tell the log of a failure: one line if it passes by itself, else with the stack."""
    key = f"{type(error).__name__}: {error}"
    again = _unlogged(f"{key} {'' if passes(error) else _place(error)}")
    if again is None:
        return
    more = f" ({again} more of these since the last line)" if again else ""
    if passes(error):
        _log.warning("%s failed: %s%s", doing, key, more)
    else:
        _log.error("%s failed: %s%s", doing, key, more, exc_info=error)


def _unlogged(key: str) -> int | None:
    """How many were not told since the last that was; None if this one is not told either."""
    now = CLOCK.monotonic()
    last, seen = _told.get(key, (-PAUSE, 0))
    if now - last < PAUSE:
        _told[key] = (last, seen + 1)
        return None
    if len(_told) >= _MOST:
        _told.clear()
    _told[key] = (now, 0)
    return seen


def _place(error: Exception) -> str:
    """The line that raised."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    return f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame is not None else ""


def _named(stanza: Stanza) -> str:
    """Kind, type and addresses; nothing that was said."""
    kind = f"{stanza.kind} {stanza.el.attrs.get('type', '')}".rstrip()
    return f"{kind} from {stanza.from_ or 'nobody'} to {stanza.to or 'nobody'}"
