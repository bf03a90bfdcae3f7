"""packets — runs the hooks of a stanza that a client sends, and of one that is delivered to it.

Way:      c2s → [packets.send_packet] → hooks → router → … → c2s of the recipient → [packets.begin_receive] → client
Process:  runs in the c2s of the client
RFC:      6120 §8.1.1, §10.3 (no `to`); 6121 §4 (presence)
"""

from __future__ import annotations

from collections.abc import Awaitable

from xmpp_core.stanza import Iq, Message, Presence, Stanza
from xmppd.routing import durability, faults, hooks, router, users
from xmppd.routing.account import stages
from xmppd.routing.context import Context, Origin
from xmppd.routing.durability import ANY_PENDING
from xmppd.routing.hook_kinds import OnTheWay
from xmppd.routing.hook_points import (
    UserReceivePacketHook,
    UserReceivePresenceHook,
    UserSendPacketHook,
    UserSendPresenceHook,
)
from xmppd.routing.session import C2sSession


def send_now(session: C2sSession, message: Message) -> Stanza | Awaitable[Stanza | None] | None:
    """As send_packet, for a message; nearly all need wait for nothing, and for them it is not awaitable."""
    to, host = message.to, session.host
    if to is None or not to.local:
        return send_packet(session, message)
    try:
        chains = hooks.chains(host, OnTheWay)
        if not chains and chains is not None and (to.domain == host or not _takes_part(to.domain)):
            return None if users.deliver_now(message, to) else send_packet(session, message)
        served = to.domain == host or router.serves(to.domain)
        if chains is None or "UserSendPacketHook" in chains or not served:
            return send_packet(session, message)
    except Exception:
        return send_packet(session, message)  # which says of it what is to be said
    try:
        if "AccountSendsHook" in chains or to.domain != host:
            return _begin(message)
        left = stages.begin_received(message, to, Context(), chains)
        return left if left is None or isinstance(left, Stanza) else _answered(message, left)
    except Exception as error:
        return faults.answer(message, error)


def _takes_part(domain: str) -> bool:
    """Whether a message to this domain is more than a look at the session table."""
    return not router.serves(domain) or hooks.wanted(domain, OnTheWay)


def _begin(message: Message) -> Stanza | Awaitable[Stanza | None] | None:
    context = Context()
    kept = stages.begin_send(message, context)
    if kept is None:
        return None
    if not isinstance(kept, Stanza):
        return _sent(message, kept, context)
    left = stages.begin_receive(kept, context.for_recipient())
    return left if left is None or isinstance(left, Stanza) else _answered(kept, left)


async def _sent(stanza: Stanza, kept: Awaitable[Stanza | None], context: Context) -> Stanza | None:
    try:
        left = await kept
        return None if left is None else await router.dispatch(left, context.for_recipient())
    except Exception as error:
        return faults.answer(stanza, error)


async def _answered(stanza: Stanza, left: Awaitable[Stanza | None]) -> Stanza | None:
    try:
        return await left
    except Exception as error:
        return faults.answer(stanza, error)


async def send_packet(session: C2sSession, stanza: Stanza) -> Stanza | None:
    """Does with a stanza of this session's client what it asks for; `from_` is the session's full JID.

    Returns what the client is to be answered at once, if anything: begin_receive is next for it. Whatever is raised on
    the way is an error to the client (faults.answer), and its stream goes on.
    """
    host, sent = session.host, stanza
    try:
        if isinstance(stanza, Iq | Presence):
            stanza.check()
        if stanza.to is None and not isinstance(stanza, Presence):
            stanza = stanza.addressed(to=session.user)
        if hooks.wanted(host, UserSendPacketHook):
            kept = await hooks.run_fold(host, UserSendPacketHook(session), stanza)
            if kept is None:
                return None
            stanza = kept
        if isinstance(stanza, Presence):
            left = hooks.begin_fold(host, UserSendPresenceHook(session), stanza)
            if left is not None and not isinstance(left, Presence):
                left = await left
            if left is None or left.to is None:
                return None
            stanza = left
        elif ANY_PENDING and isinstance(stanza, Iq):
            await durability.flush()  # its answer acknowledges what came before it
        if not stages.are_wanted(host):
            to, context = stanza.to, None
            if to is not None and to.domain != host:  # where somebody may take part, though nobody does here
                context = stages.context_for(to.domain, Origin.CLIENT)
            return await router.dispatch(stanza, context)
        if isinstance(stanza, Iq) and _is_for_us(stanza, session):
            return await router.dispatch(stanza, Context(staged=True))
        return await router.dispatch_of_account(stanza)
    except Exception as error:
        return faults.answer(sent, error)


def _is_for_us(request: Iq, session: C2sSession) -> bool:
    """Whether the client asks its own account or its server. That is no stanza between accounts and has no stages: it
    is answered in the client's c2s, where handlers find its session, wherever the account's home is."""
    to = request.to
    return to is not None and request.is_request and (to == session.user or to.full == session.host)


def begin_receive(
    session: C2sSession, stanza: Stanza, context: Context | None = None
) -> Stanza | Awaitable[Stanza | None] | None:
    """What this session's client gets of a stanza that was delivered to it, None if nothing; an awaitable for it, from
    the first handler on that waits. Raises what handlers answer (StanzaError)."""
    host = session.host
    if isinstance(stanza, Presence) and hooks.wanted(host, UserReceivePresenceHook):
        kept = hooks.begin_fold(host, UserReceivePresenceHook(session), stanza)
        if kept is None:
            return None
        if not isinstance(kept, Presence):
            return _receive_rest(session, kept, context)
        stanza = kept
    if hooks.wanted(host, UserReceivePacketHook):
        return hooks.begin_fold(host, UserReceivePacketHook(session, context), stanza)
    return stanza


async def _receive_rest(
    session: C2sSession, begun: Awaitable[Presence | None], context: Context | None
) -> Stanza | None:
    presence = await begun
    if presence is None or not hooks.wanted(session.host, UserReceivePacketHook):
        return presence
    return await hooks.run_fold(session.host, UserReceivePacketHook(session, context), presence)
