"""test_stream_state — what a stream offers under which configuration."""

from __future__ import annotations

import pytest

from xmpp_core.stream_state import StreamConfig, StreamState


@pytest.mark.parametrize(("tls", "on", "missing"), [
    ("required", False, True), ("required", True, False), ("optional", False, False), ("off", False, False),
    ("direct", True, False),
])  # fmt: skip
def test_tls_is_missing_only_where_it_is_required(tls: str, on: bool, missing: bool) -> None:
    config = StreamConfig(hosts={"localhost"}, tls=tls)
    state = StreamState(tls=on)
    assert state.tls_missing(config) is missing
    assert bool(state.offered(config)) is not missing


def test_legacy_is_off_by_default_and_wants_tls() -> None:
    assert not StreamState(tls=True).legacy_offered(StreamConfig(hosts=()))
    assert not StreamState().legacy_offered(StreamConfig(hosts=(), legacy_auth=True))
    assert StreamState(tls=True).legacy_offered(StreamConfig(hosts=(), legacy_auth=True))


def test_plus_is_offered_with_channel_binding_only() -> None:
    config = StreamConfig(hosts=(), mechanisms=("SCRAM-SHA-256",))
    assert StreamState(tls=True).offered(config) == ("SCRAM-SHA-256",)
    with_binding = StreamState(tls=True, channel_binding=True).offered(config)
    assert with_binding == ("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256")
