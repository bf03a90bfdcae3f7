"""What clients have not acknowledged is written when a sender waits for it, with one commit, and deleted later."""

from __future__ import annotations

from otp.erts import process
from otp.stdlib import gen_server
from tests.support import node
from tests.support.node import until
from tests.support.sm_client import SM, detached, enabled, message
from xmppd.mods.mod_stream_management import managed
from xmppd.mods.stream_management import queue_writer
from xmppd.mods.stream_management.tables import SM_STANZA, StoredStanza
from xmppd.routing.durability import Sync
from xmppd.routing.sm import sm
from xmppd.store import store
from xmppd.testing.server import serve

PING = "<iq type='get' id='ping' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"


async def rows() -> list[str]:
    pid = process.whereis(queue_writer.name("localhost"))
    assert pid is not None
    await gen_server.call(pid, Sync())
    return [row.xml.partition("<body>")[2].partition("<")[0] for row in await store.select(SM_STANZA)]


def test_a_sender_is_told_when_it_is_on_disk_or_acknowledged_and_not_before() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, _ = await enabled(server)
            bob, _ = await enabled(server, "bob", "phone")
            for text in ("one", "two"):
                bob.send(message(text))
                await alice.expect(text)
            assert await rows() == []
            bob.send(f"<r xmlns='{SM}'/>")
            await alice.expect("<r ")
            await bob.expect("<a [^>]*h='2'/>")
            assert await rows() == ["one", "two"], "she says nothing"
            alice.send(f"<a xmlns='{SM}' h='1'/>")
            await until_rows(["two"])
            bob.send(message("three") + PING)
            await alice.expect("<r ")
            alice.send(f"<a xmlns='{SM}' h='3'/>")
            await bob.expect("id='ping'")
            await until_rows([])

    node.run(body)


async def until_rows(wanted: list[str]) -> None:
    for _ in range(500):
        if await rows() == wanted:
            return
        await process.sleep(0.01)
    assert await rows() == wanted


def test_what_comes_for_a_session_without_a_connection_is_written_at_once_and_goes_with_it() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, _ = await enabled(server)
            bob = await server.client("bob", "phone")
            bob.send(message("one"))
            await alice.expect("one")
            alice.drop()
            await detached()
            bob.send(message("two") + message("three"))
            await bob.ask(PING)
            assert await rows() == ["one", "two", "three"]
            await server.clock.advance(601)
            await until_rows([])
            alice = await server.client("alice", "other")
            alice.send("<presence/>")
            await alice.expect("one.*two.*three")

    node.run(body)


def test_what_is_acknowledged_while_it_is_being_written_does_not_stay_there() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, _ = await enabled(server)
            bob = await server.client("bob", "phone")
            bob.send(message("one"))
            await alice.expect("one")
            session = sm.session_of(sm.sessions("alice@localhost")[0].pid)
            state = managed(session) if session is not None else None
            assert state is not None
            state.confirmations.commit()
            state.acknowledge(state.sent)
            await server.clock.advance(5)
            assert await rows() == []

    node.run(body)


def test_who_waits_hears_that_the_store_has_failed() -> None:
    async def body() -> None:
        async with serve():
            told: list[bool] = []
            row = StoredStanza("localhost", "alice", "id", 1, "w1.1", "desk", "message", 1, "<message/>")
            queue_writer.save("localhost", (row,), told.append)
            await until(lambda: told == [True])
            queue_writer.save("nowhere.test", (row,), told.append)
            assert told == [True, False]
            backend = store.current()
            store.use(None)
            queue_writer.drop(("localhost", "alice", "id"))
            queue_writer.save("localhost", (row,), told.append)
            await until(lambda: told == [True, False, False])
            store.use(backend)
            assert await rows() == [], "what was to be deleted was not forgotten"

    node.run(body)


def test_one_that_ends_takes_away_what_it_was_told_to() -> None:
    async def body() -> None:
        async with serve():
            process.trap_exit(True)
            pid = await queue_writer.start_link("elsewhere")
            assert pid is not None
            row = StoredStanza("elsewhere", "juliet", "a-stream", 1, "w1", "r", "message", 0, "<message/>")
            queue_writer.save("elsewhere", (row,), lambda good: None)
            await gen_server.call(pid, Sync())
            assert await store.select(SM_STANZA) == [row]
            queue_writer.drop(("elsewhere", "juliet", "a-stream"))
            process.exit_(pid, "shutdown")
            await until(lambda: not process.is_alive(pid))
            assert await store.select(SM_STANZA) == []

    node.run(body)
