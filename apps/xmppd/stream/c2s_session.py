"""c2s_session — a bound client: opens and closes its session, routes its stanzas, and writes those for it.

Way:      stream.c2s → [c2s_session] → routing.packets (out of the client), connection (to the client)
Process:  runs in the c2s
RFC:      6120 §7, §8.1; 6121 §4, §8
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from otp.erts import message_trace, process
from otp.erts.exits import ReceiveTimeout
from otp.erts.pid import Pid
from otp.erts.signals import Down
from xmpp_core import ns, stanza
from xmpp_core import stream_answers as answers
from xmpp_core.bind import Policy
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError, StreamError
from xmpp_core.jid import JID
from xmpp_core.parser import AFTER_AUTH, Limits, Oversized
from xmpp_core.sasl.base import Mechanism
from xmpp_core.stanza import Message, Presence, Stanza
from xmpp_core.stream_state import StreamConfig, StreamState
from xmppd.auth.throttle import Throttle
from xmppd.net.connection import Header
from xmppd.routing import faults, hold, hooks, packets, poison, router
from xmppd.routing.context import STORED, Context
from xmppd.routing.deliver import Deliver, DeliverIfNewer, HandedOn, Older
from xmppd.routing.hook_points import (
    SessionClosedHook,
    SessionLeavingHook,
    SessionOpenedHook,
    SessionRedeliverHook,
    SessionResumedHook,
    UserReceivePacketHook,
    UserReceivePresenceHook,
)
from xmppd.routing.moving_hook_points import SessionRestoredHook
from xmppd.routing.nonzas import Resume
from xmppd.routing.redeliver import redeliver
from xmppd.routing.saved_session import SavedSession
from xmppd.routing.session import C2sSession, new_session
from xmppd.routing.session_moves import reopened
from xmppd.routing.sm import sm
from xmppd.stream import slow_reader
from xmppd.stream.driver import Stream, refuse_attach
from xmppd.stream.login_answer import LoginAnswer
from xmppd.stream.traffic import RECEIVED

log = logging.getLogger("xmppd.c2s")


#: called with the XMPP addresses of a certificate, its common names, and the host
Whose = Callable[[Sequence[str], Sequence[str], str], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class C2sSettings:
    """One listener's rules for its clients.

    `stream` are the rules of the stream machine; `limits` hold after login; `negotiation` is the time in seconds from
    accept to an open session; `throttle` counts failed logins by address and by account (None: no limit); `iterations`
    is what the server's SCRAM keys have; `protect`: clients can tell whether somebody has changed the list of
    mechanisms on its way (XEP-0474); `whose`: the localparts that a certificate is for (None: nobody logs in by one).
    """

    stream: StreamConfig
    limits: Limits = AFTER_AUTH
    negotiation: float = 30.0
    throttle: Throttle | None = None
    iterations: int = 4096
    policy: Policy = Policy.ACCEPTNEW
    protect: bool = True
    whose: Whose | None = None


@dataclass(slots=True, eq=False, kw_only=True)
class C2sData(Stream):
    """What a client's stream remembers; what modules must remember is in the session, under their own names.

    `fsm` is the pure machine's memory; `how` the mechanism of the login; `session` is there once bound; `login` is the
    answer to a login that waits for its session to be resumed; `former`: who had the session before and sends on what
    comes for it.
    """

    settings: C2sSettings
    fsm: StreamState
    mechanism: Mechanism | None = None
    how: str = ""
    session: C2sSession | None = None
    lang: str = ""
    login: LoginAnswer | None = None
    former: Pid | None = None

    def answer(self, item: Element) -> None:
        """Write what answers the nonza by which the session was resumed: where that came with a login, within the
        answer to the login."""
        login, self.login = self.login, None
        session = self.session
        self.send(item if login is None or session is None else login.around(session.jid.full, item))

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


#: seconds in which a session's former process sends on what has come for it
HANDED_ON: Final = 2.0
#: stanzas for a client that are written between some of its own
AT_ONCE: Final = 64


async def open_session(
    data: C2sData, jid: JID, resumed: Resume | None = None, by: Element | None = None, client: str = ""
) -> None:
    """Put the session into the table of every node, and tell the modules: it is new, of the user's client `client` (an
    id, "" if it has none), or resumed by a nonza."""
    connection = data.connection
    info = {"ip": connection.peer, "tls": connection.tls_version(), "mechanism": data.how}
    if resumed is not None and resumed.saved is not None:
        session = reopened(resumed.saved, process.self_(), info)
        session.safe = data.safe
        await take_over(data, session, resumed.saved)
    else:
        session = new_session(jid, process.self_(), lang=data.lang, info=info, safe=data.safe, client=client)
        await sm.open_session(session)
        data.session, session.stream = session, data
    data.negotiated()
    connection.authenticated()
    await hooks.run(session.host, SessionOpenedHook(session) if by is None else SessionResumedHook(session, by))


async def take_over(data: C2sData, session: C2sSession, saved: SavedSession, *, whole: bool = True) -> None:
    """`session`, made of `saved`, is entered in the table; the modules find what was theirs. Its old process, if there
    is one, sends on what still comes for it. `whole`: see SessionRestoredHook."""
    data.former = await sm.open_session(session, farewell=False)
    data.session, session.stream = session, data
    await hooks.run(session.host, SessionRestoredHook(session, saved.states, whole))


async def until_handed_on(data: C2sData) -> None:
    """Before the session ends, or goes on elsewhere: returns when all that its former process has sent on is here, or
    that one has ended; at the latest after HANDED_ON."""
    former, data.former = data.former, None
    if former is None:
        return
    ref = process.monitor(former)
    with contextlib.suppress(ReceiveTimeout):
        await process.receive(lambda m: type(m) is HandedOn or (isinstance(m, Down) and m.ref is ref), HANDED_ON)
    process.demonitor(ref, flush=True)


async def close_session(data: C2sData, reason: str, *, clean: bool = False) -> None:
    """The inverse; idempotent. `clean`: the client has closed its stream.

    A module that fails here does not stop the others from cleaning up.
    """
    session, data.session = data.session, None
    if session is None:
        return
    session.stream = data.counter = data.outgoing = None
    await until_handed_on(data)
    await sm.close_session(session)
    await refuse_attach()
    moved = True
    try:
        moved = await hooks.run_fold(session.host, SessionRedeliverHook(session, clean), False)
        moved = await redeliver(session, data.send) or moved
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
        refuse_stanza(data, el, error)
        return
    RECEIVED[packet.kind].n += 1
    if poison.POISONED and poison.holds(packet):
        refuse_stanza(data, el, poison.refusal())
        return
    try:
        answer = packets.send_now(session, packet) if type(packet) is Message else packets.send_packet(session, packet)
        if answer is not None and not isinstance(answer, Stanza):
            answer = await answer
    except BaseException as error:
        poison.blame(packet, error)
        raise
    if answer is not None:
        rest = _answered(data, session, answer)
        if rest is not None:
            await rest


def _answered(data: C2sData, session: C2sSession, answer: Stanza) -> Awaitable[None] | None:
    """What answers the client's own stanza is written at once, unless something waits that came before it."""
    message = Deliver(answer)
    if process.message_queue_len() or data.connection.congested:
        process.send(session.pid, message)
        return None
    if message_trace.is_on():
        message_trace.tell(session.pid, message)
    return begin_write(data, session, message)


