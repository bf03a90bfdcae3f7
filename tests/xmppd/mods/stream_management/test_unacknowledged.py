"""What a client has not acknowledged when its session ends: to whom it goes."""

from __future__ import annotations

import re

from otp.erts.clock import CLOCK
from tests.support import node
from tests.support.sm_client import SM, detached, enabled, message
from xmpp_core.stamp import parse_datetime
from xmppd.routing.sm import sm
from xmppd.testing.client import Client
from xmppd.testing.server import Server, serve


async def expired(server: Server, alice: Client) -> None:
    """Alice's one managed session has waited in vain."""
    jid = alice.jid
    alice.drop()
    await node.until(lambda: any(not s.attached for s in sm.sessions("alice@localhost") if s.jid.full == jid))
    await server.clock.advance(601)
    await node.until(lambda: all(s.jid.full != jid for s in sm.sessions("alice@localhost")))
    await server.settle()


def test_a_room_hears_once_that_its_occupant_has_gone() -> None:
    async def body() -> None:
        async with serve(components={"rooms.localhost": "secret"}) as server:
            alice, _ = await enabled(server)
            room = await server.component("rooms.localhost")
            for text in ("one", "two"):
                from_ = "from='tea@rooms.localhost/bob' xmlns='jabber:component:accept'"
                room.send(message(text, type_="groupchat").replace("<message", f"<message {from_}"))
                await alice.expect(text)
            await expired(server, alice)
            error = await room.expect("<message [^>]*type='error'.*?</message>")
            assert "<recipient-unavailable" in error
            assert "from='alice@localhost/desk'" in error
            await server.settle()
            assert "type='error'" not in room.seen[room.mark :]

    node.run(body)


def test_another_session_gets_messages_with_the_time_of_the_first_attempt_and_the_rest_goes_nowhere() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, _ = await enabled(server)
            bob = await server.client("bob", "phone")
            first = CLOCK.time()
            for type_ in ("chat", "normal", "headline", "error"):
                bob.send(message(f"of type {type_}", type_=type_))
            bob.send("<presence to='alice@localhost/desk'/>")
            bob.send("<iq type='result' id='unasked' to='alice@localhost/desk'/>")
            await alice.expect("unasked")
            phone = await server.client("alice", "phone")
            phone.send("<presence><priority>1</priority></presence>")
            await phone.expect("<priority>")
            await expired(server, alice)
            got = phone.seen[phone.mark :]
            assert re.findall("of type (\\w+)", got) == ["chat"]
            [stamp] = re.findall("<delay xmlns='urn:xmpp:delay' from='localhost' stamp='([^']+)'/>", got)
            assert abs(parse_datetime(stamp).timestamp() - first) < 60
            # a message of type normal to a resource that is not there is answered, as RFC 6121 §8.5.3.2.1 has it
            error = await bob.expect("<message [^>]*type='error'.*?</message>")
            assert "of type normal" in error
            assert "<service-unavailable" in error
            assert "unasked" not in bob.seen

    node.run(body)


def test_who_asked_is_told_that_nobody_answers() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, _ = await enabled(server)
            bob = await server.client("bob", "phone")
            alice.send("<presence/><presence to='bob@localhost/phone'/>")
            await bob.expect("<presence ")
            bob.send("<iq type='get' id='q' to='alice@localhost/desk'><query xmlns='jabber:iq:version'/></iq>")
            await alice.expect("<iq [^>]*id='q'")
            await expired(server, alice)
            error = await bob.expect("<iq [^>]*id='q'.*?</iq>")
            assert "type='error'" in error
            assert "<service-unavailable" in error

    node.run(body)


def test_a_message_that_another_session_got_as_well_is_not_sent_to_it_again() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, _ = await enabled(server)
            phone = await server.client("alice", "phone")
            for client in (alice, phone):
                client.send("<presence/>")
                await client.expect("<presence ")
            await server.settle()
            bob = await server.client("bob", "home")
            bob.send(message("to both", "alice@localhost"))
            await alice.expect("to both")
            await phone.expect("to both")
            await expired(server, alice)
            assert phone.seen.count("to both") == 1

    node.run(body)


def test_what_the_client_had_acknowledged_goes_nowhere_and_its_own_goodbye_is_enough() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, _ = await enabled(server)
            bob = await server.client("bob", "home")
            for text in ("seen", "unseen"):
                bob.send(message(text))
                await alice.expect(text)
            alice.send(f"<a xmlns='{SM}' h='1'/></stream:stream>")
            await alice.gone()
            again = await server.client("alice", "desk")
            again.send("<presence/>")
            got = await again.expect("<message .*?</message>")
            assert "unseen" in got
            assert ">seen<" not in again.seen

    node.run(body)


def test_what_lies_in_the_archive_comes_to_who_does_not_read_it_there() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, _ = await enabled(server)
            bob = await server.client("bob", "home")
            bob.send(message("archived"))
            await alice.expect("archived")
            await expired(server, alice)
            assert "type='error'" not in bob.seen
            again = await server.client("alice", "desk")
            again.send("<presence/>")
            await again.expect("archived")
            await server.settle()
            assert again.seen.count("<body>archived</body>") == 1

    node.run(body)


def test_what_the_store_had_handed_over_stays_there_and_comes_once() -> None:
    async def body() -> None:
        async with serve() as server:
            bob = await server.client("bob", "home")
            await server.account("alice")
            bob.send(message("stored", "alice@localhost"))
            await server.settle()
            alice, _ = await enabled(server)
            alice.send("<presence/>")
            await alice.expect("stored")
            await expired(server, alice)
            again = await server.client("alice", "desk")
            again.send("<presence/>")
            await again.expect("stored")
            await server.settle()
            assert again.seen.count("stored") == 1

    node.run(body)


def test_a_session_that_waits_still_gets_what_comes_for_the_account() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, _ = await enabled(server)
            alice.send("<presence/>")
            await alice.expect("<presence ")
            alice.drop()
            await detached()
            bob = await server.client("bob", "home")
            bob.send(message("to the account", "alice@localhost"))
            await server.settle()
            assert "type='error'" not in bob.seen
            await server.clock.advance(601)
            await server.settle()
            again = await server.client("alice", "desk")
            again.send("<presence/>")
            await again.expect("to the account.*<delay ")

    node.run(body)
