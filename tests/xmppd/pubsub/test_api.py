"""Nodes for code of the server."""

from __future__ import annotations

from typing import Any

from tests.support.pep_client import come, events, items
from xmpp_core.element import el
from xmpp_core.jid import JID
from xmppd.pubsub import api

NODE = "urn:xmpp:bookmarks:1"


def test_what_server_code_publishes_reads_and_deletes(server: Any) -> None:
    romeo = server.client("romeo")
    come(server, romeo, NODE)
    owner = JID.parse("romeo@localhost")
    room = el("conference", NODE, {"name": "Verona"})
    options = {"pubsub#access_model": "whitelist", "pubsub#max_items": "max"}

    async def play() -> None:
        assert await api.config(owner, NODE) is None
        for id_ in ("a@rooms", "b@rooms"):
            assert await api.publish(owner, NODE, room, id=id_, options=options) == id_
        config = await api.config(owner, NODE)
        assert config is not None
        assert config.access_model == "whitelist"
        assert [item.id for item in await api.items(owner, NODE)] == ["a@rooms", "b@rooms"]
        newest, first = await api.item(owner, NODE), await api.item(owner, NODE, "a@rooms")
        assert newest is not None
        assert newest.id == "b@rooms"
        assert first is not None
        assert first.payload == room
        assert await api.item(owner, NODE, "c") is None
        assert await api.retract(owner, NODE, "a@rooms")
        assert not await api.retract(owner, NODE, "a@rooms")
        await api.configure(owner, NODE, {"pubsub#access_model": "open"})

    server.run(play)
    assert items(romeo, NODE) == ["b@rooms"]
    assert len(events(server, romeo)) == 3

    async def delete() -> None:
        assert await api.delete_node(owner, NODE)
        assert not await api.delete_node(owner, NODE)

    server.run(delete)
    assert f"<delete node='{NODE}'/>" in events(server, romeo)[-1]
