"""XEP-0198: what a session is while it waits for its client, and after it was resumed."""

from __future__ import annotations

from tests.proof import mod_tiny_carbons
from tests.support import node
from tests.support.sm_client import BIND, SM, back, detached, enabled, message
from xmpp_core import ns
from xmppd import audit
from xmppd.routing.sm import sm
from xmppd.testing.client import Client
from xmppd.testing.server import Server, serve


async def contact(server: Server) -> tuple[Client, str, Client]:
    """Alice, who manages her stream, its id, and Bob, who sees her."""
    alice, id_ = await enabled(server)
    bob = await server.client("bob", "phone")
    bob.send("<presence/><presence to='alice@localhost' type='subscribe'/>")
    alice.send("<presence/>")
    await alice.expect("type='subscribe'")
    alice.send("<presence to='bob@localhost' type='subscribed'/>")
    await bob.expect("<presence [^>]*from='alice@localhost/desk'")
    return alice, id_, bob


def test_who_waits_is_available_and_nobody_hears_that_the_connection_was_lost() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, id_, bob = await contact(server)
            await server.settle()
            alice.send(f"<r xmlns='{SM}'/>")
            alice.send("<presence to='bob@localhost/phone'><show>dnd</show></presence>")
            await bob.expect("dnd")
            alice.drop()
            await detached()
            [row] = await _listed(server)
            assert (row["jid"], row["state"]) == ("alice@localhost/desk", "detached")
            carol = await server.client("bob", "tablet")
            carol.send("<presence/>")
            await carol.expect("<presence [^>]*from='alice@localhost/desk'")
            alice = await back(server, id_, 0)
            await alice.expect("<resumed ")
            await server.settle()
            assert "unavailable" not in bob.seen
            [row] = await _listed(server)
            assert row["state"] == "attached"
            alice.send("<presence><show>away</show></presence>")  # to all who have seen it, without a word between
            await bob.expect("from='alice@localhost/desk'.*away")

    node.run(body)


async def _listed(server: Server) -> list[dict[str, object]]:
    rows = (await server.command("session list")).value
    assert isinstance(rows, list)
    return [row for row in rows if row["jid"].startswith("alice@")]


def test_when_it_has_waited_in_vain_its_contacts_hear_that_it_is_gone() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, _, bob = await contact(server)
            alice.drop()
            await detached()
            hibernated = audit.COUNTS[audit.EXPIRED]
            await server.clock.advance(601)
            await bob.expect("<presence [^>]*type='unavailable'")
            assert audit.COUNTS[audit.EXPIRED] == hibernated + 1

    node.run(body)


def test_what_modules_keep_of_a_session_is_kept() -> None:
    async def body() -> None:
        async with serve(modules={mod_tiny_carbons: True}) as server:
            alice, id_ = await enabled(server)
            alice.send(f"<iq type='set' id='c'><enable xmlns='{ns.CARBONS}'/></iq><presence/>")
            await alice.expect("<iq [^>]*type='result'")
            await alice.ask("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>")
            phone = await server.client("alice", "phone")
            phone.send("<presence/>")
            await phone.expect("alice@localhost/phone")
            alice.drop()
            await node.until(lambda: any(not row.attached for row in sm.sessions("alice@localhost")))
            bob = await server.client("bob", "home")
            phone.send(message("from the other device", "bob@localhost/home"))
            await bob.expect("from the other device")
            phone.send(
                "<iq type='set' id='i'><query xmlns='jabber:iq:roster'><item jid='carol@localhost'/></query></iq>"
            )
            await phone.expect("id='i'")
            alice = await back(server, id_, 0)
            got = await alice.expect("<resumed .*carol@localhost")
            assert "<sent " in got

    node.run(body)


def test_a_session_that_is_attached_is_taken_over_and_its_old_stream_ends_with_conflict() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, id_ = await enabled(server)
            bob = await server.client("bob", "phone")
            bob.send(message("one"))
            await alice.expect("one")
            new = await back(server, id_, 0)
            await new.expect("<resumed .*one")
            assert "<conflict" in await alice.gone()
            bob.send(message("two"))
            await new.expect("two")
            assert "one" not in new.seen[new.mark :]
            [row] = sm.sessions("alice@localhost")
            assert row.attached

    node.run(body)


