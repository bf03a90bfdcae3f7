"""answers — requests that the server itself sends, and the answers to them.

    answer = await answers.ask(make_iq("get", "", query, to=client, from_=JID("", host)), 10.0)

Way:      a module → [ask] → router → … → router, whoever answers it → awaited → the module goes on
OTP:      cf. ejabberd_router:route_iq and its callbacks
Process:  the caller's, which waits; not the c2s of the client that is asked: it would wait for itself
Differs:  the id names the node that waits, so the answer may come to any
RFC:      6120 §8.2.3
"""

from __future__ import annotations

import secrets

from otp.erts import process
from otp.erts.exits import ReceiveTimeout
from xmpp_core.errors import StanzaError
from xmpp_core.stanza import Iq
from xmppd.routing import router
from xmppd.routing.awaited import MOST, WAITING, Answered, AwaitedAnswer


async def ask(request: Iq, seconds: float) -> Iq:
    """Sends a request in the server's name, under an id of its own; the answer, a result or an error.

    `from_` is a host of ours, `to` who is asked. Raises StanzaError remote-server-timeout if no answer comes,
    resource-constraint if too many are waited for.
    """
    assert request.to is not None
    if len(WAITING) >= MOST:
        raise StanzaError("resource-constraint", "too many requests wait for their answers")
    id_ = f"{process.node()}.{secrets.token_urlsafe(12)}"
    WAITING[id_] = AwaitedAnswer(request.to.full, process.self_())
    try:
        sent = Iq(request.el.with_attrs(id=id_), request.from_, request.to)
        await router.route(sent)
        found = await process.receive(lambda m: isinstance(m, Answered) and m.iq.id == id_, seconds)
    except ReceiveTimeout:
        raise StanzaError("remote-server-timeout", "no answer") from None
    finally:
        WAITING.pop(id_, None)
    assert isinstance(found, Answered)
    return found.iq
