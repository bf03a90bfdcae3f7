"""What is on disk of a session that was lost goes to who is there, or to the store; once, by one worker."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from otp.erts import process
from tests.support import node
from tests.support.node import until
from tests.support.sm_client import enabled, message
from tests.xmppd.mods.stream_management.test_queue_writer import PING, until_rows
from xmppd.mods.stream_management import leftovers, lives
from xmppd.mods.stream_management.tables import SM_STANZA, StoredStanza
from xmppd.routing.sm import sm
from xmppd.store import store
from xmppd.store.backend import Tx
from xmppd.testing.client import Client
from xmppd.testing.server import Server, serve


async def fetched(server: Server, user: str = "alice") -> Client:
    client = await server.client(user, "other")
    client.send("<presence/>")
    return client


def test_a_session_that_is_killed_leaves_its_rows_to_the_next() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, _ = await enabled(server)
            bob = await server.client("bob", "phone")
            bob.send(message("one") + message("two"))
            await alice.expect("two")
            await bob.ask(PING)
            assert len(await store.select(SM_STANZA)) == 2
            process.exit_(sm.sessions("alice@localhost")[0].pid, "kill")
            await until(lambda: not sm.sessions("alice@localhost"))
            await until_rows([])
            alice = await fetched(server)
            await alice.expect("one.*two")
            await server.settle()
            assert alice.seen.count("<body>one") == 1

    node.run(body)


def test_what_a_life_that_is_over_has_left_is_sent_on_and_no_other(tmp_path: Path) -> None:
    async def body() -> None:
        async with serve(store="sqlite", home=tmp_path) as server:
            await server.account("alice")
            owners = ("here/w1.1.dead", lives.owner(), "there/w7.1.live")
            for number, owner in enumerate(owners, 1):
                xml = message(f"of {number}").replace("<message ", "<message from='bob@localhost/phone' ")
                row = StoredStanza("localhost", "alice", f"id{number}", 1, owner, "desk", "message", 1000, xml)
                await store.transaction(partial(_write, row=row))
            await leftovers.of_dead("localhost", {"here/w1.1.dead"}, {"id7"}, {})
            await until_rows(["of 2", "of 3"])
            alice = await fetched(server)
            got = await alice.expect("of 1.*?</message>")
            assert "1970-01-01T00:00:01" in got

    node.run(body)


def test_what_a_session_that_had_ended_was_acknowledged_is_deleted_and_the_rest_sent_on(tmp_path: Path) -> None:
    async def body() -> None:
        async with serve(store="sqlite", home=tmp_path) as server:
            await server.account("alice")
            for number in (1, 2, 3):
                xml = message(f"of {number}").replace("<message ", "<message from='bob@localhost/phone' ")
                row = StoredStanza("localhost", "alice", "id", number, "here/w1.1.dead", "desk", "message", 1000, xml)
                await store.transaction(partial(_write, row=row))
            await leftovers.of_dead("localhost", {"here/w1.1.dead"}, set(), {"id": 2})
            await until_rows([])
            alice = await fetched(server)
            await alice.expect("of 3.*?</message>")
            await server.settle()
            assert "of 2" not in alice.seen

    node.run(body)


def _write(tx: Tx, row: StoredStanza) -> None:
    tx.write(row)
