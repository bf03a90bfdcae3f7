"""Who wants to be told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.core_server import CoreServer, play
from xmpp_core.jid import JID
from xmppd.pubsub import interest
from xmppd.pubsub.tables import SCHEMA, CapsNotify
from xmppd.store import store

EVE = JID.parse("eve@elsewhere.example/r")


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    interest.forget()
    yield
    interest.forget()


def test_what_a_hash_means_is_read_from_the_store_once() -> None:
    async def body(core: CoreServer) -> None:
        await store.migrate([SCHEMA])
        assert await interest.nodes_of("1:sha-1:x") is None
        await store.transaction(lambda tx: tx.write(CapsNotify("1:sha-1:x", ("n",))))
        assert await interest.nodes_of("1:sha-1:x") == {"n"}
        interest.came(EVE, "1:sha-1:x")
        assert await interest.interested(EVE.bare, "n") == [EVE]
        assert await interest.interested(EVE.bare, "other") == []
        interest.went(EVE)
        assert await interest.interested(EVE.bare, "n") == []

    play(body)


def test_resources_elsewhere_are_bounded() -> None:
    for i in range(interest.MOST_RESOURCES + 5):
        interest.came(JID.parse(f"eve@elsewhere.example/{i}"), "k")
    assert len(interest._ELSEWHERE["eve@elsewhere.example"]) == interest.MOST_RESOURCES
    for i in range(interest.MOST_ELSEWHERE + 5):
        interest.came(JID.parse(f"u{i}@elsewhere.example/r"), "k")
    assert len(interest._ELSEWHERE) == interest.MOST_ELSEWHERE
    for i in range(interest.MOST_KEYS + 5):
        interest.learn(str(i), ())
    assert len(interest._NODES) == interest.MOST_KEYS
