"""test_stream_open — wait_for_stream: what a header is answered with (seed-flow 3.1 and 3.9)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.stream_play import HOST, OPEN, Play, end, only, start
from xmpp_core.element import el
from xmpp_core.errors import StreamError
from xmpp_core.stream_events import CloseStream, SendFeatures, SendHeader, StreamFault, TlsReady
from xmpp_core.stream_state import StateName, StreamConfig, StreamState


def features(play: Play) -> str:
    return "".join(element.to_xml() for element in only(play.header(), SendFeatures).elements)


def test_a_good_header_gets_header_and_features() -> None:
    play = Play()
    header, offered = play.header(from_="juliet@localhost", xml_lang="it")
    assert header == SendHeader(HOST, "juliet@localhost", "1.0", "it")
    assert isinstance(offered, SendFeatures)
    assert play.name is StateName.WAIT_FOR_FEATURE_REQUEST


@pytest.mark.parametrize(("attrs", "condition"), [
    ({"to": None}, "improper-addressing"),
    ({"to": "juliet@localhost"}, "improper-addressing"),
    ({"to": "localhost/res"}, "improper-addressing"),
    ({"to": "a@b@c"}, "improper-addressing"),
    ({"to": "elsewhere.example"}, "host-unknown"),
    ({"version": None}, "unsupported-version"),
    ({"version": "0.9"}, "unsupported-version"),
    ({"version": "2.0"}, "unsupported-version"),
    ({"version": "one"}, "unsupported-version"),
    ({"from_": "juliet@elsewhere.example"}, "invalid-from"),
    ({"from_": "@"}, "invalid-from"),
    ({"xml_lang": "x" * 36}, "policy-violation"),
    ({"default_ns": "jabber:server"}, "invalid-namespace"),
    ({"stream_ns": "http://example.org/streams"}, "invalid-namespace"),
])  # fmt: skip
def test_a_bad_header_gets_an_error(attrs: dict[str, str | None], condition: str) -> None:
    play = Play()
    actions = play.header(**attrs)
    assert end(actions) == condition
    assert play.name is StateName.CLOSED


def test_a_root_that_is_no_stream_is_bad_format() -> None:
    assert end(Play().on(replace(start(), name="flow"))) == "bad-format"


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.99"])
def test_a_higher_minor_version_is_answered_with_ours(version: str) -> None:
    assert only(Play().header(version=version), SendHeader).version == "1.0"


def test_an_element_or_an_error_before_the_header_ends_the_stream() -> None:
    for event, condition in [
        (el("message", "jabber:client"), "invalid-xml"),
        (StreamFault(StreamError("not-well-formed")), "not-well-formed"),
    ]:
        actions = Play().on(event)
        assert [type(action) for action in actions] == [CloseStream]
        assert end(actions) == condition


def test_tls_required_offers_nothing_else() -> None:
    play = Play(StreamConfig(hosts={HOST}))
    offered = features(play)
    assert "<starttls" in offered
    assert "<required/>" in offered
    assert "mechanism" not in offered


def test_tls_optional_offers_starttls_and_mechanisms_but_not_plain() -> None:
    offered = features(Play(StreamConfig(hosts={HOST}, tls="optional")))
    assert "<starttls" in offered
    assert "<required/>" not in offered
    assert "SCRAM-SHA-256<" in offered
    assert "PLAIN" not in offered


def test_under_tls_plain_and_plus_are_offered_best_first() -> None:
    play = Play(StreamConfig(hosts={HOST}), StreamState(tls=True, channel_binding=True))
    offered = features(play)
    assert "starttls" not in offered
    names = offered.split("<mechanism>")[1:]
    assert [name.partition("<")[0] for name in names] == [
        "SCRAM-SHA-512-PLUS", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS",
        "SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN",
    ]  # fmt: skip
    assert "tls-server-end-point" in offered


def test_a_restarted_stream_stays_with_its_host_and_its_user() -> None:
    config = replace(OPEN, hosts={HOST, "other.example"})
    restarted = StreamState(host=HOST, username="juliet")
    assert end(Play(config, restarted).header(to="other.example")) == "not-authorized"
    assert end(Play(config, restarted).header(from_="romeo@localhost")) == "invalid-from"
    play = Play(config, restarted)
    assert only(play.header(from_="juliet@localhost"), SendFeatures).stage == "bind"
    assert play.name is StateName.WAIT_FOR_BIND


def test_tls_forgets_what_was_said_in_the_clear() -> None:
    play = Play(StreamConfig(hosts={HOST}, tls="optional"))
    play.header()
    play.state = replace(play.state, failures=2, mechanism="PLAIN")
    assert play.on(TlsReady(channel_binding=True)) == []
    assert play.state == StreamState(tls=True, channel_binding=True, host=HOST, failures=2)


def test_old_clients_need_the_option_and_tls() -> None:
    legacy = replace(OPEN, legacy_auth=True)
    assert end(Play(legacy).header(version=None)) == "policy-violation"
    play = Play(legacy, StreamState(tls=True))
    assert only(play.header(version=None), SendHeader).version is None
    assert play.name is StateName.WAIT_FOR_AUTH


@pytest.mark.parametrize("version", ["2.0", "1", "x", ""])
def test_only_what_is_older_than_1_0_is_an_old_client(version: str) -> None:
    play = Play(replace(OPEN, legacy_auth=True), StreamState(tls=True))
    assert end(play.header(version=version)) == "unsupported-version"


def test_after_login_nobody_is_an_old_client() -> None:
    play = Play(replace(OPEN, legacy_auth=True), StreamState(tls=True, host=HOST, username="juliet"))
    assert end(play.header(version=None)) == "unsupported-version"
