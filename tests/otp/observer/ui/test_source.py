"""test_source — the observer's questions to a server that runs.

Way:  xmppd.ctl.observer.source
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.booted import Booted
from xmppd.commands import CommandError
from xmppd.ctl.observer.source import Source
from xmppd.node.home import Home


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


def test_workers_come_before_the_parent(server: Booted) -> None:
    source = Source(Home(server.home))
    for asked in (source.system, source.load, source.tables, source.tree):
        assert list(asked()) == ["w1", "main"]


def test_all_of_a_session_is_told_without_its_secrets_and_it_can_be_ended(server: Booted) -> None:
    source, client = Source(Home(server.home)), server.client()
    row = next(row for row in source.sessions() if row["jid"] == client.jid)
    told = source.info(row["pid"])
    assert told is not None
    assert told["initial call"] == "xmppd.stream.c2s.C2s"
    assert any("c2s_sup" in line for line in told["ancestors"])
    assert client.jid in told["state"]
    assert "production" in told["kept"]
    assert source.kick(client.jid) == 1
    assert client.end() is not None
    assert client.jid not in [row["jid"] for row in source.sessions()]


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
