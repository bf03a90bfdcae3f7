"""rules — what a guest may send, and to whom.

Way:  mod_anonymous → [rules]
XEP:  0175 §3 (restrictions 2, 3)
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from xmpp_core.stanza import Iq, Presence, Stanza

#: in `reach`: any domain
ANYWHERE: Final = "*"
_RELATIONS: Final = frozenset({"subscribe", "subscribed", "unsubscribe", "unsubscribed"})
_ANSWERS: Final = frozenset({"result", "error"})


def refusal(stanza: Stanza, near: bool, reach: Collection[str]) -> str:
    """Why a guest may not send this, in words; "" if it may be sent. `near`: it is for the guests' own host, or for a
    service of that; `reach`: other domains that guests may write to."""
    if isinstance(stanza, Presence) and stanza.type in _RELATIONS:
        return "guests have no contacts"
    if isinstance(stanza, Iq) and stanza.type in _ANSWERS:
        return ""
    allowed = near or ANYWHERE in reach or (stanza.to is not None and stanza.to.domain in reach)
    return "" if allowed else "guests may not write there"
