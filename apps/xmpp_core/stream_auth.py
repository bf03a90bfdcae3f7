"""stream_auth — the rules before login: STARTTLS, SASL, the old XEP-0078, and what is refused.

Way:      stream_fsm.TABLE → [feature_request, sasl_element, sasl_result, legacy_*] → SaslStep, …
RFC:      6120 §5.4.2 (STARTTLS), §6.4, §6.5 (SASL), §4.9.3.12 (not-authorized)
XEP:      0077 (through UnauthenticatedIq), 0078, 0138
"""

from __future__ import annotations

from xmpp_core import ns
from xmpp_core import stream_answers as answers
from xmpp_core import stream_sasl2 as sasl2
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError
from xmpp_core.sasl import mechanisms
from xmpp_core.sasl.base import Challenge, Failure, Success
from xmpp_core.stream_events import (
    Action,
    BeginTls,
    LegacyAuth,
    LegacyAuthResult,
    OpenSession,
    ReportAuth,
    RestartStream,
    SaslResult,
    SaslStep,
    SendElement,
    UnauthenticatedIq,
)
from xmpp_core.stream_rules import Next, close, count_failure, fail
from xmpp_core.stream_state import StateName, StreamConfig, StreamState


def feature_request(state: StreamState, element: Element, config: StreamConfig) -> Next:
    """wait_for_feature_request: TLS, a login, a registration, or nothing."""
    if element.ns == ns.TLS:
        return start_tls(state, element, config)
    if element.ns == ns.SASL:
        return _sasl_request(state, element, config)
    if element.ns == ns.SASL2:
        return sasl2.request(state, element, config)
    if element.ns == answers.COMPRESS:
        return state, [SendElement(answers.compress_refusal(element))]
    if state.tls_missing(config):
        return fail(state, "policy-violation", "Use of STARTTLS required")
    if state.legacy_offered(config) and element.child("query", ns.AUTH) is not None:
        return legacy_element(state, element, config)
    return _unauthenticated(state, element)


def start_tls(state: StreamState, element: Element, config: StreamConfig) -> Next:
    """STARTTLS: once, where it is offered, before login; else <failure/> and the end (§5.4.2.2)."""
    offered = config.tls in ("required", "optional") and not state.tls and not state.username
    if offered and element.name == "starttls" and state.name is StateName.WAIT_FOR_FEATURE_REQUEST:
        return state, [BeginTls(answers.proceed())]
    ended, actions = close(state)
    return ended, [SendElement(answers.tls_failure()), *actions]


def _sasl_request(state: StreamState, element: Element, config: StreamConfig) -> Next:
    """An element of SASL while no exchange is under way."""
    if state.tls_missing(config):
        return _failed(state, Failure("encryption-required"), config)
    if element.name == "auth":
        return _begin(state, element, config)
    condition = "aborted" if element.name == "abort" else "not-authorized"
    return _failed(state, Failure(condition), config)


def _begin(state: StreamState, element: Element, config: StreamConfig) -> Next:
    name = element.get("mechanism") or ""
    begun = state.but(mechanism=name)
    if name not in state.offered(config):
        plain_in_clear = name == "PLAIN" and name in config.enabled(state.host) and not state.tls
        condition = "encryption-required" if plain_in_clear else "invalid-mechanism"
        known = name if name in mechanisms.MECHANISMS else ""
        return _failed(state.but(mechanism=known), Failure(condition), config)
    return _step(begun, element, config, first=True)


def _step(state: StreamState, element: Element, config: StreamConfig, first: bool) -> Next:
    try:
        data = answers.sasl_data(element)
    except answers.BadBase64:
        return _failed(state, Failure("incorrect-encoding"), config)
    if not first and data is None:
        data = b""  # an empty <response/> is an empty answer (§6.4.3)
    return state, [SaslStep(state.mechanism, data, first)]


