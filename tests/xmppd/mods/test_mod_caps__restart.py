"""What hashes mean is kept for good."""

from __future__ import annotations

from pathlib import Path

from tests.support.pep_client import come, events, presence, publish
from xmppd.pubsub import interest
from xmppd.testing.thread import serve_in_thread


def test_a_hash_is_known_after_a_restart(tmp_path: Path) -> None:
    with serve_in_thread(store="sqlite", home=tmp_path) as server:
        come(server, server.client("anna", "a"), "urn:five")
    interest.forget()
    with serve_in_thread(store="sqlite", home=tmp_path) as server:
        anna = server.client("anna", "b")
        anna.send(presence("urn:five"))
        publish(anna, "urn:five")
        assert len(events(server, anna)) == 1
        assert "disco#info" not in anna.seen
