"""test_stream_rules — what every state of a stream answers alike."""

from __future__ import annotations

import pytest

from tests.support.stream_play import Play, end, start
from xmpp_core.errors import StreamError
from xmpp_core.parser import StreamEnd
from xmpp_core.stream_events import Closed, CloseStream, NegotiationTimeout, StopStream, StreamFault
from xmpp_core.stream_rules import Rule, ignore
from xmpp_core.stream_state import StateName, StreamState


def opened() -> Play:
    play = Play()
    play.header()
    return play


def everywhere() -> list[Play]:
    return [opened(), Play().logged_in(), Play().established()]


def test_the_end_tag_is_answered_by_ours() -> None:
    for play in everywhere():
        assert play.on(StreamEnd()) == [CloseStream(None)]
        assert play.name is StateName.CLOSED


@pytest.mark.parametrize("condition", ["not-well-formed", "policy-violation", "conflict", "system-shutdown"])
def test_an_error_is_said_and_ends_the_stream(condition: str) -> None:
    for play in everywhere():
        assert end(play.on(StreamFault(StreamError(condition)))) == condition


def test_a_second_header_is_bad_format() -> None:
    for play in everywhere():
        assert end(play.on(start())) == "bad-format"


def test_the_budget_ends_a_negotiation_but_not_a_session() -> None:
    for play in (opened(), Play().logged_in()):
        assert end(play.on(NegotiationTimeout())) == "connection-timeout"
    assert Play().established().on(NegotiationTimeout()) == []


def test_before_any_header_it_ends_as_well() -> None:
    assert end(Play().on(NegotiationTimeout())) == "connection-timeout"


def test_after_login_the_new_stream_may_end_before_its_header() -> None:
    play = Play(state=StreamState(host="localhost", username="juliet"))
    assert end(play.on(StreamFault(StreamError("not-well-formed")))) == "not-well-formed"


def test_a_closed_connection_is_told_nothing() -> None:
    assert opened().on(Closed()) == [StopStream("closed")]


def test_a_rule_knows_where_it_leads() -> None:
    assert Rule(ignore, StateName.CLOSED).leads_to == (StateName.CLOSED,)
