"""hold — new stanzas for a client wait while older, stored ones are being delivered to it.

Way:      a module in the c2s: begin → Older … to its own mailbox → end; c2s: Deliver → [hold] → written after them
RFC:      6120 §10.1 (in-order processing)
Process:  runs in the c2s; `hold` of a session is None except during that time
Differs:  IQs are let through, and what the client has asked for with one: they are conversations of their own
"""

from __future__ import annotations

from otp.erts.clock import CLOCK
from xmpp_core.stanza import Iq
from xmppd.routing.context import ANSWER, Context
from xmppd.routing.deliver import Deliver, Hold
from xmppd.routing.session import C2sSession


def begin(session: C2sSession) -> None:
    """Messages and presence that come from now on wait; idempotent."""
    if session.hold is None:
        session.hold = Hold()
    session.hold.over = False


def end(session: C2sSession) -> None:
    """All that is older has been written: the c2s writes what waits, once the handler that says so returns."""
    if session.hold is not None and session.hold.queue:
        session.hold.over = True
    else:
        session.hold = None


def takes(session: C2sSession, message: Deliver) -> bool:
    """Holds the message back if the session is held; it is stamped with the time. Returns whether it was."""
    hold = session.hold
    if hold is None or isinstance(message.stanza, Iq) or (message.context and message.context.for_one == ANSWER):
        return False
    stamp(message)
    hold.queue.append(message)
    hold.size += message.stanza.weight()
    return True


def let_go(session: C2sSession) -> Deliver | None:
    """The next of those that may be written now; None, and the hold is no more, if there is none."""
    hold = session.hold
    if hold is None or not hold.over:
        return None
    if hold.queue:
        message = hold.queue.popleft()
        hold.size -= message.stanza.weight()
        return message
    session.hold = None
    return None


def stamp(message: Deliver) -> None:
    """Stamp a message with the time at which it began to wait, for its delay element if it is rerouted (XEP-0203)."""
    if message.context is None:
        message.context = Context()
    if not message.context.first_sent:
        message.context.first_sent = CLOCK.time_ns() // 1_000_000
