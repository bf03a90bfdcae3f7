"""A room service in one file: what it shows is that a module has a domain of its own, and one process for each room."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from otp.erts import process
from otp.erts.pid import Pid
from otp.stdlib import supervisor
from tests.proof import mod_tiny_room
from tests.proof.mod_tiny_room import OCCUPANT, ROOMS
from tests.support.core_server import Client, CoreServer, config_of, crash, play
from tests.support.node import until
from xmpp_core import ns
from xmppd.config.schema import Config
from xmppd.gen_mod import Mod
from xmppd.routing import router
from xmppd.store import store

NAME = mod_tiny_room.__name__
HOSTS = ("localhost", "second.example")
MOD = Mod(NAME, "localhost", mod_tiny_room.Options(), None, "rooms.localhost")
DEN = "den@rooms.localhost"


def config(hosts: tuple[str, ...] = HOSTS) -> Config:
    return config_of(("mod_disco", "mod_ping", "mod_presence", NAME), hosts)


def join(nick: str, room: str = DEN) -> str:
    return f"<presence to='{room}/{nick}'><x xmlns='{mod_tiny_room.MUC}'/></presence>"


def say(text: str, room: str = DEN) -> str:
    return f"<message type='groupchat' id='{text}' to='{room}'><body>{text}</body></message>"


def asked(what: str, to: str) -> str:
    return f"<iq type='get' id='d' to='{to}'><query xmlns='{what}'/></iq>"


async def both(core: CoreServer, room: str = DEN) -> tuple[Client, Client]:
    """Romeo of one host and Juliet of the other, in a room."""
    romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@second.example/j")
    await romeo.send(join("R", room))
    await juliet.send(join("J", room))
    await heard(core, lambda: len(romeo.got) == 2 and len(juliet.got) == 2)
    return romeo, juliet


async def heard(core: CoreServer, done: Callable[[], bool]) -> None:
    await core.settle()
    await until(done)
    for client in core.clients:
        client.take()


async def told(client: Client, text: str) -> str:
    """The next that the client gets is this message."""
    await until(lambda: bool(client.got))
    (got,) = client.take()
    assert f"<body>{text}</body>" in got
    return got


@pytest.mark.parametrize("room", [DEN, "den@rooms.second.example"])
def test_who_is_in_a_room_hears_what_is_said(room: str) -> None:
    async def body(core: CoreServer) -> None:
        romeo, juliet = await both(core, room)
        await romeo.send(say("hi", room))
        assert f"from='{room}/R'" in await told(juliet, "hi")
        await told(romeo, "hi")
        await juliet.send(f"<presence type='unavailable' to='{room}/J'/>")
        await until(lambda: bool(romeo.got) and bool(juliet.got))
        assert f"from='{room}/J'" in romeo.take()[0]
        juliet.take()
        await juliet.send(say("again", room))
        await until(lambda: bool(juliet.got))
        assert "<not-acceptable " in juliet.take()[0]
        await romeo.close()
        assert await empty(core, room)

    play(body, config())


async def empty(core: CoreServer, room: str) -> bool:
    """Nobody is in the room, and nothing runs for it."""
    host = room.partition("@rooms.")[2]
    for _ in range(500):
        children = await supervisor.count_children(f"tiny_room_sup@{NAME}@{host}")
        if not children.active and not await store.count(OCCUPANT):
            return True
        await process.sleep(0.01)
    return False


def test_services_are_found_and_say_what_they_are() -> None:
    async def body(core: CoreServer) -> None:
        romeo, juliet = await both(core)
        for client, host in ((romeo, "localhost"), (juliet, "second.example")):
            assert f"<item jid='rooms.{host}'/>" in await client.ask(asked(ns.DISCO_ITEMS, host))
            info = await client.ask(asked(ns.DISCO_INFO, f"rooms.{host}"))
            assert "<identity category='conference' type='text' name='Tiny rooms'/>" in info
            for feature in (mod_tiny_room.MUC, ns.DISCO_INFO, ns.DISCO_ITEMS, ns.PING):
                assert f"<feature var='{feature}'/>" in info
        assert mod_tiny_room.MUC not in await romeo.ask(asked(ns.DISCO_INFO, "localhost"))
        assert f"<item jid='{DEN}'/>" in await romeo.ask(asked(ns.DISCO_ITEMS, "rooms.localhost"))
        assert "<item " not in await romeo.ask(asked(ns.DISCO_ITEMS, "rooms.second.example"))
        assert "<identity category='conference' type='text' name='den'/>" in await romeo.ask(asked(ns.DISCO_INFO, DEN))
        items = await romeo.ask(asked(ns.DISCO_ITEMS, DEN))
        assert f"<item jid='{DEN}/J'/><item jid='{DEN}/R'/>" in items
        for what in (ns.DISCO_INFO, ns.DISCO_ITEMS):
            assert "<item-not-found " in await romeo.ask(asked(what, "attic@rooms.localhost"))
        assert "type='result'" in await romeo.ask(
            "<iq type='get' id='p' to='rooms.localhost'><ping xmlns='urn:xmpp:ping'/></iq>"
        )

    play(body, config())


def test_what_a_room_refuses_and_what_fails_in_it_is_told_to_the_sender() -> None:
    async def body(core: CoreServer) -> None:
        romeo, juliet = await both(core)
        for sent, condition in (
            (join("J"), "conflict"),
            (say("a bug"), "internal-server-error"),
            (f"<message to='{DEN}' type='chat'><body>x</body></message>", "feature-not-implemented"),
            ("<message to='rooms.localhost' type='chat'><body>x</body></message>", "service-unavailable"),
        ):
            await romeo.send(sent)
            await until(lambda: bool(romeo.got))
            assert f"<{condition} " in romeo.take()[0]
        await romeo.send(say("all is well"))
        await told(juliet, "all is well")

    play(body, config())


async def room_of(core: CoreServer, key: str = DEN) -> Pid:
    return await ROOMS.whereis(MOD, key)


def test_a_room_that_is_killed_goes_on_with_those_who_were_in_it() -> None:
    async def body(core: CoreServer) -> None:
        romeo, juliet = await both(core)
        pid = await room_of(core)
        process.exit_(pid, "kill")
        await romeo.send(say("still here"))
        await told(juliet, "still here")
        assert await room_of(core) is not pid

    play(body, config())


@pytest.mark.parametrize("name", [f"tiny_room@{NAME}@localhost", "router", f"{NAME}@localhost"])
def test_a_crash_around_it_ends_no_room(name: str) -> None:
    async def body(core: CoreServer) -> None:
        romeo, juliet = await both(core)
        pid = await room_of(core)
        await crash(name)
        await romeo.send(say("still here"))
        await told(juliet, "still here")
        assert await room_of(core) is pid
        assert isinstance(router.route_of("rooms.localhost"), router.ServiceRoute)

    play(body, config())
