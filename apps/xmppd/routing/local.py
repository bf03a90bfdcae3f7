"""local — stanzas for the server itself: its domain, with or without a resource.

OTP:      cf. ejabberd_local.erl
Way:      router → [local] → iq → the answer goes to router
Process:  runs in the sender's process
RFC:      6120 §10.5.1, §10.5.2
"""

from __future__ import annotations

from xmpp_core.errors import StanzaError
from xmpp_core.stanza import Iq, Message, Stanza
from xmppd.routing import bounce, iq


async def answer(stanza: Stanza) -> Stanza | None:
    """What the server says to a stanza addressed to it; None if nothing."""
    if isinstance(stanza, Iq):
        return await iq.process(stanza, iq.LOCAL)
    if isinstance(stanza, Message) and stanza.type != "headline":
        return bounce.reply(stanza, StanzaError("service-unavailable"))
    return None
