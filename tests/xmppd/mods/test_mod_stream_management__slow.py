"""XEP-0198 and clients that do not read, do not acknowledge, or mean harm: what waits for them is bounded."""

from __future__ import annotations

import re

from tests.support import node
from tests.support.sm_client import SM, back, detached, enabled, message
from xmpp_core.stream_management import MASK
from xmppd.mods.mod_stream_management import managed
from xmppd.routing.sm import sm
from xmppd.testing.client import Client
from xmppd.testing.server import serve

#: more than the buffers of two sockets of the loopback hold
LARGE = "x" * 60_000
COUNT = 120


async def bodies(client: Client, last: int) -> list[int]:
    """The numbers of the messages until `last`, each as often as it comes."""
    await client.expect(f"<body>{last} .*?</body>", 30)
    return [int(number) for number in re.findall(r"<body>(\d+) ", client.seen)]


def test_who_reads_slowly_gets_all_in_order_and_its_process_waits_for_nobody() -> None:
    async def body() -> None:
        async with serve(limits={"rate": None}, sm={"queue_bytes": 32 << 20}) as server:
            alice, _ = await enabled(server)
            alice.send("<presence/>")
            bob = await server.client("bob", "phone")
            alice.transport.pause_reading()
            for number in range(COUNT):
                bob.send(message(f"{number} {LARGE}"))
            await bob.ask("<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>", 30)
            await server.settle()
            session = sm.session_of(sm.sessions("alice@localhost")[0].pid)
            assert session is not None
            state = managed(session)
            assert state is not None
            assert state.unwritten, "the buffers of the sockets have taken it all"
            # what it says is heard, though it does not read: its process is not held up by its own stanzas
            alice.send("<presence to='bob@localhost/phone'><show>dnd</show></presence>")
            await bob.expect("dnd")
            alice.transport.resume_reading()
            assert await bodies(alice, COUNT - 1) == list(range(COUNT))
            alice.send(f"<a xmlns='{SM}' h='{COUNT + 1}'/><r xmlns='{SM}'/>")
            await alice.expect("<a [^>]*h='2'/>")

    node.run(body)


def test_too_much_for_a_client_that_does_not_read_costs_it_the_connection_and_not_the_session() -> None:
    async def body() -> None:
        async with serve(limits={"rate": None}, sm={"queue_bytes": 1 << 20}) as server:
            alice, id_ = await enabled(server)
            bob = await server.client("bob", "phone")
            alice.transport.pause_reading()
            number = 0
            while all(row.attached for row in sm.sessions("alice@localhost")):
                bob.send(message(f"{number} {LARGE}"))
                number += 1
                await server.clock.advance(0.1)  # its sender waits for it now and then
                assert number < 2000
            again = await back(server, id_, 0)
            await again.expect("<resumed ")
            assert await bodies(again, number - 1) == list(range(number))

    node.run(body)


def test_too_much_for_a_client_that_is_away_ends_its_session_and_the_store_has_it() -> None:
    async def body() -> None:
        async with serve(limits={"rate": None}, sm={"queue_stanzas": 10}) as server:
            alice, id_ = await enabled(server)
            bob = await server.client("bob", "phone")
            alice.drop()
            await detached()
            for number in range(15):
                bob.send(message(f"{number} while away"))
            await node.until(lambda: not sm.sessions("alice@localhost"))
            await server.settle()
            alice = await back(server, id_, 0)
            await alice.expect("<failed ")
            again = await server.client("alice", "desk")
            again.send("<presence/>")
            assert await bodies(again, 14) == list(range(15))

    node.run(body)


def test_a_client_that_reads_and_never_acknowledges_is_given_up_at_last() -> None:
    async def body() -> None:
        async with serve(limits={"rate": None}, sm={"queue_stanzas": 10}) as server:
            alice, id_ = await enabled(server)
            bob = await server.client("bob", "phone")
            for number in range(60):
                bob.send(message(f"{number} said"))
            await detached()
            alice = await back(server, id_, 30)
            got = await alice.expect("<resumed .*59 said")
            assert re.findall(r"(\d+) said", got) == [str(number) for number in range(30, 60)]

    node.run(body)


def test_one_stanza_larger_than_the_bound_is_delivered_and_kept() -> None:
    async def body() -> None:
        async with serve(limits={"rate": None}, sm={"queue_bytes": 65536}) as server:
            alice, id_ = await enabled(server)
            bob = await server.client("bob", "phone")
            alice.drop()
            await detached()
            bob.send(message("0 " + "x" * 200_000))
            await server.settle()
            alice = await back(server, id_, 0)
            await alice.expect("<resumed .*<body>0 x{200000}")

    node.run(body)


def test_a_flood_of_acknowledgements_and_requests_is_answered_in_order_and_others_go_on() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, _ = await enabled(server)
            bob = await server.client("bob", "phone")
            alice.send(f"<a xmlns='{SM}' h='0'/><r xmlns='{SM}'/>" * 2000)
            alice.send(message("after it", "bob@localhost/phone") + f"<r xmlns='{SM}'/>")
            await bob.ask("<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
            await alice.expect("<a [^>]*h='1'/>", 20)
            assert alice.seen.count("h='0'/>") == 2000

    node.run(body)


def test_a_flood_of_resumes_is_refused_each_and_the_session_stays() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, id_ = await enabled(server)
            alice.drop()
            await detached()
            again = await server.connect()
            await again.plain("alice", "secret")
            await again.open()
            again.send("".join(f"<resume xmlns='{SM}' previd='{number}' h='{MASK}'/>" for number in range(300)))
            await again.expect("(<failed xmlns='[^']*'><item-not-found [^>]*/></failed>){300}", 20)
            again.send(f"<resume xmlns='{SM}' previd='{id_}' h='0'/>")
            await again.expect("<resumed ")

    node.run(body)


def test_of_many_that_come_for_one_session_at_once_one_has_it_and_the_others_know() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, id_ = await enabled(server)
            bob = await server.client("bob", "phone")
            bob.send(message("1 said"))
            await alice.expect("1 said")
            alice.drop()
            clients = [await server.connect() for _ in range(4)]
            for client in clients:
                await client.plain("alice", "secret")
                await client.open()
            for client in clients:
                client.send(f"<resume xmlns='{SM}' previd='{id_}' h='0'/>")
            await node.until(lambda: sum(client.closed for client in clients) == 3)
            [living] = [client for client in clients if not client.closed]
            await living.expect("<resumed .*1 said")
            bob.send(message("2 said"))
            await living.expect("2 said")
            for client in clients:
                assert client is living or "<conflict" in client.seen
            assert len(sm.sessions("alice@localhost")) == 1

    node.run(body)


def test_what_was_pipelined_behind_a_resume_is_handled_once_in_the_session() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, id_ = await enabled(server)
            bob = await server.client("bob", "phone")
            alice.drop()
            await detached()
            again = await server.connect()
            await again.plain("alice", "secret")
            await again.open()
            again.send(
                f"<resume xmlns='{SM}' previd='{id_}' h='0'/>"
                + message("at once", "bob@localhost/phone")
                + f"<r xmlns='{SM}'/>"
            )
            await again.expect("<resumed [^>]*h='0'/>.*<a [^>]*h='1'/>")
            await bob.expect("at once")
            await server.settle()
            assert bob.seen.count("at once") == 1

    node.run(body)
