"""When a client is asked what it has got, and how much may wait for it."""

from __future__ import annotations

from tests.support import node
from tests.support.sm_client import SM, enabled, message
from xmppd.mods.stream_management.managed_stream import ASK_AFTER
from xmppd.testing.server import serve


def test_a_client_is_asked_behind_so_many_stanzas_and_behind_the_last_of_a_burst() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, _ = await enabled(server)
            bob = await server.client("bob", "phone")
            for number in range(ASK_AFTER + 2):
                bob.send(message(f"m{number}"))
            got = await alice.expect(f"m{ASK_AFTER + 1}<.*?</message>")
            await server.clock.advance(1)
            got = alice.seen
            assert got.count(f"<r xmlns='{SM}'/>") == 2
            assert got.index("<r ") > got.index(f">m{ASK_AFTER - 1}<")
            assert got.rindex("<r ") > got.index(f">m{ASK_AFTER + 1}<")

    node.run(body)