def refuse(data: C2sData, el: Oversized) -> None:
    """A stanza that would be too large when it is written is dropped. RFC: 6120 §8.3.3.12"""
    refuse_stanza(data, el, StanzaError("policy-violation", "namespaces declared once and used too often"))


def refuse_stanza(data: C2sData, el: Element, error: StanzaError) -> None:
    """The error to a stanza of the client, unless it is an answer itself."""
    if el.attrs.get("type") not in ("error", "result"):
        data.send(answers.error(el, error))


#: marks that only a server sets, and the attribute that says which. XEP: 0203 §5, 0359 §6
_MARKS = {ns.DELAY: "from", ns.STANZA_ID: "by"}


def _in_our_name(child: Element | str, host: str) -> bool:
    """A delay or stanza-id that claims to be this server's own, or an account's of it: nobody may forge one."""
    if type(child) is not Element or child.ns not in _MARKS:
        return False
    return child.attrs.get(_MARKS[child.ns], "").partition("/")[0].rpartition("@")[2].lower() == host


def begin_write(data: C2sData, session: C2sSession, message: Deliver) -> Awaitable[None] | None:
    """Write a stanza for the client, once the modules have seen it. None: that is done, as it nearly always is; else
    somebody must be waited for, and the rest is to be awaited, which raises what `write` raises."""
    host, stanza = session.host, message.stanza
    if session.hold is not None or (data.connection.congested and data.counter is None):
        return write(data, session, message)
    if poison.POISONED and poison.holds(stanza):
        return _bounce(message, poison.refusal())
    try:
        if hooks.wanted(host, UserReceivePacketHook) or (
            isinstance(stanza, Presence) and hooks.wanted(host, UserReceivePresenceHook)
        ):
            kept = packets.begin_receive(session, stanza, message.context)
            if kept is None:
                return None
            if not isinstance(kept, Stanza):
                return write_received(data, message, kept)
            stanza = kept
        data.send(stanza, message.context, message.others)
    except Exception as error:
        return _bounce(message, error)
    except BaseException as error:
        poison.blame(message.stanza, error)
        raise
    return None


