"""test_service_users — how many users there are, and which.

Way:  xmppd.mods.adhoc.service_users, through mod_adhoc
"""

from __future__ import annotations

from tests.xmppd.mods.adhoc.admin_client import at_once, done, served, values
from xmppd.testing.client import Client
from xmppd.testing.server import Server


def test_online_is_active_and_idle() -> None:
    async def body(server: Server, admin: Client) -> None:
        await server.client("ann")
        await server.account("bob")
        counts = []
        for node in ("online", "active", "idle"):
            command = await at_once(admin, f"get-{node}-users-num")
            counts += values(command, f"{node}usersnum")
        assert counts == ["2", "2", "0"]
        listed = await done(admin, "get-online-users-list", max_items="none")
        assert set(values(listed, "onlineuserjids")) == {"admin@localhost", "ann@localhost"}

    served(body)


def test_who_is_shut_out_is_counted_and_listed() -> None:
    async def body(server: Server, admin: Client) -> None:
        await server.account("ann")
        await server.account("bob")
        assert values(await at_once(admin, "get-disabled-users-num"), "disabledusersnum") == ("0",)
        await done(admin, "disable-user", accountjids=["bob@localhost"])
        assert values(await at_once(admin, "get-disabled-users-num"), "disabledusersnum") == ("1",)
        assert values(await done(admin, "get-disabled-users-list"), "disableduserjids") == ("bob@localhost",)

    served(body)


def test_a_list_has_as_many_as_are_wanted() -> None:
    async def body(server: Server, admin: Client) -> None:
        for n in range(30):
            await server.account(f"u{n:02}")
        assert len(values(await done(admin, "get-registered-users-list", max_items="25"), "registereduserjids")) == 25
        assert len(values(await done(admin, "get-registered-users-list"), "registereduserjids")) == 31

    served(body)
