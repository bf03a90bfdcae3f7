"""stream_fsm — the life of a client's stream: (state, event) → (state, actions).

OTP:      the state functions of ejabberd_c2s.erl, without the process
Way:      receiver → c2s → [step] → actions, carried out by c2s (vocabulary: stream_events.py)
RFC:      6120 §4 (streams), §5 (STARTTLS), §6 (SASL), §7 (bind)
XEP:      0078 (only where configured, only under TLS), 0138 (refused), 0198 (hooks), 0388
Differs:  wait_for_session lasts from bind to the opened session and never waits for the client;
          its session IQ (RFC 3921) is answered as a no-op afterwards. Every request gets an answer.

    state, actions = step(StreamState(), StreamStart(...), StreamConfig(hosts={"localhost"}))

Everything that affects the machine is in TABLE: which rule answers which event in which state, and
to which states it may lead. The rules stand in stream_open.py (header, TLS), stream_auth.py (SASL,
XEP-0078), stream_sasl2.py (the login in one step), stream_bind.py (bind, session)
and stream_rules.py (what they share).
"""

from __future__ import annotations

from xmpp_core import stream_auth as auth
from xmpp_core import stream_bind as bind
from xmpp_core import stream_open as opening
from xmpp_core import stream_rules as rules
from xmpp_core import stream_sasl2 as sasl2
from xmpp_core.element import Element
from xmpp_core.parser import StreamEnd, StreamStart
from xmpp_core.stream_events import (
    Action,
    BindResult,
    Closed,
    Event,
    IqUnhandled,
    LegacyAuthResult,
    LoggedIn,
    NegotiationTimeout,
    NonzaUnhandled,
    Resumed,
    ResumeTimeout,
    SaslResult,
    SessionOpened,
    SessionRefused,
    StreamFault,
    TakenOver,
    TlsReady,
)
from xmpp_core.stream_rules import Rule
from xmpp_core.stream_state import StateName, StreamConfig, StreamState

_STREAM = StateName.WAIT_FOR_STREAM
_AUTH = StateName.WAIT_FOR_AUTH
_FEATURE = StateName.WAIT_FOR_FEATURE_REQUEST
_SASL = StateName.WAIT_FOR_SASL_RESPONSE
_BIND = StateName.WAIT_FOR_BIND
_SESSION = StateName.WAIT_FOR_SESSION
_OPEN = StateName.SESSION_ESTABLISHED
_RESUME = StateName.WAIT_FOR_RESUME
_CLOSED = StateName.CLOSED

_Row = dict[type[object], Rule]

# what every state before the session has in common
_NEGOTIATING: _Row = {
    StreamStart: Rule(rules.second_header, _CLOSED),
    StreamEnd: Rule(rules.stream_end, _CLOSED),
    StreamFault: Rule(rules.fault, _CLOSED),
    Closed: Rule(rules.closed, _CLOSED),
    NegotiationTimeout: Rule(rules.timeout, _CLOSED),
}

TABLE: dict[StateName, _Row] = {
    _STREAM: _NEGOTIATING
    | {
        StreamStart: Rule(opening.header, _FEATURE, _AUTH, _BIND, _CLOSED),
        Element: Rule(opening.element_before_header, _CLOSED),
    },
    _AUTH: _NEGOTIATING
    | {
        Element: Rule(auth.legacy_element, _AUTH, _CLOSED),
        LegacyAuthResult: Rule(auth.legacy_result, _SESSION, _AUTH, _CLOSED),
        IqUnhandled: Rule(auth.not_authorized, _CLOSED),
    },
    _FEATURE: _NEGOTIATING
    | {
        Element: Rule(auth.feature_request, _FEATURE, _CLOSED),
        TlsReady: Rule(opening.tls_ready, _STREAM),
        SaslResult: Rule(auth.sasl_result, _SASL, _STREAM, _BIND, _FEATURE, _CLOSED),
        LegacyAuthResult: Rule(auth.legacy_result, _SESSION, _FEATURE, _CLOSED),
        IqUnhandled: Rule(auth.not_authorized, _CLOSED),
    },
    _SASL: _NEGOTIATING
    | {
        Element: Rule(auth.sasl_element, _SASL, _FEATURE, _CLOSED),
        SaslResult: Rule(auth.sasl_result, _SASL, _STREAM, _BIND, _FEATURE, _CLOSED),
    },
    _BIND: _NEGOTIATING
    | {
        Element: Rule(bind.element, _BIND, _CLOSED),
        LoggedIn: Rule(sasl2.logged_in, _BIND, _OPEN),
        BindResult: Rule(bind.result, _SESSION, _BIND),
        NonzaUnhandled: Rule(bind.early_nonza, _BIND, _CLOSED),
        Resumed: Rule(bind.resumed, _OPEN),
        TakenOver: Rule(bind.taken_over, _CLOSED),
    },
    _SESSION: _NEGOTIATING
    | {
        Element: Rule(rules.ignore, _SESSION),
        SessionOpened: Rule(bind.opened, _OPEN),
        SessionRefused: Rule(bind.refused, _BIND, _CLOSED),
    },
    _OPEN: {
        Element: Rule(bind.stanza, _OPEN, _CLOSED),
        StreamStart: Rule(rules.second_header, _CLOSED),
        StreamEnd: Rule(rules.stream_end, _CLOSED),
        StreamFault: Rule(rules.fault, _CLOSED),
        Closed: Rule(bind.link_lost, _RESUME, _CLOSED),
        NonzaUnhandled: Rule(bind.unknown_nonza, _OPEN, _CLOSED),
        Resumed: Rule(bind.resumed, _OPEN),
        TakenOver: Rule(bind.taken_over, _CLOSED),
    },
    _RESUME: {
        StreamFault: Rule(bind.detached_end, _CLOSED),
        Resumed: Rule(bind.resumed, _OPEN),
        ResumeTimeout: Rule(bind.detached_end, _CLOSED),
        TakenOver: Rule(bind.taken_over, _CLOSED),
    },
    _CLOSED: {},
}

_IGNORED = Rule(rules.ignore)


def step(state: StreamState, event: Event, config: StreamConfig) -> tuple[StreamState, list[Action]]:
    """What event means in this state. An event the state has no rule for changes nothing: a late
    answer or timer, never something a client sent."""
    rule = TABLE[state.name].get(type(event), _IGNORED)
    return rule.run(state, event, config)


def diagram() -> str:
    """TABLE as a Mermaid state diagram, for the documents; one arrow per (state, event, target)."""
    lines = ["stateDiagram-v2", f"    [*] --> {_STREAM}"]
    for source, row in TABLE.items():
        arrows: dict[StateName, list[str]] = {}
        for event, rule in row.items():
            for target in rule.leads_to:
                if target is not source:
                    arrows.setdefault(target, []).append(event.__name__)
        lines += [f"    {source} --> {target}: {', '.join(names)}" for target, names in arrows.items()]
    lines.append(f"    {_CLOSED} --> [*]")
    return "\n".join(lines) + "\n"
