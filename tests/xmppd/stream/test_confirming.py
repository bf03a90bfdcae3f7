"""Senders are told what is safe by a c2s that never stands still for it, so nobody waits for who waits for him."""

from __future__ import annotations

import time

from tests.support import node
from tests.support.sm_client import SM, enabled, message
from tests.xmppd.mods.stream_management.test_queue_writer import PING
from xmppd.testing.client import Client
from xmppd.testing.server import Server, serve

TO_BOB = "bob@localhost/phone"


def test_two_that_wait_for_each_other_do_not_wait_for_ever() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, _ = await enabled(server)
            bob, _ = await enabled(server, "bob", "phone")
            began = time.monotonic()
            for number in range(5):
                alice.send(message(f"to bob {number}", TO_BOB) + PING.replace("'ping'", f"'a{number}'", 1))
                bob.send(message(f"to alice {number}") + PING.replace("'ping'", f"'b{number}'", 1))
            await alice.expect("<iq [^>]*id='a4'")
            await bob.expect("<iq [^>]*id='b4'")
            assert time.monotonic() - began < 5, "a round takes 50 ms and a commit"
            assert "type='error'" not in alice.seen + bob.seen
            for number in range(4):
                assert bob.seen.index(f"to bob {number}<") < bob.seen.index(f"to bob {number + 1}<")

    node.run(body)


def test_both_close_at_once_and_both_are_let_go() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, _ = await enabled(server)
            bob, _ = await enabled(server, "bob", "phone")
            began = time.monotonic()
            alice.send(message("last", TO_BOB) + "</stream:stream>")
            bob.send(message("last") + "</stream:stream>")
            await alice.expect("</stream:stream>")
            await bob.expect("</stream:stream>")
            assert time.monotonic() - began < 5
            assert "<stream:error" not in alice.seen + bob.seen

    node.run(body)


def test_a_flood_to_each_other_ends_and_keeps_its_order() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, _ = await enabled(server)
            bob, _ = await enabled(server, "bob", "phone")
            for number in range(600):  # more than a sender may have that is not safe
                alice.send(message(f"n{number}", TO_BOB))
                bob.send(message(f"n{number}"))
            alice.send(f"<r xmlns='{SM}'/>")
            bob.send(f"<r xmlns='{SM}'/>")
            await alice.expect("<a [^>]*h='600'/>", 20)
            await bob.expect("<a [^>]*h='600'/>", 20)
            for client in (alice, bob):
                got = client.seen
                places = [got.index(f">n{number}<") for number in range(600)]
                assert places == sorted(places)

    node.run(body)


async def in_the_middle(server: Server) -> tuple[Client, Client]:
    """Alice, who has two thirds of what was stored, and Bob, who has sent it: what he sends now is held."""
    await server.account("alice")
    bob = await server.client("bob", "phone")
    for number in range(300):
        bob.send(message(f"old {number}", "alice@localhost"))
    await bob.ask(PING)
    alice, _ = await enabled(server)
    alice.send("<presence/>")
    await alice.expect("old 199<")  # a client that acknowledges nothing gets no more at once
    return alice, bob


def test_what_is_held_behind_stored_messages_is_stored_for_who_waits() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, bob = await in_the_middle(server)
            bob.send(message("new"))
            await bob.ask(PING)
            assert ">new<" not in alice.seen
            alice.send(f"<a xmlns='{SM}' h='200'/>")
            await alice.expect("old 299<.*>new<")
            await server.settle()
            assert alice.seen.count(">new<") == alice.seen.count(">old 299<") == 1

    node.run(body)


def test_what_a_session_held_when_it_ended_is_stored_before_its_sender_is_told() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, bob = await in_the_middle(server)
            bob.send(message("new") + PING)
            alice.send("</stream:stream>")
            await bob.expect("<iq [^>]*id='ping'")
            again, _ = await enabled(server)
            again.send(f"<presence/><a xmlns='{SM}' h='0'/>")
            await again.expect("old 199<")
            again.send(f"<a xmlns='{SM}' h='200'/>")
            await again.expect(">new<")
            assert again.seen.count(">new<") == 1

    node.run(body)