def sasl_element(state: StreamState, element: Element, config: StreamConfig) -> Next:
    """wait_for_sasl_response: the next message, an abort, or a new start."""
    if state.request is not None:
        return sasl2.element(state, element, config)
    if element.ns == ns.TLS:
        return start_tls(state, element, config)
    if element.ns != ns.SASL:
        return feature_request(_idle(state), element, config)
    if element.name == "response":
        return _step(state, element, config, first=False)
    if element.name == "auth":
        return _sasl_request(_idle(state), element, config)
    condition = "aborted" if element.name == "abort" else "malformed-request"
    return _failed(state, Failure(condition), config)


def sasl_result(state: StreamState, event: SaslResult, config: StreamConfig) -> Next:
    """A mechanism's step is done."""
    if state.request is not None:
        return sasl2.result(state, event, config)
    outcome = event.outcome
    if isinstance(outcome, Challenge):
        waiting = state.but(name=StateName.WAIT_FOR_SASL_RESPONSE)
        return waiting, [SendElement(answers.challenge(outcome.data))]
    if isinstance(outcome, Success):
        report = ReportAuth(outcome.username, True, state.mechanism)
        answer = SendElement(answers.success(outcome.data))
        return _logged_in(state, outcome.username), [report, RestartStream(), answer]
    return _failed(state, outcome, config)


def _logged_in(state: StreamState, username: str) -> StreamState:
    """A new stream begins, with nothing known but who it is (§6.4.6)."""
    return StreamState(tls=state.tls, channel_binding=state.channel_binding, host=state.host, username=username)


def _idle(state: StreamState) -> StreamState:
    return state.but(name=StateName.WAIT_FOR_FEATURE_REQUEST, mechanism="")


def _failed(state: StreamState, refused: Failure, config: StreamConfig) -> Next:
    """A failed attempt; the last one a stream may have ends it (§6.4.5)."""
    actions: list[Action] = [
        ReportAuth(refused.username, False, state.mechanism, refused.condition),
        SendElement(answers.failure(refused)),
    ]
    return count_failure(_idle(state), actions, config)


def _unauthenticated(state: StreamState, element: Element) -> Next:
    """A stanza before login: an IQ request may be somebody's who registers; all else ends (§4.9.3.12)."""
    is_request = element.name == "iq" and element.ns == ns.CLIENT and element.get("type") in ("get", "set")
    if is_request and element.get("id"):
        return state, [UnauthenticatedIq(element)]
    return fail(state, "not-authorized")


def not_authorized(state: StreamState, _event: object, _config: StreamConfig) -> Next:
    """The hook did not take the IQ either."""
    return fail(state, "not-authorized")


# XEP-0078


def legacy_element(state: StreamState, element: Element, config: StreamConfig) -> Next:
    """A client of before SASL: jabber:iq:auth, or what may be sent without a login."""
    if element.ns == ns.TLS:
        return start_tls(state, element, config)
    query = element.child("query", ns.AUTH)
    if query is None or element.name != "iq":
        return _unauthenticated(state, element)
    if element.get("type") == "get":
        return state, [SendElement(answers.legacy_fields(element))]
    if element.get("type") != "set":
        return fail(state, "not-authorized")
    fields = [query.child_text(name) or "" for name in ("username", "password", "resource")]
    if not all(fields):
        refusal = StanzaError("not-acceptable", "username, password and resource are needed")
        return state, [SendElement(answers.error(element, refusal))]
    return state.but(iq=element), [LegacyAuth(*fields)]


def legacy_result(state: StreamState, event: LegacyAuthResult, config: StreamConfig) -> Next:
    """The password was right, and the session opens at once; or it was not."""
    iq = state.iq
    if iq is None:
        return state, []
    if event.jid is not None:
        opening = state.but(name=StateName.WAIT_FOR_SESSION, jid=event.jid, username=event.jid.local)
        return opening, [ReportAuth(event.jid.local, True, ""), OpenSession(event.jid)]
    reason = event.error or StanzaError("not-authorized")
    query = iq.child("query", ns.AUTH)
    claimed = query.child_text("username") if query is not None else None
    report = ReportAuth(claimed, False, "", reason.app.name if reason.app is not None else reason.condition)
    actions: list[Action] = [report, SendElement(answers.error(iq, reason))]
    return count_failure(state.but(iq=None), actions, config)
