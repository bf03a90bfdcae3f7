"""What is known of sessions that are over: for a day, and of few of each account."""

from __future__ import annotations

from tests.support import node
from xmpp_core.jid import JID
from xmppd.mods.stream_management import tombstones
from xmppd.mods.stream_management.tombstones import KEPT_FOR, MOST, TOMBSTONE
from xmppd.store import store
from xmppd.testing.server import serve

ALICE, BOB = JID.parse("alice@localhost"), JID.parse("bob@localhost")


def test_the_count_is_known_to_its_account_for_a_day_and_then_gone() -> None:
    async def body() -> None:
        async with serve() as server:
            await server.account("alice")
            await tombstones.put(ALICE, "one", 7)
            assert await tombstones.count_of(ALICE, "one") == 7
            assert await tombstones.count_of(BOB, "one") is None
            assert await tombstones.count_of(ALICE, "two") is None
            await server.clock.advance(KEPT_FOR + 1)
            assert await tombstones.count_of(ALICE, "one") is None
            await tombstones.sweep("localhost")
            assert await store.count(TOMBSTONE) == 0

    node.run(body)


def test_the_oldest_of_an_account_give_way() -> None:
    async def body() -> None:
        async with serve() as server:
            for number in range(MOST + 3):
                await tombstones.put(ALICE, f"id{number}", number)
                await server.clock.advance(1)
            assert await store.count(TOMBSTONE) == MOST
            assert await tombstones.count_of(ALICE, "id2") is None
            assert await tombstones.count_of(ALICE, "id3") == 3
            assert await tombstones.count_of(ALICE, f"id{MOST + 2}") == MOST + 2

    node.run(body)
