"""stream_bind — the rules after login: bind, session, stanzas, and a lost link.

Way:      stream_fsm.TABLE → [element, result, opened] → Bind, OpenSession; [stanza] → RouteStanza
RFC:      6120 §7 (bind), §8.1.2.1 (from), §4.9.3.24 (unsupported-stanza-type)
XEP:      0198 (through HandleNonza)
"""

from __future__ import annotations

from xmpp_core import ns
from xmpp_core import stream_answers as answers
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID, JidError
from xmpp_core.sasl.base import Failure
from xmpp_core.stream_auth import start_tls
from xmpp_core.stream_events import (
    Bind,
    BindResult,
    Closed,
    Detach,
    HandleNonza,
    NonzaUnhandled,
    OpenSession,
    Resumed,
    ResumeTimeout,
    RouteStanza,
    SendElement,
    SessionRefused,
    StopStream,
    StreamFault,
)
from xmpp_core.stream_rules import Next, fail
from xmpp_core.stream_state import StateName, StreamConfig, StreamState

_STANZAS = frozenset({"message", "presence", "iq"})


def element(state: StreamState, el: Element, config: StreamConfig) -> Next:
    """wait_for_bind: a bind request, a resumption, or something that must wait for it."""
    if el.ns != ns.CLIENT or el.name not in _STANZAS:
        return _nonza(state, el, config)
    request = el.child("bind", ns.BIND)
    if el.name != "iq" or request is None:
        return _too_early(state, el)
    if el.get("type") != "set" or not el.get("id"):
        return state, [SendElement(answers.error(el, StanzaError("bad-request")))]
    wanted = request.child_text("resource") or ""
    return state.but(iq=el), [Bind(state.username, wanted)]


def result(state: StreamState, event: BindResult, _config: StreamConfig) -> Next:
    """The resource is chosen, or refused; a client may try again (§7.6.2.1, §7.7.2)."""
    if state.iq is None:
        return state, []
    if event.jid is None:
        reason = event.error or StanzaError("internal-server-error")
        return state.but(iq=None), [SendElement(answers.error(state.iq, reason))]
    return state.but(name=StateName.WAIT_FOR_SESSION, jid=event.jid), [OpenSession(event.jid)]


def opened(state: StreamState, _event: object, _config: StreamConfig) -> Next:
    """The session is open before the client hears of it."""
    assert state.iq is not None
    assert state.jid is not None
    bound = state.iq.child("bind", ns.BIND) is not None
    reply = answers.bound(state.iq, state.jid) if bound else answers.result(state.iq)
    return state.but(name=StateName.SESSION_ESTABLISHED, iq=None), [SendElement(reply)]


def refused(state: StreamState, event: SessionRefused, _config: StreamConfig) -> Next:
    """No session: a client that bound may try again, an XEP-0078 login is over."""
    assert state.iq is not None
    reply = SendElement(answers.error(state.iq, event.error))
    if state.iq.child("bind", ns.BIND) is None:
        ended, actions = fail(state, "not-authorized")
        return ended, [reply, *actions]
    return state.but(name=StateName.WAIT_FOR_BIND, iq=None, jid=None), [reply]


def resumed(state: StreamState, event: Resumed, _config: StreamConfig) -> Next:
    """An older session goes on over this stream, or over another one that has come for it."""
    return state.but(name=StateName.SESSION_ESTABLISHED, jid=event.jid, iq=None), []


def stanza(state: StreamState, el: Element, config: StreamConfig) -> Next:
    """session_established: a stanza is routed, with a `from` that is the client's own."""
    if el.ns != ns.CLIENT or el.name not in _STANZAS:
        return _nonza(state, el, config)
    sender = el.attrs.get("from")
    if sender is not None and not _is_own(state, sender):
        return fail(state, "invalid-from")
    if el.name == "iq" and el.attrs.get("type") == "set":
        answer = _own_request(state, el)
        if answer is not None:
            return state, [SendElement(answer)]
    return state, [RouteStanza(el)]


def link_lost(state: StreamState, event: Closed, _config: StreamConfig) -> Next:
    """The connection went without a word: wait for the client to come back, if a module wants it."""
    if event.resumable:
        return state.but(name=StateName.WAIT_FOR_RESUME), [Detach()]
    return state.but(name=StateName.CLOSED), [StopStream("closed")]


def detached_end(state: StreamState, event: ResumeTimeout | StreamFault, _config: StreamConfig) -> Next:
    """The detached session is over: late, replaced or shut down."""
    if isinstance(event, StreamFault):
        return state.but(name=StateName.CLOSED), [StopStream("ended", event.error)]
    return state.but(name=StateName.CLOSED), [StopStream("timeout")]


def taken_over(state: StreamState, _event: object, _config: StreamConfig) -> Next:
    """The session goes on elsewhere: over this stream's connection, or in another process. Nobody is told."""
    return state.but(name=StateName.CLOSED), [StopStream("resumed")]


def early_nonza(state: StreamState, event: NonzaUnhandled, config: StreamConfig) -> Next:
    """Stream management before bind: only <resume/> has a meaning (XEP-0198 §3, §5)."""
    return unknown_nonza(state, event, config)


def unknown_nonza(state: StreamState, event: NonzaUnhandled, _config: StreamConfig) -> Next:
    """No module wanted it (§4.9.3.24)."""
    el = event.element
    if not el.ns.startswith(answers.SM_PREFIX):
        return fail(state, "unsupported-stanza-type")
    bound = state.name is StateName.SESSION_ESTABLISHED
    served = el.name == "resume" or (bound and el.name == "enable")
    condition = "service-unavailable" if served else "unexpected-request"
    return state, [SendElement(answers.sm_refusal(el, condition))]


def _nonza(state: StreamState, el: Element, config: StreamConfig) -> Next:
    if el.ns == ns.TLS:
        return start_tls(state, el, config)
    if el.ns == ns.SASL:
        again = Failure("not-authorized", text="already logged in")
        return state, [SendElement(answers.failure(again))]
    if el.ns == ns.SASL2:
        return fail(state, "policy-violation", "already logged in")
    if el.ns == answers.COMPRESS:
        return state, [SendElement(answers.compress_refusal(el))]
    return state, [HandleNonza(el)]


def _too_early(state: StreamState, el: Element) -> Next:
    """A stanza before bind: for others it ends the stream (§7.1), for us it is refused."""
    if not _is_self_or_server(state, el.get("to")):
        return fail(state, "not-authorized")
    asks = el.get("type") in ("get", "set") if el.name == "iq" else el.get("type") != "error"
    if not asks:
        return state, []
    return state, [SendElement(answers.error(el, StanzaError("not-authorized")))]


def _is_self_or_server(state: StreamState, to: str | None) -> bool:
    if to is None:
        return True
    try:
        jid = JID.parse(to)
    except JidError:
        return False
    return jid.full in (state.host, f"{state.username}@{state.host}")


def _is_own(state: StreamState, sender: str) -> bool:
    own = state.jid
    assert own is not None
    if sender in (own.full, own.bare):
        return True
    try:
        return JID.parse(sender).full in (own.full, own.bare)
    except JidError:
        return False


def _own_request(state: StreamState, iq: Element) -> Element | None:
    """The answer to a session IQ (a no-op since RFC 6121) or to a second bind; None for others."""
    child = iq.first()
    if child is None or child.ns not in (ns.SESSION, ns.BIND):
        return None
    if not _is_self_or_server(state, iq.get("to")):
        return None
    if (child.ns, child.name) == (ns.SESSION, "session"):
        return answers.result(iq)
    return answers.error(iq, StanzaError("not-allowed"))