def test_a_row_says_from_where_and_how_its_client_came_last() -> None:
    async def body() -> None:
        async with serve(tls=True) as server:
            alice, id_ = await enabled(server)
            alice.drop()
            await detached()
            before = dict(sm.sessions("alice@localhost")[0].info)
            again = await server.connect()
            await again.open()
            again.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
            await again.expect("<proceed[^>]*>")
            await again.start_tls()
            await again.plain("alice", "secret")
            await again.open()
            again.send(f"<resume xmlns='{SM}' previd='{id_}' h='0'/>")
            await again.expect("<resumed ")
            assert dict(sm.sessions("alice@localhost")[0].info) == before
            assert before["tls"].startswith("TLS")
            assert before["mechanism"] == "PLAIN"

    node.run(body)


def test_of_one_account_three_sessions_wait_and_the_oldest_gives_way() -> None:
    async def body() -> None:
        async with serve() as server:
            ids = []
            for number in range(4):
                alice, id_ = await enabled(server, resource=f"r{number}")
                ids.append(id_)
                alice.drop()
                jid = f"alice@localhost/r{number}"
                await node.until(
                    lambda jid=jid: any(not s.attached for s in sm.sessions("alice@localhost") if s.jid.full == jid)
                )
            await node.until(lambda: len(sm.sessions("alice@localhost")) == 3)
            alice = await back(server, ids[0], 0)
            await alice.expect("<failed [^>]*><item-not-found ")
            alice = await back(server, ids[3], 0)
            await alice.expect("<resumed ")

    node.run(body)


def test_a_client_that_binds_the_resource_of_a_session_that_waits_gets_it_and_what_was_in_its_queue() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, id_ = await enabled(server)
            bob = await server.client("bob", "phone")
            alice.drop()
            await detached()
            bob.send(message("while away"))
            await server.settle()
            alice = await server.client("alice", "desk")
            got = await alice.expect("while away.*?</message>")
            assert "<delay " in got
            assert alice.jid == "alice@localhost/desk"
            alice = await back(server, id_, 0)
            await alice.expect("<failed [^>]*><item-not-found ")

    node.run(body)


def test_one_who_names_no_resource_gets_another_and_the_session_waits_on() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, id_ = await enabled(server)
            alice.drop()
            await detached()
            again = await back(server, "unknown", 0)
            await again.expect("<failed ")
            again.send(BIND)
            jid = await again.expect("<jid>.*?</jid>")
            assert "/desk" not in jid
            alice = await back(server, id_, 0)
            await alice.expect("<resumed ")

    node.run(body)


def test_it_may_be_resumed_again_and_again_and_counts_go_on() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, id_ = await enabled(server)
            bob = await server.client("bob", "phone")
            alice.send(message("a1", "bob@localhost/phone"))
            await bob.expect("a1")
            for number in range(1, 6):
                bob.send(message(f"b{number}"))
                await alice.expect(f">b{number}<")
                alice.drop()
                await detached()
                alice = await back(server, id_, number)
                await alice.expect(f"<resumed [^>]*h='{number}'/>")
                alice.send(message(f"a{number + 1}", "bob@localhost/phone"))
                await bob.expect(f">a{number + 1}<")
                await server.settle()
                assert "<message" not in alice.seen[alice.mark :]

    node.run(body)


def test_a_session_that_waits_ends_with_the_server_and_is_not_there_after_a_kick() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, id_ = await enabled(server)
            alice.drop()
            await detached()
            done = await server.command("session kick", user="alice@localhost/desk")
            assert done.value == {"kicked": 1}
            await node.until(lambda: not sm.sessions("alice@localhost"))
            alice = await back(server, id_, 0)
            await alice.expect("<failed [^>]*h='0'[^>]*><item-not-found ")

    node.run(body)
