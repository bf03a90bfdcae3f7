"""c2s_actions — carries out what the stream machine decided.

Way:      stream.c2s → xmpp_core.stream_fsm.step → [c2s_actions] → connection, auth, sm, hooks
Process:  runs in the c2s
RFC:      6120 §4.2 to §7
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable
from typing import Any, Final

from otp.erts import process
from otp.erts.exits import CallError
from xmpp_core import stanza
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError, StreamError
from xmpp_core.jid import JID
from xmpp_core.stream_events import (
    Action,
    BeginTls,
    Bind,
    BindResult,
    CloseStream,
    Detach,
    Event,
    HandleNonza,
    IqUnhandled,
    LegacyAuth,
    Login,
    NonzaUnhandled,
    OpenSession,
    ReportAuth,
    RestartStream,
    Resumed,
    RouteStanza,
    SaslResult,
    SaslStep,
    SendElement,
    SendFeatures,
    SendHeader,
    SessionOpened,
    StopStream,
    StreamFault,
    TakenOver,
    TlsReady,
    UnauthenticatedIq,
)
from xmppd import audit
from xmppd.net.connection import Header
from xmppd.routing import durability, faults, hooks, nonzas
from xmppd.routing.hook_points import C2sUnauthenticatedIqHook
from xmppd.routing.nonzas import HandOver, Nonza, Resume
from xmppd.stream import c2s_auth, c2s_login, c2s_session
from xmppd.stream.c2s_login import HANDED_OVER_WITHIN
from xmppd.stream.c2s_session import C2sData
from xmppd.stream.driver import Attach, give_away


async def perform(data: C2sData, action: Action) -> Event | None:
    """Carry out one action; returns the event that answers it, where there is one."""
    answer: Event | None = await _PERFORM[type(action)](data, action)
    return answer


async def _send_header(data: C2sData, action: SendHeader) -> None:
    data.connection.open(Header(secrets.token_urlsafe(16), action.from_, action.to, action.version, action.lang))


async def _send_features(data: C2sData, action: SendFeatures) -> None:
    data.send(await c2s_login.features_of(data, action.stage, action.elements))


async def _send_element(data: C2sData, action: SendElement) -> None:
    data.send(action.element)


async def _start_tls(data: C2sData, action: BeginTls) -> Event:
    # what lies behind <starttls/> came in the clear and must not be taken for protected (CVE-2011-0411)
    if data.more or not await _begin_tls(data, action):
        return StreamFault(StreamError("policy-violation", "data after starttls"))
    return TlsReady(channel_binding=True)


async def _begin_tls(data: C2sData, action: BeginTls) -> bool:
    assert data.batch is not None
    return await data.connection.start_tls(data.host, action.proceed.to_xml(), data.batch.seq)


async def _sasl_step(data: C2sData, action: SaslStep) -> Event:
    return SaslResult(await c2s_auth.sasl_step(data, action))


async def _restart_stream(data: C2sData, _action: RestartStream) -> None:
    await data.connection.restart(data.settings.limits)


async def _bind(data: C2sData, action: Bind) -> Event:
    try:
        return BindResult(c2s_auth.choose(data, JID.parse(f"{action.username}@{data.host}"), action.wanted))
    except StanzaError as error:
        return BindResult(error=error)


async def _open_session(data: C2sData, action: OpenSession) -> Event:
    await c2s_session.open_session(data, action.jid)
    return SessionOpened()


async def _route(data: C2sData, action: RouteStanza) -> None:
    assert data.session is not None
    await c2s_session.send_on(data, data.session, action.element)


async def _legacy_auth(data: C2sData, action: LegacyAuth) -> Event:
    return await c2s_auth.legacy_login(data, action)


async def _unauthenticated_iq(data: C2sData, action: UnauthenticatedIq) -> Event | None:
    answer: stanza.Stanza | None = None
    try:
        iq = stanza.from_element(action.iq)
        assert isinstance(iq, stanza.Iq)
        point = C2sUnauthenticatedIqHook(data.host, iq, data.connection.peer, data.safe)
        answer = await hooks.run_fold(data.host, point, None)
    except StanzaError:
        pass
    except Exception as error:
        answer = iq.error(faults.stanza_error(error, "answering an iq before the login"))
    if answer is None:
        return IqUnhandled(action.iq)
    data.send(answer)
    return None


async def _nonza(data: C2sData, action: HandleNonza) -> Event | None:
    nonza = Nonza(action.element, JID(data.fsm.username, data.host), data.session, data.connection.peer)
    handler = await nonzas.handler_of(data.host, nonza)
    if handler is None:
        return NonzaUnhandled(action.element)
    try:
        answer = handler(nonza)
        if isinstance(answer, Awaitable):
            answer = await answer
    except StreamError as error:
        return StreamFault(error)
    match answer:
        case HandOver(pid) if not process.is_alive(pid):  # gone meanwhile
            return NonzaUnhandled(action.element)
        case HandOver(pid):
            process.send(pid, Attach(give_away(data, HANDED_OVER_WITHIN), action.element, data.how))
            data.ending = "its connection goes to the session that it resumes"
            return TakenOver()
        case Resume(jid):
            await c2s_session.open_session(data, jid, answer, action.element)
            return Resumed(jid)
        case Element():
            data.send(answer)
        case tuple():
            for element in answer:
                data.send(element)
    return None


async def _close_stream(data: C2sData, action: CloseStream) -> None:
    data.ending = data.ending or _in_words(action.error)
    error = action.error
    if error is None:
        try:
            await durability.flush()  # the end tag acknowledges what came before it
        except CallError as failure:
            faults.log(failure, "storing what a client had sent before it closed its stream")
            error = StreamError("resource-constraint", faults.LATER)
        await c2s_session.close_session(data, "normal", clean=True)  # and answers to that still leave
    data.goodbye(error)


def _in_words(error: StreamError | None) -> str:
    if error is None:
        return "the client has closed it"
    return f"{error.condition} {audit.quoted(error.text)}" if error.text else error.condition


async def _stop_stream(data: C2sData, action: StopStream) -> None:
    """What else is to be done is done by terminate."""
    if action.error is not None:
        data.ending = _in_words(action.error)
    elif action.reason == "timeout":
        data.ending = "nobody came to resume it in time"


async def _nothing(_data: C2sData, _action: Detach) -> None:
    """The connection has been let go of."""


_PERFORM: Final[dict[type[Any], Any]] = {
    SendHeader: _send_header,
    SendFeatures: _send_features,
    SendElement: _send_element,
    BeginTls: _start_tls,
    SaslStep: _sasl_step,
    ReportAuth: c2s_auth.report,
    Login: c2s_login.login,
    RestartStream: _restart_stream,
    Bind: _bind,
    OpenSession: _open_session,
    RouteStanza: _route,
    LegacyAuth: _legacy_auth,
    UnauthenticatedIq: _unauthenticated_iq,
    HandleNonza: _nonza,
    CloseStream: _close_stream,
    Detach: _nothing,
    StopStream: _stop_stream,
}
