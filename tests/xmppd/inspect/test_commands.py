"""test_commands — the observer over a booted server: its data, sessions, traces, and what is refused.

Way:  xmppd.inspect.commands
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from otp.observer import client as observer_client
from otp.observer.errors import ObserverError, Refused
from otp.observer.source import Source
from tests.support.booted import Booted
from tests.support.node import run
from xmppd.commands import EXIT_FAILED, EXIT_PERMISSION, EXIT_USAGE, CommandError
from xmppd.inspect import commands
from xmppd.node.home import Home


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    with Booted.start(tmp_path_factory.mktemp("observed"), workers=1) as booted:
        yield booted
        booted.drop_all()


@pytest.fixture
def source(server: Booted) -> Source:
    """The server as any program of otp: by its socket."""
    path = Home(server.home).control
    return Source(lambda command, params: observer_client.ask(path, command, params), str(path))


def test_all_tabs_have_their_data(server: Booted, source: Source) -> None:
    client = server.client()
    assert source.system()["w1"]["connected nodes"] == "main"
    assert source.load()["main"]["memory"] > 1_000_000
    assert "xmppd_sup" in [tree["id"] for tree in source.tree()["w1"]]
    assert source.tree("c2s_sup")["w1"][0]["count"] == 1
    assert client.jid in [row["who"] for row in source.top("reductions")["rows"]]
    assert "sessions" in [table["name"] for table in source.tables()["w1"]]
    assert any("localhost" in key for key, _ in source.rows("w1", "router"))


def test_workers_come_before_the_parent(source: Source) -> None:
    for asked in (source.system, source.load, source.tables, source.tree):
        assert list(asked()) == ["w1", "main"]


def test_all_of_a_session_is_told_without_its_secrets_and_it_can_be_ended(server: Booted, source: Source) -> None:
    client = server.client()
    row = next(row for row in source.ask("session list") if row["jid"] == client.jid)
    told = source.info(row["pid"])
    assert told is not None
    assert told["initial call"] == "xmppd.stream.c2s.C2s"
    assert any("c2s_sup" in line for line in told["ancestors"])
    assert client.jid in told["state"]
    assert "production" in told["kept"]
    assert source.ask("session kick", user=client.jid) == {"kicked": 1}
    assert client.end() is not None
    assert client.jid not in [row["jid"] for row in source.ask("session list")]


def test_a_trace_from_begin_to_end(server: Booted, source: Source) -> None:
    client = server.client()
    place = source.begin(client.jid)
    client.send("<iq id='p' type='get'><ping xmlns='urn:xmpp:ping'/></iq>")
    client.next()
    assert [event["kind"] for event in source.read(place)["events"]] == ["iq", "iq"]
    source.end(place)
    assert source.read(place)["over"]


def test_a_production_server_is_not_to_be_broken(source: Source) -> None:
    with pytest.raises(ObserverError, match="production"):
        source.crash("router", "kill")


@pytest.mark.parametrize(
    ("asked", "params", "status"),
    [
        ("observe", {"what": "weather"}, EXIT_USAGE),
        ("top", {"by": "mailbx"}, EXIT_USAGE),
        ("tree", {"under": "nobody"}, EXIT_FAILED),
        ("trace_begin", {"target": "nobody"}, EXIT_FAILED),
    ],
)
def test_what_cannot_be_done_has_the_exit_status_of_its_kind(asked: str, params: dict[str, Any], status: int) -> None:
    async def body() -> None:
        with pytest.raises(CommandError) as told:
            await getattr(commands, asked)(**params)
        assert told.value.status == status

    run(body)


def test_what_is_refused_is_a_matter_of_permission() -> None:
    async def refuse() -> None:
        raise Refused("refused: the node would end with it")

    async def body() -> None:
        with pytest.raises(CommandError) as refused:
            await commands._ours(refuse)()
        assert refused.value.status == EXIT_PERMISSION

    run(body)
