"""c2s_session — a bound client: opens and closes its session, routes its stanzas, and writes those for it.

Way:      stream.c2s → [c2s_session] → routing.packets (out of the client), connection (to the client)
Process:  runs in the c2s
RFC:      6120 §7, §8.1; 6121 §4, §8
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from dataclasses import dataclass
from typing import Final

from otp.erts import message_trace, process
from otp.erts.exits import ReceiveTimeout
from xmpp_core import ns, stanza
from xmpp_core import stream_answers as answers
from xmpp_core.bind import Policy
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError, StreamError
from xmpp_core.jid import JID
from xmpp_core.parser import AFTER_AUTH, Limits, Oversized
from xmpp_core.sasl.base import Mechanism
from xmpp_core.stanza import Message, Presence
from xmpp_core.stream_state import StreamConfig, StreamState
from xmppd.auth.throttle import Throttle
from xmppd.net.connection import Header
from xmppd.routing import faults, hold, hooks, packets, router
from xmppd.routing.deliver import Deliver, DeliverIfNewer, Older
from xmppd.routing.hook_points import (
    SessionClosedHook,
    SessionLeavingHook,
    SessionOpenedHook,
    SessionResumedHook,
    UserReceivePacketHook,
    UserReceivePresenceHook,
)
from xmppd.routing.redeliver import redeliver
from xmppd.routing.session import C2sSession, new_session
from xmppd.routing.sm import sm
from xmppd.stream import slow_reader
from xmppd.stream.driver import Stream

log = logging.getLogger("xmppd.c2s")


@dataclass(frozen=True, slots=True)
class C2sSettings:
    """One listener's rules for its clients.

    `stream` are the rules of the stream machine; `limits` hold after login; `negotiation` is the time in seconds from
    accept to an open session; `throttle` counts failed logins by address and by account (None: no limit); `iterations`
    is what the server's SCRAM keys have.
    """

    stream: StreamConfig
    limits: Limits = AFTER_AUTH
    negotiation: float = 30.0
    throttle: Throttle | None = None
    iterations: int = 4096
    policy: Policy = Policy.ACCEPTNEW


@dataclass(slots=True, eq=False, kw_only=True)
class C2sData(Stream):
    """What a client's stream remembers; what modules must remember is in the session, under their own names.

    `fsm` is the pure machine's memory; `how` the mechanism of the login; `session` is there once bound.
    """

    settings: C2sSettings
    fsm: StreamState
    mechanism: Mechanism | None = None
    how: str = ""
    session: C2sSession | None = None
    lang: str = ""

    @property
    def host(self) -> str:
        """The host of the stream, "" before its first header."""
        return self.fsm.host

    def header(self) -> Header:
        """Of the host, as far as it is known."""
        return Header(secrets.token_urlsafe(16), self.host, version="1.0", lang="en")

    @property
    def safe(self) -> bool:
        """Whether passwords may be sent: the stream has TLS, or its listener does without."""
        return self.fsm.tls or self.settings.stream.plain_without_tls


#: stanzas for a client that are written between some of its own
AT_ONCE: Final = 64


async def open_session(data: C2sData, jid: JID, resumed_by: Element | None = None) -> None:
    """Put the session into the table of every node, and tell the modules: it is new, or resumed by a nonza."""
    connection = data.connection
    info = {"ip": connection.peer, "tls": connection.tls_version(), "mechanism": data.how}
    session = new_session(jid, process.self_(), lang=data.lang, info=info, safe=data.safe)
    await sm.open_session(session)
    data.session, session.stream = session, data
    data.negotiated()
    connection.authenticated()
    await hooks.run(session.host, SessionResumedHook(session, resumed_by) if resumed_by else SessionOpenedHook(session))


async def close_session(data: C2sData, reason: str) -> None:
    """The inverse; idempotent. A module that fails here does not stop the others from cleaning up."""
    session, data.session = data.session, None
    if session is None:
        return
    session.stream = None
    await sm.close_session(session)
    moved = True
    try:
        moved = await redeliver(session, data.send)
        moved = await hooks.run_fold(session.host, SessionLeavingHook(session), moved)
    finally:
        await sm.finish_leaving(session, moved=moved)
    await hooks.run(session.host, SessionClosedHook(session, reason))


async def send_on(data: C2sData, session: C2sSession, el: Element) -> None:
    """A stanza of the client: stamped with who it is from, and routed. RFC: 6120 §8.1.2.1"""
    if data.lang and "xml:lang" not in el.attrs:
        el.attrs["xml:lang"] = data.lang
    for child in el.children:
        if type(child) is Element and child.ns in _MARKS and _in_our_name(child, session.host):
            el.children[:] = [child for child in el.children if not _in_our_name(child, session.host)]
            break
    try:
        packet = stanza.from_element(el, session.jid)
    except StanzaError as error:
        _answer(data, el, error)
        return
    answer = packets.send_now(session, packet) if type(packet) is Message else packets.send_packet(session, packet)
    if answer is not None and not isinstance(answer, stanza.Stanza):
        answer = await answer
    if answer is not None:
        _answered(data, session, answer)


def _answered(data: C2sData, session: C2sSession, answer: stanza.Stanza) -> None:
    """What answers the client's own stanza is written at once, unless something waits that came before it."""
    message = Deliver(answer)
    if process.message_queue_len() or not write_now(data, session, message):
        process.send(session.pid, message)
    elif message_trace.is_on():
        message_trace.tell(session.pid, message)


