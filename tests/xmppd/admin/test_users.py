"""test_users — the account commands on a worker.

Way:  xmppd.admin.users
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.admin import beside_server
from xmppd.admin import users
from xmppd.auth import auth
from xmppd.commands import CommandError


async def refusal(work: Any) -> str:
    with pytest.raises(CommandError) as caught:
        await work
    return str(caught.value)


def test_an_account_from_making_to_removal(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "xmppd.audit")

    async def body() -> None:
        made = await users.add("alice", None)
        assert made["jid"] == "alice@localhost"
        assert made["uri"] == "xmpp:alice@localhost"
        assert await auth.check_plain("alice", "localhost", made["password"])
        assert await users.add("bob@other.example", "long enough") == {
            "jid": "bob@other.example",
            "uri": "xmpp:bob@other.example",
        }
        assert await users.passwd("alice", "brand new") == {"jid": "alice@localhost"}
        assert await auth.check_plain("alice", "localhost", "brand new")
        assert "password" in await users.passwd("alice", None, random=True)
        assert await users.list_(None) == ["alice@localhost"]
        assert await users.list_("other.example") == ["bob@other.example"]
        assert await users.delete("alice") == {"jid": "alice@localhost", "removed": True}
        assert await users.list_(None) == []
        assert [r.getMessage() for r in caplog.records if r.name == "xmppd.audit"] == [
            'operator made an account, "alice@localhost"',
            'operator made an account, "bob@other.example"',
            'operator set a password, "alice@localhost"',
            'operator set a password, "alice@localhost"',
            'operator removed an account, "alice@localhost"',
        ]

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
        "there is no account nobody@localhost",
        "there is no account nobody@localhost",
        "elsewhere is not served here; localhost, other.example are",
        "a b is no user name: not a local part: 'a b'",
        "elsewhere is not served here; localhost, other.example are",
    ]


@pytest.mark.parametrize("command", [users.add, users.passwd])
@pytest.mark.parametrize("password", ["", " ", "\u3000", "x" * 1024, "a\0b"])
def test_passwords_that_nobody_could_use_are_refused_and_change_nothing(command: Any, password: str) -> None:
    async def body() -> None:
        if command is users.passwd:
            await users.add("alice", "long enough")
        with pytest.raises(CommandError) as caught:
            await command("alice", password)
        assert caught.value.status == 2
        assert await auth.user_exists("alice", "localhost") == (command is users.passwd)
        assert await auth.check_plain("alice", "localhost", "long enough") == (command is users.passwd)

    beside_server(body)


def test_a_short_password_is_taken_with_a_word() -> None:
    async def body() -> None:
        assert "short: 3 of 8" in (await users.add("alice", "abc"))["warning"]
        assert "short: 1 of 8" in (await users.passwd("alice", "x"))["warning"]
        assert "warning" not in await users.passwd("alice", "long enough")

    beside_server(body)


@pytest.mark.parametrize("command", [users.add, users.passwd, users.delete, users.disable, users.enable, users.show])
@pytest.mark.parametrize(
    "name", ["eve/res", "eve@localhost/res", "a b", "@localhost", "", "a@b@c", "eve@", "x@else.where"]
)
def test_what_is_no_account_of_this_server_is_refused_by_every_command(command: Any, name: str) -> None:
    async def body() -> CommandError:
        with pytest.raises(CommandError) as caught:
            await command(name, *(["long enough"] if command in (users.add, users.passwd, users.disable) else []))
        return caught.value

    error = beside_server(body)
    gone = name == "x@else.where" and command in (users.delete, users.show)
    assert error.status == (1 if gone else 2), str(error)
    if name.endswith("/res"):
        assert "a resource is not wanted here" in str(error)


def test_every_command_says_the_same_of_an_account_that_there_is_not() -> None:
    async def body() -> set[str]:
        commands = (users.passwd("nobody", "long enough"), users.delete("nobody"), users.disable("nobody", None))
        return {await refusal(work) for work in (*commands, users.enable("nobody"), users.show("nobody"))}

    assert beside_server(body) == {"there is no account nobody@localhost"}


def test_a_disabled_account_is_locked_until_it_is_enabled() -> None:
    async def body() -> None:
        await users.add("alice", "long enough")
        assert await users.disable("alice", "spam") == {"jid": "alice@localhost", "disabled": True, "kicked": 0}
        assert not await auth.check_plain("alice", "localhost", "long enough")
        assert not await auth.may_log_in("alice", "localhost")
        shown = await users.show("alice")
        assert (shown["disabled"], shown["reason"], shown["sessions"]) == (True, "spam", 0)
        with pytest.raises(CommandError, match="500 characters"):
            await users.disable("alice", "x" * 501)
        assert await users.enable("alice") == {"jid": "alice@localhost", "disabled": False}
        assert await auth.check_plain("alice", "localhost", "long enough")
        shown = await users.show("alice")
        assert (shown["disabled"], shown["reason"]) == (False, None)

    beside_server(body)


def test_accounts_of_a_host_that_is_gone_are_listed_and_removed() -> None:
    async def body() -> None:
        await auth.create_user("old", "gone.example", "long enough")
        await users.add("alice", "long enough")
        assert await users.orphans() == {"gone.example": 1}
        assert await users.list_("gone.example") == ["old@gone.example"]
        assert (await users.show("old@gone.example"))["jid"] == "old@gone.example"
        assert "not served" in await refusal(users.passwd("old@gone.example", "long enough"))
        assert await users.delete("old@gone.example") == {"jid": "old@gone.example", "removed": True}
        assert await users.orphans() == {}
        assert "not served" in await refusal(users.list_("gone.example"))

    beside_server(body)


def test_passwords_are_long_and_never_the_same() -> None:
    made = {users.new_password() for _ in range(100)}
    assert len(made) == 100
    assert all(len(word) == 20 and set(word) <= {*users.ALPHABET, "-"} for word in made)
    assert all(users.checked_password(word) == {} for word in made)


def test_what_is_empty_is_refused_and_what_is_short_is_told() -> None:
    with pytest.raises(CommandError, match="empty") as caught:
        users.checked_password(" \t")
    assert caught.value.status == 2
    assert "7 of 8" in users.checked_password("abcdefg")["warning"]
    assert users.checked_password("abcdefgh") == {}
