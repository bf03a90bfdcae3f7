"""pykka_messages — messages that come through a pykka.ActorRef: tells their kind, and rejects them.

OTP:      nothing
Differs:  the only file that imports names which Pykka keeps to itself: the envelope in which a message comes, and the
          message behind ActorRef.stop(). Beside them actor defines and calls four of pykka.Actor's underscored methods
"""

from __future__ import annotations

from typing import Any

import pykka
from pykka._envelope import Envelope
from pykka.messages import ProxyCall, ProxyGetAttr, ProxySetAttr
from pykka.messages import _ActorStop as Stop

__all__ = ["Envelope", "Stop", "is_proxy", "is_stop", "reject_envelope"]


def is_stop(message: object) -> bool:
    """True for the message behind pykka's ActorRef.stop()."""
    return isinstance(message, Stop)


def is_proxy(message: object) -> bool:
    """True for the messages behind pykka's ActorProxy."""
    return isinstance(message, (ProxyCall, ProxyGetAttr, ProxySetAttr))


def reject_envelope(message: Any) -> None:
    """Answer a pykka ask that nobody will handle any more."""
    if type(message) is Envelope and message.reply_to is not None:
        if isinstance(message.message, Stop):
            message.reply_to.set(None)
        else:
            error = pykka.ActorDeadError("the actor stopped before handling the message")
            message.reply_to.set_exception((pykka.ActorDeadError, error, None))