def refuse(data: C2sData, el: Oversized) -> None:
    """A stanza that would be too large when it is written is dropped. RFC: 6120 §8.3.3.12"""
    _answer(data, el, StanzaError("policy-violation", "namespaces declared once and used too often"))


def _answer(data: C2sData, el: Element, error: StanzaError) -> None:
    if el.attrs.get("type") not in ("error", "result"):
        data.send(answers.error(el, error))


#: marks that only a server sets, and the attribute that says which. XEP: 0203 §5, 0359 §6
_MARKS = {ns.DELAY: "from", ns.STANZA_ID: "by"}


def _in_our_name(child: Element | str, host: str) -> bool:
    """A delay or stanza-id that claims to be this server's own, or an account's of it: nobody may forge one."""
    if type(child) is not Element or child.ns not in _MARKS:
        return False
    return child.attrs.get(_MARKS[child.ns], "").partition("/")[0].rpartition("@")[2].lower() == host


def write_now(data: C2sData, session: C2sSession, message: Deliver) -> bool:
    """Write a stanza that no module wants to see to a client that reads; False if there is more to it."""
    host = session.host
    if data.connection.congested or session.hold is not None or hooks.wanted(host, UserReceivePacketHook):
        return False
    if isinstance(message.stanza, Presence) and hooks.wanted(host, UserReceivePresenceHook):
        return False
    try:
        data.send(message.stanza, message.context)
    except Exception:
        return False  # `write` logs and answers it
    return True


async def write(data: C2sData, session: C2sSession, message: Deliver | Older) -> None:
    """Let the modules see a stanza for the client, write it, and wait while the client reads too slowly; but what must
    not overtake older things is held (routing.hold). One that cannot be written costs nobody but its sender.

    Raises StreamError if the client does not read at all, or too much is held.
    """
    if type(message) is Deliver and hold.takes(session, message):
        if session.hold is not None and session.hold.size > data.connection.limit // 2:
            raise StreamError("resource-constraint", "too much comes while older messages are handed over")
        return
    try:
        context = message.context if type(message) is Deliver else None
        kept = await packets.receive_packet(session, message.stanza, context)
        if kept is not None:
            data.send(kept, context)
    except Exception as error:
        answer = faults.answer(message.stanza, error)
        if answer is not None:
            await router.route(answer)
    if data.connection.congested:
        await slow_reader.wait_until_read(data.connection)


async def let_go(data: C2sData, session: C2sSession) -> None:
    """Write what was held, now that all that is older has been written. Raises StreamError as `write` does."""
    written = 0
    while (message := hold.let_go(session)) is not None:
        await _write_held(data, session, message)
        written += 1
        if written % AT_ONCE == 0:
            await asyncio.sleep(0)  # what was written leaves, and shows whether the client reads


async def _write_held(data: C2sData, session: C2sSession, message: Deliver) -> None:
    held, session.hold = session.hold, None
    try:
        if not write_now(data, session, message):
            await write(data, session, message)
    finally:
        session.hold = held


async def catch_up(data: C2sData) -> None:
    """Within a long batch of the client: other processes run, and what has come for the client is written before more
    of its stanzas are handled. A client that asks much and reads little waits for itself.

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
        if type(message) is DeliverIfNewer:
            if not session.is_newer(message.subject, message.version):
                continue
            message = Deliver(message.stanza)
        if type(message) is Older or not write_now(data, session, message):
            await write(data, session, message)


def _is_for_client(message: object) -> bool:
    return type(message) in (Deliver, DeliverIfNewer, Older)
