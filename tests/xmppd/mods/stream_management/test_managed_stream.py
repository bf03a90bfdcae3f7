"""When a client is asked what it has got, and how much may wait for it."""

from __future__ import annotations

from tests.support import node
from tests.support.sm_client import SM, enabled, message
from xmpp_core.stream_management import ARCHIVED, COPY
from xmppd.mods.stream_management.managed_stream import ASK_AFTER, ManagedStream
from xmppd.routing.sm import sm
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


def test_what_becomes_of_a_message_is_said_of_each_of_a_burst() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, _ = await enabled(server)
            [row] = [row for row in sm.all_sessions() if row.jid.local == "alice"]
            await alice.ask("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>")
            tablet = await server.client("alice", "tablet")
            bob = await server.client("bob", "phone")
            await server.settle()
            session = sm.session_of(row.pid)
            assert session is not None
            assert session.stream is not None
            counter = session.stream.counter
            assert isinstance(counter, ManagedStream)
            before = len(counter.kept)
            for number in range(3):
                bob.send(message(f"m{number}"))
            await alice.expect("m2<.*?</message>")
            for number in range(3):
                tablet.send(f"<message to='bob@localhost/phone' type='chat'><body>copy{number}</body></message>")
            await alice.expect("copy2<.*?</message>")
            assert [entry.kind for entry in counter.kept[before:]] == [ARCHIVED] * 3 + [COPY] * 3

    node.run(body)
