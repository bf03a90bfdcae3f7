"""test_rosters — an administrator's hand in a roster, on a worker.

Way:  xmppd.admin.rosters
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.admin import beside_server
from xmppd.admin import rosters, users
from xmppd.commands import CommandError


def test_adding_asks_and_removing_takes_back() -> None:
    async def body() -> None:
        await users.add("alice", "pw")
        await users.add("bob", "pw")
        assert (await rosters.add("alice", "bob", "Bob", ["F", "G"]))["contact"] == "bob@localhost"
        (row,) = await rosters.list_("alice")
        assert row == {
            "contact": "bob@localhost",
            "subscription": "none",
            "ask": "subscribe",
            "pending": False,
            "name": "Bob",
            "groups": ["F", "G"],
        }
        assert [(row["contact"], row["pending"]) for row in await rosters.list_("bob")] == [("alice@localhost", True)]
        await rosters.remove("alice", "bob@localhost")
        assert await rosters.list_("alice") == []
        assert await rosters.list_("bob") == []

    beside_server(body)


def test_what_cannot_be_done_is_said() -> None:
    async def refusal(work: Any) -> str:
        with pytest.raises(CommandError) as caught:
            await work
        return str(caught.value)

    async def body() -> list[str]:
        await users.add("alice", "pw")
        return [
            await refusal(rosters.list_("nobody")),
            await refusal(rosters.add("nobody", "alice", None, None)),
            await refusal(rosters.add("alice", "alice", None, None)),
            await refusal(rosters.add("alice", "@", None, None)),
            await refusal(rosters.remove("alice", "bob")),
        ]

    nobody, also_nobody, self_, wrong, absent = beside_server(body)
    assert nobody == "there is no account nobody@localhost"
    assert also_nobody == nobody
    assert self_ == "nobody is a contact of their own"
    assert wrong.startswith("@ is no address")
    assert absent == "bob@localhost is not in the roster of alice@localhost"
