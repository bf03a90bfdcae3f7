"""test_service — which commands there are, for whom, and where.

Way:  xmppd.mods.adhoc.service, through mod_adhoc
"""

from __future__ import annotations

from tests.xmppd.mods.adhoc.admin_client import done, note, served, step
from xmpp_core import ns
from xmppd.mods.adhoc import service
from xmppd.testing.client import Client
from xmppd.testing.server import Server


def test_nobody_but_administrators_sees_them() -> None:
    async def body(server: Server, admin: Client) -> None:
        ann = await server.client("ann")
        refused = await step(ann, "add-user")
        assert refused.get("type") == "error"
        assert "<forbidden" in refused.to_xml("")
        query = f"<query xmlns='{ns.DISCO_ITEMS}' node='{ns.COMMANDS}'/>"
        for client, sees in ((ann, False), (admin, True)):
            answer = await client.ask(f"<iq type='get' id='i' to='localhost'>{query}</iq>")
            assert (f"{ns.ADMIN}#add-user" in answer.to_xml("")) == sees

    served(body)


def test_an_administrator_finds_and_calls_them_at_the_own_address_too() -> None:
    async def body(server: Server, admin: Client) -> None:
        made = await done(admin, "add-user", "admin@localhost", accountjid="ann@localhost", password="long enough")
        assert note(made) is None
        ann = await server.client("ann", password="long enough")
        assert "<forbidden " in (await step(ann, "add-user", to="ann@localhost")).to_xml("")
        assert "type='error'" in (await step(admin, "add-user", to="ann@localhost")).to_xml("")

    served(body)


def test_every_use_case_has_its_node() -> None:
    """XEP-0133 §4, but for the password in clear that it has taken back."""
    names = {node.partition("#")[2] for node in service.NODES}
    assert names >= {
        "add-user", "delete-user", "disable-user", "reenable-user", "end-user-session", "change-user-password",
        "get-user-roster", "get-user-lastlogin", "user-stats", "get-registered-users-num", "get-disabled-users-num",
        "get-online-users-num", "get-active-users-num", "get-idle-users-num", "get-registered-users-list",
        "get-disabled-users-list", "get-online-users-list", "get-active-users", "get-idle-users", "announce",
        "set-motd", "edit-motd", "delete-motd", "set-welcome", "delete-welcome", "edit-blacklist", "edit-whitelist",
        "edit-admin", "restart", "shutdown",
    }  # fmt: skip
