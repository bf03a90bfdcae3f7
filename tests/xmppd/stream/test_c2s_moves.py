"""A session goes on in another process: what came for it is there, in order and once, and nobody saw it go."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from otp.erts import process
from tests.support import mod_keeper, node
from tests.support.mod_keeper import NAME, NS
from xmppd.routing.deliver import Shutdown
from xmppd.routing.sm import sm
from xmppd.testing.client import Client
from xmppd.testing.server import Server, serve


@pytest.fixture(autouse=True)
def _empty() -> None:
    mod_keeper.DISK.clear()
    mod_keeper.MOVED.clear()


def row(who: str = "alice@localhost"):  # type: ignore[no-untyped-def]
    [found] = sm.sessions(who)
    return found


def message(text: str, to: str = "alice@localhost/desk") -> str:
    return f"<message to='{to}' type='chat'><body>{text}</body></message>"


async def friends(server: Server) -> tuple[Client, Client]:
    """Alice, whose session is kept, and Bob, who sees her."""
    alice, bob = await server.client("alice", "desk"), await server.client("bob", "phone")
    for one, other in ((alice, "bob"), (bob, "alice")):
        one.send(f"<presence/><presence type='subscribe' to='{other}@localhost'/>")
        await server.settle()
        one.send(f"<presence type='subscribed' to='{other}@localhost'/>")
        await server.settle()
    alice.send(f"<presence type='subscribed' to='bob@localhost'/><enable xmlns='{NS}' id='x'/>")
    await alice.expect("<enabled ")
    await server.settle()
    bob.mark = len(bob.seen)
    assert row().priority == 0
    return alice, bob


async def back(server: Server, **attrs: str) -> Client:
    alice = await server.connect()
    await alice.plain("alice", "secret")
    await alice.open()
    words = "".join(f" {name}='{value}'" for name, value in attrs.items())
    alice.send(f"<resume xmlns='{NS}' previd='x'{words}/>")
    return alice


@asynccontextmanager
async def played() -> AsyncIterator[tuple[Server, Client, Client]]:
    async with serve(modules={NAME: {}}) as server:
        alice, bob = await friends(server)
        yield server, alice, bob


async def heard_of_no_end(server: Server, bob: Client) -> None:
    await server.settle()
    assert "unavailable" not in bob.seen[bob.mark :]


def test_another_stream_takes_it_with_what_has_come_and_contacts_see_nothing() -> None:
    async def body() -> None:
        async with played() as (server, alice, bob):
            old = row()
            alice.drop()
            await node.until(lambda: not row().attached)
            for text in ("first", "second"):
                bob.send(message(text))
            await server.settle()
            alice = await back(server)
            bob.send(message("third"))
            got = await alice.expect("<resumed .*third</body>")
            assert re.findall("<body>(.*?)<", got) == ["first", "second", "third"]
            new = row()
            assert (new.priority, new.interested, new.attached, new.stream_id) == (0, old.interested, True, "x")
            assert new.pid is not old.pid
            assert mod_keeper.MOVED == ["x"]
            await heard_of_no_end(server, bob)
            await alice.close()
            await bob.expect("<presence [^>]*type='unavailable'")  # the new process knows whom it has told

    node.run(body)


def test_the_connection_that_is_still_there_is_told_of_a_conflict() -> None:
    async def body() -> None:
        async with played() as (server, alice, bob):
            again = await back(server)
            await again.expect("<resumed ")
            assert "<conflict" in await alice.gone()
            bob.send(message("here"))
            await again.expect("here")
            await heard_of_no_end(server, bob)

    node.run(body)


def test_what_comes_while_it_is_given_away_follows_it_in_order() -> None:
    async def body() -> None:
        async with played() as (server, alice, bob):
            alice.drop()
            await node.until(lambda: not row().attached)
            bob.send("".join(message(str(n)) for n in range(100)))
            alice = await back(server)
            bob.send("".join(message(str(n)) for n in range(100, 200)))
            bob.send(message("the last"))
            got = await alice.expect("the last")
            assert re.findall("<body>(\\d+)<", alice.seen) == [str(n) for n in range(200)], got

    node.run(body)


def test_one_that_ends_as_soon_as_it_is_back_leaves_all_that_was_on_its_way() -> None:
    async def body() -> None:
        async with played() as (server, alice, bob):
            alice.drop()
            await node.until(lambda: not row().attached)
            alice = await back(server)
            bob.send("".join(message(str(n)) for n in range(200)))
            await alice.expect("<resumed ")
            await alice.close()
            await server.settle()
            again = await server.client("alice", "desk")
            again.send("<presence/>")
            await again.expect("<presence ")
            got = [int(text) for one in (alice, again) for text in re.findall("<body>(\\d+)<", one.seen)]
            await node.until(lambda: len({*got, *map(int, re.findall("<body>(\\d+)<", again.seen))}) == 200)

    node.run(body)


def test_it_stays_if_who_asked_for_it_ends_before_it_is_there() -> None:
    async def body() -> None:
        async with played() as (server, alice, bob):
            asker = await back(server, never="1")
            await asker.expect("<failed ")
            assert "<conflict" in await alice.gone()
            assert not row().attached
            asker.drop()
            bob.send(message("meanwhile"))
            again = await back(server, here="1")
            await again.expect("<resumed .*meanwhile")
            await heard_of_no_end(server, bob)

    node.run(body)


def test_a_server_that_goes_down_keeps_it_and_tells_nobody() -> None:
    async def body() -> None:
        async with played() as (server, alice, bob):
            pid = row().pid
            bob.send(message("before"))
            process.send(pid, Shutdown())
            assert "<system-shutdown" in await alice.gone()
            await node.until(lambda: not sm.sessions("alice@localhost"))
            assert mod_keeper.DISK["x"].priority == 0
            await heard_of_no_end(server, bob)

    node.run(body)


def test_one_that_nobody_keeps_ends_as_ever_when_the_server_goes_down() -> None:
    async def body() -> None:
        async with played() as (_server, alice, bob):
            [mine] = sm.sessions("bob@localhost")
            process.send(mine.pid, Shutdown())
            assert "<system-shutdown" in await bob.gone()
            await alice.expect("<presence [^>]*type='unavailable'")
            assert mod_keeper.DISK == {}

    node.run(body)
