"""test_stream_fsm — the table as a whole: complete, closed under any play, and drawn."""

from __future__ import annotations

from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.stream_play import HOST, JULIET, OPEN, iq, sasl, start
from xmpp_core import ns
from xmpp_core.element import el
from xmpp_core.errors import StanzaError, StreamError
from xmpp_core.parser import StreamEnd
from xmpp_core.sasl.base import Challenge, Failure, Success
from xmpp_core.stream_answers import COMPRESS
from xmpp_core.stream_events import (
    BindResult,
    Closed,
    CloseStream,
    Event,
    IqUnhandled,
    LegacyAuthResult,
    NegotiationTimeout,
    NonzaUnhandled,
    Resumed,
    ResumeTimeout,
    SaslResult,
    SessionOpened,
    SessionRefused,
    StopStream,
    StreamFault,
    TakenOver,
    TlsReady,
)
from xmpp_core.stream_fsm import TABLE, diagram, step
from xmpp_core.stream_state import StateName, StreamConfig, StreamState

FROM_THE_WIRE: list[Event] = [
    start(), start(version=None), start(to=None), StreamEnd(), Closed(), NegotiationTimeout(),
    StreamFault(StreamError("not-well-formed")),
    sasl("auth", "AGEAYg==", "PLAIN"), sasl("response", "AGEAYg=="), sasl("abort"), sasl("auth", "%", "PLAIN"),
    el("starttls", ns.TLS), el("compress", COMPRESS), el("resume", ns.SM), el("active", ns.CSI),
    iq("set", el("bind", ns.BIND)), iq("set", el("session", ns.SESSION)), iq("get", el("query", ns.AUTH)),
    iq("set", el("query", ns.AUTH)), iq("get", el("ping", ns.PING), to="romeo@localhost"), iq("result"),
    el("message", ns.CLIENT), el("message", ns.CLIENT, {"from": "romeo@localhost"}), el("odd", "urn:odd"),
]  # fmt: skip
FROM_THE_DRIVER: list[Event] = [
    SaslResult(Challenge(b"")), SaslResult(Success("juliet")), SaslResult(Failure("not-authorized")),
    TlsReady(True), BindResult(JULIET), BindResult(error=StanzaError("conflict")),
    LegacyAuthResult(JULIET), LegacyAuthResult(error=StanzaError("not-authorized")),
    IqUnhandled(iq("get")), NonzaUnhandled(el("r", ns.SM)), NonzaUnhandled(el("odd", "urn:odd")),
    Closed(resumable=True), Resumed(JULIET), ResumeTimeout(), TakenOver(),
    SessionOpened(), SessionRefused(StanzaError("conflict")),
]  # fmt: skip
CONFIGS = [OPEN, StreamConfig(hosts={HOST}), StreamConfig(hosts={HOST}, tls="direct", legacy_auth=True)]


def test_the_states_are_the_seeds() -> None:
    """Seed-flow items 13 and 14; closed is the end of the process."""
    assert set(TABLE) == set(StateName)
    assert [str(name) for name in StateName] == [
        "wait_for_stream", "wait_for_auth", "wait_for_feature_request", "wait_for_sasl_response",
        "wait_for_bind", "wait_for_session", "session_established", "wait_for_resume", "closed",
    ]  # fmt: skip


def test_every_event_has_a_rule_somewhere() -> None:
    assert {event for row in TABLE.values() for event in row} == set(get_args(Event))


def test_every_state_can_be_reached() -> None:
    reached = {target for row in TABLE.values() for rule in row.values() for target in rule.leads_to}
    assert reached == set(StateName)


@settings(max_examples=400)
@given(
    st.sampled_from(CONFIGS),
    st.lists(st.sampled_from([*FROM_THE_WIRE, *FROM_THE_DRIVER]), max_size=25),
)
def test_any_play_stays_within_the_table(config: StreamConfig, events: list[Event]) -> None:
    state = StreamState(tls=config.tls == "direct")
    ends = 0
    for event in events:
        row = TABLE[state.name]
        before = state.name
        state, actions = step(state, event, config)
        if type(event) in row:
            assert state.name in row[type(event)].leads_to
        else:
            assert (state.name, actions) == (before, [])
        ends += sum(isinstance(action, (CloseStream, StopStream)) for action in actions)
    assert ends == (state.name is StateName.CLOSED)


@given(st.lists(st.sampled_from(FROM_THE_WIRE), max_size=12))
def test_junk_alone_never_logs_in(events: list[Event]) -> None:
    state = StreamState()
    for event in [start(), *events]:
        state, _ = step(state, event, OPEN)
    assert state.username == ""
    assert state.jid is None


def test_the_diagram_is_drawn_from_the_table() -> None:
    drawn = diagram()
    assert drawn.startswith("stateDiagram-v2\n    [*] --> wait_for_stream\n")
    assert "wait_for_sasl_response --> wait_for_stream: SaslResult" in drawn
    assert "session_established --> wait_for_resume: Closed" in drawn