async def write(data: C2sData, session: C2sSession, message: Deliver | Older) -> None:
    """Let the modules see a stanza for the client, write it, and wait while the client reads too slowly; but what must
    not overtake older things is held (routing.hold). One that cannot be written costs nobody but its sender.

    Raises StreamError if the client does not read at all, or too much is held.
    """
    if type(message) is Deliver and hold.takes(session, message):
        if session.hold is not None and session.hold.size > data.connection.limit // 4:
            raise StreamError("resource-constraint", "too much comes while older messages are handed over")
        return
    if poison.POISONED and poison.holds(message.stanza):
        await _bounce(message, poison.refusal())
        return
    context = message.context if type(message) is Deliver else None
    try:
        kept = packets.begin_receive(session, message.stanza, context)
    except Exception as error:
        await _bounce(message, error)
    except BaseException as error:
        poison.blame(message.stanza, error)
        raise
    else:
        await write_received(data, message, kept)


async def write_received(
    data: C2sData, message: Deliver | Older, kept: Stanza | Awaitable[Stanza | None] | None
) -> None:
    """Write what the modules leave of a stanza, `kept`; the rest of `write`, and raises what that raises."""
    try:
        stanza = kept if kept is None or isinstance(kept, Stanza) else await kept
        if stanza is not None:
            if type(message) is Deliver:
                data.send(stanza, message.context, message.others)
            else:
                data.send(stanza, Context(for_one=STORED))
    except Exception as error:
        await _bounce(message, error)
    except BaseException as error:
        poison.blame(message.stanza, error)
        raise
    if data.connection.congested and (data.counter is None or type(message) is Older):
        await slow_reader.wait_until_read(data.connection)  # what is stored can wait where it is


async def _bounce(message: Deliver | Older, error: Exception) -> None:
    answer = faults.answer(message.stanza, error)
    if answer is not None:
        await router.route(answer)


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
        rest = begin_write(data, session, message)
        if rest is not None:
            await rest
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
        rest = write(data, session, message) if type(message) is Older else begin_write(data, session, message)
        if rest is not None:
            await rest


def _is_for_client(message: object) -> bool:
    return type(message) in (Deliver, DeliverIfNewer, Older)
