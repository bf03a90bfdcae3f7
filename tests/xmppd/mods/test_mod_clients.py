"""Which programs have access to an account."""

from __future__ import annotations

import asyncio
import re

from tests.support.app_server import PUSH
from tests.support.login_client import ASK, bind, by_token, come, given, on_a_server, request
from xmpp_core import ns
from xmpp_core.element import Element
from xmppd.mods.mod_clients import CLIENT
from xmppd.store import store
from xmppd.testing.client import Client
from xmppd.testing.server import Server, serve

LIST = f"<iq type='get' id='l'><list xmlns='{ns.CLIENTS}'/></iq>"
REVOKE = f"<iq type='set' id='r'{{}}><revoke xmlns='{ns.CLIENTS}' id='{{}}'/></iq>"


async def clients(client: Client) -> list[Element]:
    query = (await client.ask(LIST)).child("clients", ns.CLIENTS)
    assert query is not None
    return list(query.elements())


def ways(client: Element) -> list[str]:
    auth = client.child("auth", ns.CLIENTS)
    assert auth is not None
    return [way.name for way in auth.elements()]


def test_a_user_sees_them_with_their_ways_and_times() -> None:
    async def body(server: Server) -> None:
        phone, _ = await come(server, request(bind()))
        await given(server, "desk")
        found = await clients(phone)
        assert sorted(ways(client) for client in found) == [["fast", "password"], ["password"]]
        assert sorted(client.get("connected") or "" for client in found) == ["false", "true"]
        assert {text for client in found for text in re.findall("<software>(.*?)<", client.to_xml())} == {"A client"}
        assert "desk" not in "".join(client.to_xml() for client in found)

    on_a_server(body)


def test_one_that_knows_the_password_is_locked_out_by_another_password_only() -> None:
    async def body(server: Server) -> None:
        phone, _ = await come(server, request(bind()))
        (found,) = await clients(phone)
        answer = await phone.ask(REVOKE.format("", found.get("id")))
        assert "<password-reset-required " in answer.to_xml()
        assert "<item-not-found " in (await phone.ask(REVOKE.format("", "nobody"))).to_xml()

    on_a_server(body)


def test_one_that_has_a_token_only_loses_it_and_its_sessions() -> None:
    async def body(server: Server) -> None:
        token = await given(server, "desk")
        (row,) = await store.select(CLIENT, ("localhost", "alice"))
        changed = type(row)(row.host, row.user, row.client, "", "", row.first_seen, row.last_seen, "fast")
        await store.transaction(lambda tx: tx.write(changed))
        desk, _ = await come(server, by_token(token, bind(), "desk"))
        phone, _ = await come(server, request(bind()))
        assert (await phone.ask(REVOKE.format("", row.client))).get("type") == "result"
        assert "not-authorized" in await desk.gone()
        assert "<credentials-expired " in (await come(server, by_token(token, agent="desk")))[1]
        assert len(await clients(phone)) == 1

    on_a_server(body)


def test_another_accounts_are_nobodys_business() -> None:
    async def body(server: Server) -> None:
        await come(server, request(bind()))
        bob = await server.client("bob")
        for asked in (
            LIST.replace("id='l'", "id='l' to='alice@localhost'"),
            REVOKE.format(" to='alice@localhost'", "x"),
        ):
            assert (await bob.ask(asked)).get("type") == "error"

    on_a_server(body)


def test_one_that_is_revoked_is_not_woken_any_more() -> None:
    async def whole() -> None:
        async with serve(components={PUSH: "s"}) as server:
            await server.account("alice")
            desk, _ = await come(server, request(bind() + ASK, agent="desk"))
            enable = f"<enable xmlns='{ns.PUSH}' jid='{PUSH}' node='n'/>"
            assert (await desk.ask(f"<iq type='set' id='e'>{enable}</iq>")).get("type") == "result"
            (row,) = await store.select(CLIENT, ("localhost", "alice"))
            changed = type(row)(row.host, row.user, row.client, "", "", row.first_seen, row.last_seen, "fast")
            await store.transaction(lambda tx: tx.write(changed))
            phone, _ = await come(server, request(bind()))
            assert len((await server.command("push list", account="alice")).value) == 1
            assert (await phone.ask(REVOKE.format("", row.client))).get("type") == "result"
            assert (await server.command("push list", account="alice")).value == []

    asyncio.run(whole())
