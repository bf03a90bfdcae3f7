"""test_stream_bind — after login: bind, session, stanzas, a lost link (seed-flow 3.5 to 3.8)."""

from __future__ import annotations

import pytest

from tests.support.stream_play import JULIET, Play, end, iq, sasl, xml
from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError, StreamError
from xmpp_core.jid import JID
from xmpp_core.stream_answers import COMPRESS
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
    SessionOpened,
    SessionRefused,
    StopStream,
    StreamFault,
    TakenOver,
)
from xmpp_core.stream_state import StateName

BIND = el("bind", ns.BIND, None, el("resource", ns.BIND, None, "balcony"))
SESSION = el("session", ns.SESSION)


def test_bind_opens_the_session_before_it_answers() -> None:
    play = Play().logged_in()
    assert play.on(iq("set", BIND)) == [Bind("juliet", "balcony")]
    assert play.on(BindResult(JULIET)) == [OpenSession(JULIET)]
    assert play.name is StateName.WAIT_FOR_SESSION
    (answer,) = xml(play.on(SessionOpened()))
    assert "<jid>juliet@localhost/balcony</jid>" in answer
    assert play.name is StateName.SESSION_ESTABLISHED


def test_bind_without_a_resource_lets_the_server_choose() -> None:
    assert Play().logged_in().on(iq("set", el("bind", ns.BIND))) == [Bind("juliet", "")]


def test_a_refused_bind_may_be_tried_again() -> None:
    play = Play().logged_in()
    play.on(iq("set", BIND))
    assert "<conflict" in xml(play.on(BindResult(error=StanzaError("conflict"))))[0]
    assert play.on(iq("set", BIND)) == [Bind("juliet", "balcony")]
    play.on(BindResult(JULIET))
    assert "<not-allowed" in xml(play.on(SessionRefused(StanzaError("not-allowed"))))[0]
    assert play.name is StateName.WAIT_FOR_BIND
    assert play.state.jid is None


@pytest.mark.parametrize("request_", [iq("get", BIND), iq("set", BIND, id_=None)])
def test_a_malformed_bind_is_a_bad_request(request_: Element) -> None:
    assert "<bad-request" in xml(Play().logged_in().on(request_))[0]


@pytest.mark.parametrize("stanza", [
    iq("get", el("query", ns.ROSTER)),
    iq("get", el("ping", ns.PING), to="localhost"),
    iq("set", SESSION),
    iq("get", el("vCard", ns.VCARD), to="juliet@localhost"),
    el("message", ns.CLIENT, {"id": "1"}),
    el("presence", ns.CLIENT),
])  # fmt: skip
def test_before_bind_a_request_to_the_server_is_answered(stanza: Element) -> None:
    play = Play().logged_in()
    (answer,) = xml(play.on(stanza))
    assert "type='error'" in answer
    assert "<not-authorized" in answer
    assert play.name is StateName.WAIT_FOR_BIND


@pytest.mark.parametrize("stanza", [iq("result"), iq("error"), el("message", ns.CLIENT, {"type": "error"})])
def test_before_bind_an_answer_is_not_answered(stanza: Element) -> None:
    assert Play().logged_in().on(stanza) == []


@pytest.mark.parametrize("to", ["romeo@localhost", "elsewhere.example", "juliet@localhost/other", "@"])
def test_before_bind_a_stanza_to_others_ends_the_stream(to: str) -> None:
    assert end(Play().logged_in().on(el("message", ns.CLIENT, {"to": to}))) == "not-authorized"


def test_after_login_sasl_is_refused_and_starttls_ends() -> None:
    for play in (Play().logged_in(), Play().established()):
        assert "<not-authorized/>" in xml(play.on(sasl("auth", None, "PLAIN")))[0]
        assert "setup-failed" in xml(play.on(el("compress", COMPRESS)))[0]
        actions = play.on(el("starttls", ns.TLS))
        assert xml(actions) == [f"<failure xmlns='{ns.TLS}'/>"]
        assert end(actions) is None


@pytest.mark.parametrize("from_", [None, "juliet@localhost/balcony", "juliet@localhost", "Juliet@LOCALHOST/balcony"])
def test_a_stanza_with_an_own_from_is_routed(from_: str | None) -> None:
    stanza = el("message", ns.CLIENT, {"from": from_, "to": "romeo@localhost"})
    assert Play().established().on(stanza) == [RouteStanza(stanza)]


