"""refusals — the errors that only this protocol has.

XEP:  0050 §4.4 (error conditions)
"""

from __future__ import annotations

from xmpp_core import ns
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError


def refused(condition: str, text: str = "") -> StanzaError:
    """A bad-request with a condition of the protocol's own; session-expired is one of not-allowed."""
    general = "not-allowed" if condition == "session-expired" else "bad-request"
    return StanzaError(general, text, app=Element(ns.COMMANDS, condition))
