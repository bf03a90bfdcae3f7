"""The login in one step, as the stream machine sees it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.stream_play import HOST, JULIET, OPEN, Play, only, sasl, xml
from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.sasl.base import Challenge, Failure, Success
from xmpp_core.stream_events import (
    CloseStream,
    LoggedIn,
    Login,
    ReportAuth,
    RestartStream,
    Resumed,
    SaslResult,
    SaslStep,
    TakenOver,
)
from xmpp_core.stream_state import StateName, StreamConfig, StreamState

FAST = el("fast", ns.FAST)


def authenticate(mechanism: str = "PLAIN", data: str | None = "AGEAYg==", *more: Element) -> Element:
    initial = None if data is None else el("initial-response", ns.SASL2, None, data)
    return el("authenticate", ns.SASL2, {"mechanism": mechanism}, initial, *more)


def opened(config: StreamConfig = OPEN, **attrs: str) -> Play:
    play = Play(config)
    play.header(**attrs)
    return play


def test_success_needs_no_new_stream() -> None:
    play, bind = opened(), el("bind", ns.BIND2)
    asked = authenticate("PLAIN", "AGEAYg==", bind)
    assert only(play.on(asked), SaslStep).data == b"\0a\0b"
    actions = play.on(SaslResult(Success("juliet", b"v=1")))
    assert [type(action) for action in actions] == [ReportAuth, Login]
    assert only(actions, Login).request is asked
    assert not [action for action in actions if isinstance(action, RestartStream)]
    assert play.on(LoggedIn(JULIET)) == []
    assert (play.name, play.state.jid) == (StateName.SESSION_ESTABLISHED, JULIET)


def test_without_a_bind_the_old_one_may_follow() -> None:
    play = opened()
    play.on(authenticate())
    play.on(SaslResult(Success("juliet")))
    play.on(LoggedIn())
    assert (play.name, play.state.username) == (StateName.WAIT_FOR_BIND, "juliet")


@pytest.mark.parametrize("event", [Resumed(JULIET), TakenOver()])
def test_an_older_session_goes_on(event: Resumed | TakenOver) -> None:
    play = opened()
    play.on(authenticate())
    play.on(SaslResult(Success("juliet")))
    play.on(event)
    assert play.name is (StateName.CLOSED if type(event) is TakenOver else StateName.SESSION_ESTABLISHED)


def test_an_empty_response_is_a_message_and_an_absent_one_is_none() -> None:
    assert only(opened().on(authenticate(data="")), SaslStep).data == b""
    assert only(opened().on(authenticate(data=None)), SaslStep).data is None


def test_a_challenge_and_its_answer() -> None:
    play = opened()
    play.on(authenticate("SCRAM-SHA-1"))
    assert xml(play.on(SaslResult(Challenge(b"x")))) == [f"<challenge xmlns='{ns.SASL2}'>eA==</challenge>"]
    assert only(play.on(el("response", ns.SASL2, None, "eQ==")), SaslStep) == SaslStep("SCRAM-SHA-1", b"y", False)


def test_a_failure_leaves_the_stream_as_it_was() -> None:
    play = opened()
    play.on(authenticate())
    assert f"<not-authorized xmlns='{ns.SASL}'/>" in xml(play.on(SaslResult(Failure("not-authorized"))))[0]
    assert (play.name, play.state.request) == (StateName.WAIT_FOR_FEATURE_REQUEST, None)
    assert only(play.on(sasl("auth", "AGEAYg==", "PLAIN")), SaslStep)


def test_who_gives_up_in_the_middle_may_begin_again() -> None:
    play = opened()
    play.on(authenticate("SCRAM-SHA-1"))
    play.on(SaslResult(Challenge(b"x")))
    assert "<aborted " in xml(play.on(el("abort", ns.SASL2)))[0]
    assert play.name is StateName.WAIT_FOR_FEATURE_REQUEST
    assert only(play.on(authenticate()), SaslStep).first


@pytest.mark.parametrize(
    ("element", "condition"),
    [
        (authenticate("NONSENSE"), "invalid-mechanism"),
        (authenticate("PLAIN", "%"), "incorrect-encoding"),
        (authenticate("HT-SHA-256-NONE"), "invalid-mechanism"),  # it does not say <fast/>
        (authenticate("HT-SHA-256-ENDP", "", FAST), "invalid-mechanism"),  # there is nothing to bind to
        (el("abort", ns.SASL2), "aborted"),
        (el("response", ns.SASL2), "malformed-request"),
    ],
)
def test_what_is_refused(element: Element, condition: str) -> None:
    assert f"<{condition} " in xml(opened().on(element))[0]


def test_a_token_is_taken_where_it_is_said() -> None:
    assert only(opened().on(authenticate("HT-SHA-256-NONE", "eA==", FAST)), SaslStep).mechanism == "HT-SHA-256-NONE"


def test_nothing_without_tls_where_that_is_wanted() -> None:
    assert "<encryption-required " in xml(opened(StreamConfig(hosts={HOST})).on(authenticate()))[0]


@pytest.mark.parametrize(
    "element", [el("iq", ns.CLIENT, {"type": "get", "id": "1"}), authenticate(), sasl("response", "eA==")]
)
def test_nothing_else_passes_during_a_login(element: Element) -> None:
    play = opened()
    play.on(authenticate("SCRAM-SHA-1"))
    play.on(SaslResult(Challenge(b"x")))
    assert only(play.on(element), CloseStream).error is not None


def test_a_second_login_ends_the_stream() -> None:
    play = opened()
    play.on(authenticate())
    play.on(SaslResult(Success("juliet")))
    play.on(LoggedIn(JULIET))
    assert only(play.on(authenticate()), CloseStream).error is not None


def test_who_the_stream_is_from_is_who_logs_in() -> None:
    play = opened(from_=f"juliet@{HOST}")
    play.on(authenticate())
    assert "<invalid-authzid " in xml(play.on(SaslResult(Success("romeo"))))[-1]
    assert play.name is StateName.WAIT_FOR_FEATURE_REQUEST


def test_the_last_failure_ends_the_stream() -> None:
    play = opened()
    for _ in range(OPEN.max_failures):
        actions = play.on(authenticate("NONSENSE"))
    assert only(actions, CloseStream).error is not None


@given(st.lists(st.sampled_from(["authenticate", "response", "abort", "challenged", "right", "wrong", "sasl"])))
def test_nobody_is_in_without_a_success(said: list[str]) -> None:
    """Whatever is said in whatever order: a name is known only after the mechanism has said so."""
    play, right = opened(), False
    events = {
        "authenticate": authenticate(),
        "response": el("response", ns.SASL2),
        "abort": el("abort", ns.SASL2),
        "challenged": SaslResult(Challenge(b"x")),
        "right": SaslResult(Success("juliet")),
        "wrong": SaslResult(Failure("not-authorized")),
        "sasl": sasl("auth", "AGEAYg==", "PLAIN"),
    }
    for name in said:
        if name in ("challenged", "right", "wrong") and not play.state.mechanism:
            continue  # a driver answers what was asked only
        right = right or (name == "right" and play.name is not StateName.CLOSED)
        play.on(events[name])
        assert bool(play.state.username) <= right
    assert isinstance(play.state, StreamState)
