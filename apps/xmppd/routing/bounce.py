"""bounce — the one place where a stanza is sent back as an error.

RFC:  6120 §8.3 (errors are never answered with errors), 6121 §8
Way:  packets, router, users, local, component → [bounce] → router → c2s of the sender
"""

from __future__ import annotations

from xmpp_core.errors import StanzaError
from xmpp_core.stanza import Presence, Stanza

# presence that is told to many: an error to each would be noise
_SILENT = frozenset({"unavailable", "probe", "unsubscribe", "unsubscribed", "subscribed"})


def is_answerable(stanza: Stanza) -> bool:
    """Whether an error may be sent back: never to errors and results, nor to presence that asks for nothing."""
    type_ = stanza.el.attrs.get("type", "")
    if type_ == "error" or (stanza.kind == "iq" and type_ == "result"):
        return False  # an iq without a type, or with one that does not exist, is told that it is wrong
    return not (isinstance(stanza, Presence) and type_ in _SILENT)


def reply(stanza: Stanza, error: StanzaError) -> Stanza | None:
    """The error reply to `stanza`, None if it must not have one."""
    return stanza.error(error) if is_answerable(stanza) and stanza.from_ is not None else None
