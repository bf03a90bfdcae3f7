"""test_source — the observer's questions to a server that runs.

Way:  xmppd.ctl.observer.source
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.booted import Booted
from xmppd.ctl.commands import CommandError
from xmppd.ctl.home import Home
from xmppd.ctl.observer.source import Source


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    with Booted.start(tmp_path_factory.mktemp("observed"), workers=1) as booted:
        yield booted
        booted.drop_all()


def test_all_tabs_have_their_data(server: Booted) -> None:
    source, client = Source(Home(server.home)), server.client()
    assert source.system()["w1"]["connected nodes"] == "main"
    assert source.load()["main"]["memory"] > 1_000_000
    assert source.tree()["w1"][1]["id"] == "xmppd_sup"
    assert source.tree("c2s_sup")["w1"][0]["count"] == 1
    assert client.jid in [row["who"] for row in source.top("reductions")["rows"]]
    assert "sessions" in [table["name"] for table in source.tables()["w1"]]
    assert any("localhost" in key for key, _ in source.rows("w1", "routes"))


def test_a_trace_from_begin_to_end(server: Booted) -> None:
    source, client = Source(Home(server.home)), server.client()
    place = source.begin(client.jid)
    client.send("<iq id='p' type='get'><ping xmlns='urn:xmpp:ping'/></iq>")
    client.next()
    assert [event["kind"] for event in source.read(place)["events"]] == ["iq", "iq"]
    source.end(place)
    assert source.read(place)["over"]


def test_a_production_server_is_not_to_be_broken(server: Booted) -> None:
    with pytest.raises(CommandError, match="production"):
        Source(Home(server.home)).crash("router", "kill")
