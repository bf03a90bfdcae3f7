"""test_users — the account commands on a worker.

Way:  xmppd.ctl.users
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.admin import beside_server
from xmppd.auth import auth
from xmppd.ctl import users
from xmppd.ctl.commands import CommandError


async def refusal(work: Any) -> str:
    with pytest.raises(CommandError) as caught:
        await work
    return str(caught.value)


def test_an_account_from_making_to_removal() -> None:
    async def body() -> None:
        made = await users.add("alice", None)
        assert made["jid"] == "alice@localhost"
        assert made["uri"] == "xmpp:alice@localhost"
        assert await auth.check_plain("alice", "localhost", made["password"])
        assert await users.add("bob@other.example", "pw") == {
            "jid": "bob@other.example",
            "uri": "xmpp:bob@other.example",
        }
        assert await users.passwd("alice", "new") == {"jid": "alice@localhost"}
        assert await auth.check_plain("alice", "localhost", "new")
        assert "password" in await users.passwd("alice", None)
        assert await users.list_(None) == ["alice@localhost"]
        assert await users.list_("other.example") == ["bob@other.example"]
        assert await users.delete("alice") == {"jid": "alice@localhost", "removed": True}
        assert await users.list_(None) == []

    beside_server(body)


def test_what_cannot_be_done_is_said() -> None:
    async def body() -> list[str]:
        await users.add("alice", "pw")
        return [
            await refusal(users.add("alice", "pw")),
            await refusal(users.passwd("nobody", "pw")),
            await refusal(users.delete("nobody")),
            await refusal(users.add("x@elsewhere", "pw")),
            await refusal(users.add("a b", "pw")),
            await refusal(users.list_("elsewhere")),
        ]

    assert beside_server(body) == [
        "alice@localhost exists already",
        "nobody@localhost does not exist",
        "there is no account nobody@localhost",
        "elsewhere is not served here; localhost, other.example are",
        "a b is no user name: not a local part: 'a b'",
        "elsewhere is not served here; localhost, other.example are",
    ]


def test_passwords_are_long_and_never_the_same() -> None:
    made = {users.new_password() for _ in range(100)}
    assert len(made) == 100
    assert all(len(word) == 20 and set(word) <= {*users.ALPHABET, "-"} for word in made)
