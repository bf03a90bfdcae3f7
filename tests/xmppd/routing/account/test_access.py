"""Every way to lose access to an account ends all that opens it."""

from __future__ import annotations

import asyncio

from tests.support import sm_client
from tests.support.node import until
from xmpp_core.jid import JID
from xmppd.admin import sessions, users
from xmppd.routing import hooks
from xmppd.routing.account import access
from xmppd.routing.deliver import Kick
from xmppd.routing.login_hook_points import AccessRevokedHook
from xmppd.routing.sm import sm
from xmppd.testing.client import Client
from xmppd.testing.server import serve

IN_BAND = "<iq type='set' id='r'><query xmlns='jabber:iq:register'>{}</query></iq>"


async def change(client: Client, user: str) -> None:
    client.send(IN_BAND.format(f"<username>{user}</username><password>another one</password>"))
    await client.expect("<iq type='result'")


async def leave(client: Client, _user: str) -> None:
    client.send(IN_BAND.format("<remove/>"))
    await client.expect("<iq type='result'")


async def passwd(_client: Client, user: str) -> None:
    await users.passwd(user, "another one")


async def disable(_client: Client, user: str) -> None:
    await users.disable(user, "because")


async def delete(_client: Client, user: str) -> None:
    await users.delete(user)


async def kick(_client: Client, user: str) -> None:
    await sessions.kick(f"{user}@localhost")


WAYS = [change, leave, passwd, disable, delete, kick]


def test_all_ways() -> None:
    """Modules hear of it, and a session that waits for its client ends as well as one that is connected; only who
    changes the own password goes on."""

    async def body() -> None:
        async with serve() as server:
            heard: list[str] = []
            await hooks.add("localhost", AccessRevokedHook, lambda point: heard.append(point.user.local))
            for way in WAYS:
                user = way.__name__
                asleep, _ = await sm_client.enabled(server, user, "asleep")
                asleep.drop()
                await sm_client.detached(f"{user}@localhost")
                await way(await server.client(user, "desk"), user)
                left = {"desk"} if way is change else set()
                await until(lambda: {row.jid.resource for row in sm.sessions(f"{user}@localhost")} == left)  # noqa: B023
            assert set(heard) == {way.__name__ for way in WAYS}

    asyncio.run(body())


def test_one_client_of_an_account() -> None:
    """The sessions of others go on."""

    async def body() -> None:
        async with serve() as server:
            await server.client("alice", "desk")
            assert await access.revoke(JID("alice", "localhost"), Kick(), client="another") == 0
            assert await access.revoke(JID("alice", "localhost"), Kick()) == 1

    asyncio.run(body())
