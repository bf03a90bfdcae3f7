"""c2s_session — a bound client: its session opened and closed, its stanzas sent on, and those for it written.

Way:      stream.c2s → [c2s_session] → routing.packets (out of the client), transport (to the client)
Process:  runs in the c2s
RFC:      6120 §7, §8.1; 6121 §4, §8
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Final

from otp.erts import process
from otp.erts.exits import ReceiveTimeout
from xmpp_core import ns, stanza
from xmpp_core import stream_answers as answers
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.parser import Oversized
from xmpp_core.stanza import Iq, Presence
from xmppd.routing import hooks, packets, router, sm
from xmppd.routing.deliver import Deliver, Newest
from xmppd.routing.hook_points import (
    SessionClosed,
    SessionOpened,
    UserReceivePacket,
    UserReceivePresence,
)
from xmppd.routing.session import C2sSession, new_session
from xmppd.stream import unread
from xmppd.stream.c2s_data import Data

log = logging.getLogger("xmppd.c2s")

#: stanzas for a client that are written between some of its own
AT_ONCE: Final = 64


async def open_session(data: Data, jid: JID) -> None:
    """Put the session into the table of every node, and tell the modules."""
    transport = data.transport
    tls = transport.tls
    info = {"ip": transport.peer, "tls": tls.version() if tls is not None else "", "mechanism": data.how}
    session = new_session(jid, process.self_(), lang=data.lang, info=info, safe=data.safe)
    await sm.open_session(session)
    data.session = session
    if data.timer is not None:
        process.cancel_timer(data.timer)
        data.timer = None
    data.endpoint.ticket.known()
    await hooks.run(session.host, SessionOpened(session))


async def close_session(data: Data, reason: str) -> None:
    """The inverse; idempotent. A module that fails here does not keep the others from saying goodbye."""
    session, data.session = data.session, None
    if session is not None:
        await sm.close_session(session)
        await hooks.run(session.host, SessionClosed(session, reason))
        await _send_back(data, session.jid.full)


async def _send_back(data: Data, who: str) -> None:
    """What was on its way to this session and came too late is routed again: to another resource, to the store, or
    back to who sent it. It cannot come here any more: the session is out of the table. Answers are the client's own:
    one that said goodbye right after its request still gets them. One that fails does not keep the others."""
    waiting = deque(await process.flush())
    while waiting:  # each is let go when it has been dealt with: together they may be large
        message = waiting.popleft()
        if not isinstance(message, Deliver) or isinstance(message.stanza, Presence):
            continue
        try:
            await _send_one_back(data, message.stanza)
        except Exception:
            log.exception("a stanza that came too late for %s is lost", who)


async def _send_one_back(data: Data, packet: stanza.Stanza) -> None:
    if isinstance(packet, Iq) and not packet.is_request:
        if not data.said_goodbye:
            data.transport.send(packet.to_xml())
    else:
        await router.route(packet)


async def send_on(data: Data, session: C2sSession, el: Element) -> None:
    """A stanza of the client: stamped with who it is from, and routed. RFC: 6120 §8.1.2.1"""
    if data.lang and "xml:lang" not in el.attrs:
        el.attrs["xml:lang"] = data.lang
    if any(_in_our_name(child, session.host) for child in el.children):
        el.children[:] = [child for child in el.children if not _in_our_name(child, session.host)]
    try:
        packet = stanza.from_element(el, session.jid)
    except StanzaError as error:
        _answer(data, el, error)
        return
    await packets.send_packet(session, packet)


def refuse(data: Data, el: Oversized) -> None:
    """What would be too large when it is written goes nowhere. RFC: 6120 §8.3.3.12"""
    _answer(data, el, StanzaError("policy-violation", "namespaces declared once and used too often"))


def _answer(data: Data, el: Element, error: StanzaError) -> None:
    if el.attrs.get("type") not in ("error", "result"):
        data.transport.send(answers.error(el, error).to_xml())


#: marks that only a server sets, and the attribute that says which. XEP: 0203 §5, 0359 §6
_MARKS = {ns.DELAY: "from", ns.STANZA_ID: "by"}


def _in_our_name(child: Element | str, host: str) -> bool:
    """A delay or stanza-id that claims to be this server's own, or an account's of it: nobody may forge one."""
    if type(child) is not Element or child.ns not in _MARKS:
        return False
    return child.attrs.get(_MARKS[child.ns], "").partition("/")[0].rpartition("@")[2].lower() == host


def write_now(data: Data, session: C2sSession, message: Deliver) -> bool:
    """Write a stanza that no module wants to see to a client that reads; False if there is more to it."""
    host = session.host
    if data.transport.congested or hooks.wanted(host, UserReceivePacket):
        return False
    if isinstance(message.stanza, Presence) and hooks.wanted(host, UserReceivePresence):
        return False
    data.transport.send(message.stanza.to_xml())
    return True


async def write(data: Data, session: C2sSession, message: Deliver) -> None:
    """Let the modules see a stanza for the client, write it, and wait while the client reads too slowly.

    Raises StreamError if it does not read at all.
    """
    kept = await packets.receive_packet(session, message.stanza)
    if kept is not None:
        data.transport.send(kept.to_xml())
    if data.transport.congested:
        await unread.until_read(data.transport)


async def catch_up(data: Data) -> None:
    """Within a long batch of the client: the others have their turn, and what has come for the client is written before
    more of what it asks is looked at. A client that asks much and reads little waits for itself.

    Raises StreamError if it does not read at all.
    """
    await asyncio.sleep(0)
    session = data.session
    if session is None:
        return
    for _ in range(AT_ONCE):
        try:
            message = await process.receive(_is_for_client, timeout=0)
        except ReceiveTimeout:
            return
        if type(message) is Newest:
            if not session.is_news(message.subject, message.version):
                continue
            message = Deliver(message.stanza)
        if not write_now(data, session, message):
            await write(data, session, message)


def _is_for_client(message: object) -> bool:
    return type(message) in (Deliver, Newest)
