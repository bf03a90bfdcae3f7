"""test_stream_auth — before login: STARTTLS, SASL, XEP-0078, and strangers (seed-flow 3.2 to 3.4, 3.9)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.stream_play import HOST, JULIET, OPEN, Play, end, iq, only, sasl, xml
from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.sasl.base import Challenge, Failure, Success
from xmpp_core.stream_answers import COMPRESS
from xmpp_core.stream_events import (
    BeginTls,
    CloseStream,
    IqUnhandled,
    LegacyAuth,
    LegacyAuthResult,
    OpenSession,
    ReportAuth,
    RestartStream,
    SaslResult,
    SaslStep,
    SendElement,
    SessionOpened,
    SessionRefused,
    UnauthenticatedIq,
)
from xmpp_core.stream_state import StateName, StreamConfig, StreamState

TLS_FIRST = StreamConfig(hosts={HOST})
STARTTLS = el("starttls", ns.TLS)


def opened(config: StreamConfig = OPEN, state: StreamState | None = None) -> Play:
    play = Play(config, state)
    play.header()
    return play


def failure(condition: str) -> list[str]:
    return [f"<failure xmlns='{ns.SASL}'><{condition}/></failure>"]


# STARTTLS


@pytest.mark.parametrize("tls", ["required", "optional"])
def test_starttls_proceeds(tls: str) -> None:
    actions = opened(StreamConfig(hosts={HOST}, tls=tls)).on(STARTTLS)
    assert only(actions, BeginTls).proceed.name == "proceed"


@pytest.mark.parametrize("state", [StreamState(), StreamState(tls=True)])
def test_starttls_that_was_not_offered_fails_and_ends(state: StreamState) -> None:
    config = TLS_FIRST if state.tls else OPEN
    actions = opened(config, state).on(STARTTLS)
    assert xml(actions) == [f"<failure xmlns='{ns.TLS}'/>"]
    assert end(actions) is None


def test_starttls_in_the_middle_of_sasl_fails() -> None:
    play = opened(StreamConfig(hosts={HOST}, tls="optional"))
    play.on(sasl("auth", None, "SCRAM-SHA-1"))
    play.on(SaslResult(Challenge(b"")))
    assert end(play.on(STARTTLS)) is None


def test_while_tls_is_missing_sasl_is_refused_and_the_rest_ends() -> None:
    play = opened(TLS_FIRST)
    assert xml(play.on(sasl("auth", "AGEAYg==", "PLAIN"))) == failure("encryption-required")
    assert end(play.on(iq("get", el("query", ns.REGISTER)))) == "policy-violation"


# SASL


def test_auth_steps_with_the_initial_response() -> None:
    assert opened().on(sasl("auth", "AGEAYg==", "PLAIN")) == [SaslStep("PLAIN", b"\0a\0b", True)]
    assert opened().on(sasl("auth", "=", "PLAIN")) == [SaslStep("PLAIN", b"", True)]
    assert opened().on(sasl("auth", None, "PLAIN")) == [SaslStep("PLAIN", None, True)]


def test_a_challenge_waits_for_a_response() -> None:
    play = opened()
    play.on(sasl("auth", None, "SCRAM-SHA-1"))
    assert xml(play.on(SaslResult(Challenge(b"r=x")))) == [f"<challenge xmlns='{ns.SASL}'>cj14</challenge>"]
    assert play.name is StateName.WAIT_FOR_SASL_RESPONSE
    assert play.on(sasl("response", "Yz1i")) == [SaslStep("SCRAM-SHA-1", b"c=b", False)]
    assert play.on(sasl("response")) == [SaslStep("SCRAM-SHA-1", b"", False)]


def test_success_reports_resets_and_begins_anew() -> None:
    play = opened()
    play.on(sasl("auth", None, "SCRAM-SHA-1"))
    actions = play.on(SaslResult(Success("juliet", b"v=x")))
    assert actions[:2] == [ReportAuth("juliet", True, "SCRAM-SHA-1"), RestartStream()]
    assert xml(actions) == [f"<success xmlns='{ns.SASL}'>dj14</success>"]
    assert play.state == StreamState(host=HOST, username="juliet")


@pytest.mark.parametrize(("element", "condition"), [
    (sasl("auth", "AGEAYg==", "ANONYMOUS"), "invalid-mechanism"),
    (sasl("auth", "AGEAYg=="), "invalid-mechanism"),
    (sasl("auth", "AGEAYg==", "SCRAM-SHA-1-PLUS"), "invalid-mechanism"),
    (sasl("auth", "not base64!", "PLAIN"), "incorrect-encoding"),
    (sasl("auth", "AGEA\nYg==", "PLAIN"), "incorrect-encoding"),
    (sasl("auth", "é", "PLAIN"), "incorrect-encoding"),
    (sasl("abort"), "aborted"),
    (sasl("response", "AGEAYg=="), "not-authorized"),
])  # fmt: skip
def test_bad_requests_fail_and_the_stream_stays(element: Element, condition: str) -> None:
    play = opened()
    assert xml(play.on(element)) == failure(condition)
    assert play.name is StateName.WAIT_FOR_FEATURE_REQUEST


def test_plain_in_the_clear_wants_encryption() -> None:
    play = opened(StreamConfig(hosts={HOST}, tls="optional"))
    assert xml(play.on(sasl("auth", "AGEAYg==", "PLAIN"))) == failure("encryption-required")


@pytest.mark.parametrize(("name", "text", "condition"), [
    ("abort", None, "aborted"),
    ("response", "%", "incorrect-encoding"),
    ("challenge", None, "malformed-request"),
])  # fmt: skip
def test_an_exchange_that_goes_wrong_ends_and_another_may_begin(name: str, text: str | None, condition: str) -> None:
    play = opened()
    play.on(sasl("auth", None, "SCRAM-SHA-1"))
    play.on(SaslResult(Challenge(b"")))
    assert xml(play.on(sasl(name, text))) == failure(condition)
    assert play.name is StateName.WAIT_FOR_FEATURE_REQUEST
    assert play.on(sasl("auth", None, "PLAIN")) == [SaslStep("PLAIN", None, True)]


def test_auth_during_an_exchange_starts_over() -> None:
    play = opened()
    play.on(sasl("auth", None, "SCRAM-SHA-1"))
    play.on(SaslResult(Challenge(b"")))
    assert play.on(sasl("auth", None, "PLAIN")) == [SaslStep("PLAIN", None, True)]


def test_failure_carries_the_condition_and_reports_whom() -> None:
    play = opened()
    play.on(sasl("auth", "AGEAYg==", "PLAIN"))
    actions = play.on(SaslResult(Failure("not-authorized", "juliet")))
    assert xml(actions) == failure("not-authorized")
    assert only(actions, ReportAuth) == ReportAuth("juliet", False, "PLAIN", "not-authorized")


def test_the_fifth_failure_ends_the_stream() -> None:
    play = opened()
    for _ in range(4):
        play.on(sasl("auth", "AGEAYg==", "PLAIN"))
        play.on(SaslResult(Failure("not-authorized")))
        assert play.name is StateName.WAIT_FOR_FEATURE_REQUEST
    play.on(sasl("auth", "AGEAYg==", "PLAIN"))
    actions = play.on(SaslResult(Failure("not-authorized")))
    assert xml(actions) == failure("not-authorized")
    assert end(actions) == "policy-violation"


# strangers


@pytest.mark.parametrize("type_", ["get", "set"])
def test_an_iq_request_goes_to_the_hook_and_unhandled_ends(type_: str) -> None:
    play = opened()
    request = iq(type_, el("query", ns.REGISTER))
    assert play.on(request) == [UnauthenticatedIq(request)]
    assert end(play.on(IqUnhandled(request))) == "not-authorized"


@pytest.mark.parametrize("element", [
    el("message", ns.CLIENT, {"to": "romeo@localhost"}, el("body", ns.CLIENT, None, "psst")),
    el("presence", ns.CLIENT),
    iq("result"),
    iq("get", id_=None),
    el("enable", ns.SM),
    el("iq", ns.CLIENT, {"type": "set", "id": "1"}, el("bind", ns.BIND)).with_attrs(type="error"),
])  # fmt: skip
def test_anything_else_before_login_ends_the_stream(element: Element) -> None:
    assert end(opened().on(element)) == "not-authorized"


def test_a_stanza_during_an_exchange_abandons_it() -> None:
    play = opened()
    play.on(sasl("auth", None, "SCRAM-SHA-1"))
    play.on(SaslResult(Challenge(b"")))
    play.on(iq("get", el("query", ns.REGISTER)))
    assert play.name is StateName.WAIT_FOR_FEATURE_REQUEST
    assert play.state.mechanism == ""


def test_compression_is_refused_as_its_xep_says() -> None:
    method = el("method", COMPRESS, None, "zlib")
    for request, condition in [
        (el("compress", COMPRESS), "setup-failed"),
        (el("compress", COMPRESS, None, method), "unsupported-method"),
    ]:
        assert xml(opened().on(request)) == [f"<failure xmlns='{COMPRESS}'><{condition}/></failure>"]


# XEP-0078


LEGACY = replace(OPEN, legacy_auth=True)


def login(**fields: str) -> Element:
    return iq("set", el("query", ns.AUTH, None, *[el(k, ns.AUTH, None, v) for k, v in fields.items()]))


def old_client() -> Play:
    play = Play(LEGACY, StreamState(tls=True))
    play.header(version=None)
    assert play.name is StateName.WAIT_FOR_AUTH
    return play


def test_legacy_get_lists_the_fields_without_digest() -> None:
    (answer,) = xml(old_client().on(iq("get", el("query", ns.AUTH))))
    assert "<username/><password/><resource/>" in answer
    assert "digest" not in answer


def test_legacy_login_opens_the_session_at_once() -> None:
    play = old_client()
    asked = play.on(login(username="juliet", password="secret", resource="balcony"))
    assert asked == [LegacyAuth("juliet", "secret", "balcony")]
    assert "secret" not in repr(asked)
    actions = play.on(LegacyAuthResult(jid=JULIET))
    assert actions == [ReportAuth("juliet", True, ""), OpenSession(JULIET)]
    assert xml(play.on(SessionOpened())) == ["<iq type='result' id='1'/>"]
    assert play.name is StateName.SESSION_ESTABLISHED


def test_legacy_login_without_a_resource_is_not_acceptable() -> None:
    (answer,) = xml(old_client().on(login(username="juliet", password="secret")))
    assert "<not-acceptable" in answer


def test_legacy_failures_count_too() -> None:
    play = old_client()
    for turn in range(5):
        play.on(login(username="juliet", password="wrong", resource="balcony"))
        actions = play.on(LegacyAuthResult(error=StanzaError("not-authorized")))
        assert "<not-authorized" in xml(actions)[0]
        counted = ReportAuth("juliet", False, "", "not-authorized")
        assert counted in actions, "guesses are counted for the account they were made at"
        assert any(isinstance(action, CloseStream) for action in actions) == (turn == 4)


def test_legacy_session_refused_ends_the_stream() -> None:
    play = old_client()
    play.on(login(username="juliet", password="secret", resource="balcony"))
    play.on(LegacyAuthResult(jid=JULIET))
    actions = play.on(SessionRefused(StanzaError("not-allowed")))
    assert isinstance(actions[0], SendElement)
    assert end(actions) == "not-authorized"


def test_legacy_is_offered_beside_sasl_under_tls_and_nowhere_else() -> None:
    modern = opened(LEGACY, StreamState(tls=True))
    assert modern.on(login(username="a", password="b", resource="c")) == [LegacyAuth("a", "b", "c")]
    for config, state in [(LEGACY, StreamState()), (OPEN, StreamState(tls=True))]:
        actions = opened(config, state).on(login(username="a", password="b", resource="c"))
        assert isinstance(actions[0], UnauthenticatedIq)
