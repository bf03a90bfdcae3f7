"""stream_sasl2 — the rules of the login in one step: SASL without a new stream, and what a client asks for with it.

Way:      stream_fsm.TABLE → stream_auth → [request, element, result] → SaslStep, Login; LoggedIn → [logged_in]
XEP:      0388 (SASL2); 0386 and 0198 through Login, 0484 (mechanisms for tokens)
"""

from __future__ import annotations

from base64 import b64decode

from xmpp_core import ns
from xmpp_core import sasl2_answers as answers
from xmpp_core.element import Element
from xmpp_core.sasl import ht, mechanisms
from xmpp_core.sasl.base import Challenge, Failure, Success
from xmpp_core.stream_events import Action, LoggedIn, Login, ReportAuth, SaslResult, SaslStep, SendElement
from xmpp_core.stream_rules import Next, count_failure, fail
from xmpp_core.stream_state import StateName, StreamConfig, StreamState


def request(state: StreamState, element: Element, config: StreamConfig) -> Next:
    """An element of SASL2 while no exchange is under way. XEP: 0388 §2.5"""
    if state.tls_missing(config):
        return _failed(state, Failure("encryption-required"), config)
    if element.name != "authenticate":
        return _failed(state, Failure("aborted" if element.name == "abort" else "malformed-request"), config)
    name = element.get("mechanism") or ""
    if not _is_offered(name, element, state, config):
        known = name if name in mechanisms.MECHANISMS or name in ht.MECHANISMS else ""
        return _failed(state.but(mechanism=known), Failure("invalid-mechanism"), config)
    begun = state.but(mechanism=name, request=element)
    return _step(begun, element.child("initial-response", ns.SASL2), config, first=True)


def _is_offered(name: str, element: Element, state: StreamState, config: StreamConfig) -> bool:
    if name not in ht.MECHANISMS:
        return name in state.offered(config)
    # XEP-0484 §3.4: who logs in by a token says so; without TLS nobody is offered any
    if state.host in config.of_host:
        return False
    bound = state.channel_binding or not ht.is_bound(name)
    return bound and (state.tls or config.plain_without_tls) and element.child("fast", ns.FAST) is not None


def _step(state: StreamState, carrier: Element | None, config: StreamConfig, first: bool) -> Next:
    """An element that is there and empty is an empty message; one that is absent is none."""
    data = None
    if carrier is not None:
        text = carrier.text()
        try:
            data = b"" if text == "=" else b64decode(text.encode("ascii"), validate=True)
        except ValueError:
            return _failed(state, Failure("incorrect-encoding"), config)
    return state, [SaslStep(state.mechanism, data, first)]


def element(state: StreamState, el: Element, config: StreamConfig) -> Next:
    """While an exchange is under way: its next message or its end, and nothing else. XEP: 0388 §2.4"""
    if el.ns != ns.SASL2 or el.name == "authenticate":
        return fail(state, "policy-violation", "nothing else may be sent during a login")
    if el.name == "response":
        return _step(state, el, config, first=False)
    return _failed(state, Failure("aborted" if el.name == "abort" else "malformed-request"), config)


def result(state: StreamState, event: SaslResult, config: StreamConfig) -> Next:
    """A mechanism's step is done. What was asked for along with a login that fails is not looked at."""
    outcome = event.outcome
    if isinstance(outcome, Challenge):
        return state.but(name=StateName.WAIT_FOR_SASL_RESPONSE), [SendElement(answers.challenge(outcome.data))]
    if isinstance(outcome, Success) and state.hint in ("", outcome.username):
        assert state.request is not None
        report = ReportAuth(outcome.username, True, state.mechanism)
        login = Login(outcome.username, state.mechanism, state.request, outcome.data, outcome.token)
        known = StreamState(
            StateName.WAIT_FOR_BIND, state.tls, state.channel_binding, state.host, username=outcome.username
        )
        return known, [report, login]
    if isinstance(outcome, Success):
        outcome = Failure("invalid-authzid", outcome.username)
    return _failed(state, outcome, config)


def logged_in(state: StreamState, event: LoggedIn, _config: StreamConfig) -> Next:
    """The client has been told: with a resource it has a session, without one it binds as it always did."""
    if event.jid is None:
        return state, []
    return state.but(name=StateName.SESSION_ESTABLISHED, jid=event.jid), []


def _failed(state: StreamState, refused: Failure, config: StreamConfig) -> Next:
    """The stream is as it was before the attempt; the last one that it may have ends it."""
    idle = state.but(name=StateName.WAIT_FOR_FEATURE_REQUEST, mechanism="", request=None)
    actions: list[Action] = [
        ReportAuth(refused.username, False, state.mechanism, refused.condition),
        SendElement(answers.failure(refused)),
    ]
    return count_failure(idle, actions, config)
