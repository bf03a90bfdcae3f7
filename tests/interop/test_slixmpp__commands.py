"""test_slixmpp__commands — a stock client finds the server's commands, fills in a form and reads the result."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from slixmpp.exceptions import IqError

from tests.support.booted import Booted
from tests.support.slixmpp_client import PATIENCE, SlixmppClient

PLUGINS = ("xep_0004", "xep_0050")


def with_commands(client: SlixmppClient) -> Any:
    """slixmpp's side of XEP-0050."""
    for plugin in PLUGINS:
        client.register_plugin(plugin)
    return client.plugin["xep_0050"]


async def listed(adhoc: Any, to: str) -> list[str]:
    """The nodes of the commands there."""
    found = await adhoc.get_commands(to)
    return [node for _, node, _ in found["disco_items"]["items"]]


async def carried_out(adhoc: Any, to: str, node: str, **filled: str) -> Any:
    """The whole way as slixmpp goes it: its answer to the form, then the last stanza."""
    done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def form_came(iq: Any, session: dict[str, Any]) -> None:
        form = iq["command"]["form"]
        assert set(filled) <= set(form.get_fields())
        answer = adhoc.xmpp.plugin["xep_0004"].make_form("submit")
        for name, value in filled.items():
            answer.add_field(var=name, value=value)
        session |= {"payload": answer, "next": lambda last, _: done.set_result(last)}
        adhoc.complete_command(session)

    adhoc.start_command(to, node, {"next": form_came, "error": lambda iq, _: done.set_exception(IqError(iq))})
    return await asyncio.wait_for(done, PATIENCE)


def test_an_administrator_makes_an_account_that_logs_in(server: Booted) -> None:
    server.ask("user add", {"user": "admin@localhost", "password": "secret"})

    async def body() -> None:
        async with SlixmppClient.login(server, "admin") as admin:
            adhoc = with_commands(admin)
            assert {"user add", "user list", "session list"} <= set(await listed(adhoc, "localhost"))
            told = await carried_out(adhoc, "localhost", "user add", user="made_by_form", password="secret")
            assert told["command"]["status"] == "completed"
            assert told["command"]["notes"] == [("info", "made made_by_form@localhost")]
            async with SlixmppClient.login(server, "made_by_form", "here") as made:
                own = with_commands(made)
                assert await listed(own, made.boundjid.bare) == ["session list"]
                rows = await own.send_command(made.boundjid.bare, "session list")
                assert [row["jid"] for row in rows["command"]["form"]["items"]] == ["made_by_form@localhost/here"]
                with pytest.raises(IqError) as refused:
                    await own.send_command("localhost", "user del")
                assert refused.value.condition == "forbidden"

    try:
        asyncio.run(asyncio.wait_for(body(), 60))
    finally:
        for user in server.ask("user list"):
            if user.partition("@")[0] in ("admin", "made_by_form"):
                server.ask("user del", {"user": user})