@pytest.mark.parametrize("from_", ["romeo@localhost", "juliet@localhost/window", "localhost", "@@", ""])
def test_a_stanza_with_a_foreign_from_ends_the_stream(from_: str) -> None:
    stanza = el("message", ns.CLIENT, {"from": from_})
    assert end(Play().established().on(stanza)) == "invalid-from"


@pytest.mark.parametrize("to", [{}, {"to": "localhost"}, {"to": "juliet@localhost"}])
def test_the_session_request_of_old_clients_is_a_no_op(to: dict[str, str]) -> None:
    assert xml(Play().established().on(iq("set", SESSION, **to))) == ["<iq type='result' id='1'/>"] if not to else True
    (answer,) = xml(Play().established().on(iq("set", SESSION, **to)))
    assert "type='result'" in answer


def test_a_session_request_to_others_is_routed() -> None:
    stanza = iq("set", SESSION, to="romeo@localhost")
    assert Play().established().on(stanza) == [RouteStanza(stanza)]


def test_a_second_bind_is_not_allowed() -> None:
    assert "<not-allowed" in xml(Play().established().on(iq("set", BIND)))[0]


def test_a_nonza_is_offered_to_modules_first() -> None:
    play = Play().established()
    active = el("active", ns.CSI)
    assert play.on(active) == [HandleNonza(active)]
    assert end(play.on(NonzaUnhandled(active))) == "unsupported-stanza-type"


@pytest.mark.parametrize(("name", "early", "late"), [
    ("enable", "unexpected-request", "service-unavailable"),
    ("resume", "service-unavailable", "service-unavailable"),
    ("r", "unexpected-request", "unexpected-request"),
])  # fmt: skip
def test_stream_management_that_nobody_serves_fails_and_the_stream_stays(name: str, early: str, late: str) -> None:
    for play, condition in ((Play().logged_in(), early), (Play().established(), late)):
        before = play.name
        nonza = el(name, ns.SM)
        assert play.on(nonza) == [HandleNonza(nonza)]
        assert f"<{condition}" in xml(play.on(NonzaUnhandled(nonza)))[0]
        assert play.name is before


def test_a_lost_link_ends_the_session() -> None:
    play = Play().established()
    assert play.on(Closed()) == [StopStream("closed")]
    assert play.name is StateName.CLOSED


def detached() -> Play:
    play = Play().established()
    assert play.on(Closed(resumable=True)) == [Detach()]
    assert play.name is StateName.WAIT_FOR_RESUME
    return play


def test_a_lost_link_waits_where_that_was_agreed() -> None:
    play = detached()
    assert play.on(Closed()) == []
    assert play.on(ResumeTimeout()) == [StopStream("timeout")]
    assert detached().on(TakenOver()) == [StopStream("resumed")]
    shut_down = StreamError("system-shutdown")
    assert detached().on(StreamFault(shut_down)) == [StopStream("ended", shut_down)]


def test_a_detached_session_goes_on_over_another_connection() -> None:
    for play in (detached(), Play().established()):
        jid = play.state.jid
        assert jid is not None
        assert play.on(Resumed(jid)) == []
        assert (play.name, play.state.jid) == (StateName.SESSION_ESTABLISHED, jid)
        assert play.on(Closed()) == [StopStream("closed")]


def test_a_stream_that_gives_its_connection_away_ends_without_a_word() -> None:
    assert Play().logged_in().on(TakenOver()) == [StopStream("resumed")]


def test_a_resumed_session_is_established_without_bind() -> None:
    play = Play().logged_in()
    assert play.on(Resumed(JID.parse("juliet@localhost/old"))) == []
    assert play.name is StateName.SESSION_ESTABLISHED
    assert play.on(Closed(resumable=True)) == [Detach()]


@pytest.mark.parametrize("stanza", [iq("set"), iq("get", SESSION), iq("set", el("query", ns.ROSTER)), iq("result")])
def test_every_other_iq_is_routed(stanza: Element) -> None:
    assert Play().established().on(stanza) == [RouteStanza(stanza)]
