"""services — stanzas for the service domain of a module.

OTP:      cf. the routes that ejabberd's mod_muc and mod_pubsub register
Way:      router → [services] → iq (a request to the domain, or to node@domain) | the module's stanza handler
Process:  runs in the sender's process; one process for each key: routing.placed
RFC:      6120 §10.5.1, §10.5.2 (the server decides what its other domains do)
"""

from __future__ import annotations

from xmpp_core.errors import StanzaError
from xmpp_core.stanza import Iq, Message, Stanza
from xmppd.routing import faults, iq
from xmppd.routing.routes import ServiceRoute


async def route(stanza: Stanza, service: ServiceRoute) -> Stanza | None:
    """Hands a stanza to the service; returns the answer for the sender. Raises what its handler raises.

    Requests to the domain and to node@domain are for the IQ handlers. All else is for the stanza handler: messages,
    presence, requests to node@domain/resource, and the answers to what the service has asked.
    """
    to = stanza.to
    assert to is not None
    if isinstance(stanza, Iq) and stanza.is_request and not (to.local and to.resource):
        return await iq.process(stanza, iq.ENTITY if to.local else iq.DOMAIN, service.host)
    if service.handler is None:
        return unanswered(stanza)
    result = service.handler(stanza)
    return result if result is None or isinstance(result, Stanza) else await result


def unanswered(stanza: Stanza) -> Stanza | None:
    """What is said to a stanza that nobody here takes: presence and headlines are dropped in silence."""
    if isinstance(stanza, Iq) or (isinstance(stanza, Message) and stanza.type != "headline"):
        return faults.bounce(stanza, StanzaError("service-unavailable"))
    return None
