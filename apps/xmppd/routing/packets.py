"""packets — a stanza on its way from a client into the server, and on its way out to one.

Way:      c2s → [packets.send_packet] → hooks → router → … → c2s of the recipient → [packets.receive_packet] → client
Process:  runs in the c2s of the client
RFC:      6120 §8.1.1, §10.3 (no `to`); 6121 §4 (presence)
"""

from __future__ import annotations

from xmpp_core.stanza import Iq, Message, Presence, Stanza
from xmppd.routing import durability, faults, hooks, router, users
from xmppd.routing.durability import ANY_PENDING
from xmppd.routing.hook_points import UserReceivePacket, UserReceivePresence, UserSendPacket, UserSendPresence
from xmppd.routing.session import C2sSession


def send_now(session: C2sSession, message: Message) -> bool:
    """As send_packet, for a message that no module wants to see and that need wait for nothing, as nearly all; False:
    nothing was done, and send_packet does it."""
    to = message.to
    if to is None or not to.local or hooks.wanted(session.host, UserSendPacket):
        return False
    try:
        return router.serves(to.domain) and users.deliver_now(message, to)
    except Exception:
        return False  # send_packet says of it what is to be said


async def send_packet(session: C2sSession, stanza: Stanza) -> Stanza | None:
    """Does with a stanza of this session's client what it asks for; `from_` is the session's full JID.

    Returns what the client is to be answered at once, if anything: receive_packet is next for it. Whatever is raised on
    the way is an error to the client (faults.answer), and its stream goes on.
    """
    try:
        return await _send(session, stanza)
    except Exception as error:
        return faults.answer(stanza, error)


async def _send(session: C2sSession, stanza: Stanza) -> Stanza | None:
    if isinstance(stanza, Iq | Presence):
        stanza.check()
    if stanza.to is None and not isinstance(stanza, Presence):
        stanza = stanza.addressed(to=session.user)
    if hooks.wanted(session.host, UserSendPacket):
        kept = await hooks.run_fold(session.host, UserSendPacket(session), stanza)
        if kept is None:
            return None
        stanza = kept
    if isinstance(stanza, Presence):
        left = await hooks.run_fold(session.host, UserSendPresence(session), stanza)
        return None if left is None or left.to is None else await router.dispatch(left)
    if ANY_PENDING and isinstance(stanza, Iq):
        await durability.flush()  # its answer acknowledges what came before it
    return await router.dispatch(stanza)


async def receive_packet(session: C2sSession, stanza: Stanza) -> Stanza | None:
    """What this session's client gets of a stanza that was delivered to it; None if nothing."""
    host = session.host
    if isinstance(stanza, Presence) and hooks.wanted(host, UserReceivePresence):
        kept = await hooks.run_fold(host, UserReceivePresence(session), stanza)
        if kept is None:
            return None
        stanza = kept
    if hooks.wanted(host, UserReceivePacket):
        return await hooks.run_fold(host, UserReceivePacket(session), stanza)
    return stanza
