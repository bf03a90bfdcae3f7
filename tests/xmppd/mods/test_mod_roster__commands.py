"""test_mod_roster__commands — an administrator's hand in a roster.

Way:  xmppd.mods.mod_roster
"""

from __future__ import annotations

from typing import Any

from tests.support.admin import beside_server
from xmppd.admin import users, worker_commands


async def run(verb: str, **params: Any) -> Any:
    return await worker_commands.run(verb, params)


def test_adding_asks_and_removing_takes_back() -> None:
    async def body() -> None:
        await users.add("alice", "pw")
        await users.add("bob", "pw")
        added = await run("roster add", owner="alice", contact="bob", name="Bob", group=["F", "G"])
        assert added["text"] == "alice@localhost has added bob@localhost and asked for its presence"
        assert (await run("roster list", owner="alice"))["ok"] == [
            {
                "contact": "bob@localhost",
                "subscription": "none",
                "ask": "subscribe",
                "pending": False,
                "name": "Bob",
                "groups": ["F", "G"],
            }
        ]
        rows = (await run("roster list", owner="bob"))["ok"]
        assert [(row["contact"], row["pending"]) for row in rows] == [("alice@localhost", True)]
        removed = await run("roster remove", owner="alice", contact="bob@localhost")
        assert removed["text"] == "alice@localhost has removed bob@localhost"
        assert (await run("roster list", owner="alice"))["ok"] == []
        assert (await run("roster list", owner="bob"))["ok"] == []

    beside_server(body)


def test_what_cannot_be_done_is_said() -> None:
    async def body() -> list[str]:
        await users.add("alice", "pw")
        answers = [
            await run("roster list", owner="nobody"),
            await run("roster add", owner="nobody", contact="alice"),
            await run("roster add", owner="alice", contact="alice"),
            await run("roster add", owner="alice", contact="@"),
            await run("roster remove", owner="alice", contact="bob"),
        ]
        return [answer["error"] for answer in answers]

    nobody, also_nobody, self_, wrong, absent = beside_server(body)
    assert nobody == "there is no account nobody@localhost"
    assert also_nobody == nobody
    assert self_ == "nobody is a contact of their own"
    assert wrong.startswith("@ is no address")
    assert absent == "bob@localhost is not in the roster of alice@localhost"
