"""test_worker_commands — the worker's end of commands.

Way:  xmppd.admin.worker_commands
"""

from __future__ import annotations

import dataclasses
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from otp.erts import process
from otp.kernel import application
from tests.support import server
from tests.support.admin import beside_server
from tests.support.node import run
from xmpp_core.jid import JID
from xmppd.admin import worker_commands
from xmppd.auth import auth
from xmppd.commands import Account, Caller, CommandError, command
from xmppd.config.load import load
from xmppd.config.schema import DEFAULT_MODULES, Host
from xmppd.net import listener_sup
from xmppd.node import in_force
from xmppd.store import store


def test_commands_and_their_errors() -> None:
    async def body() -> None:
        assert await worker_commands.run("user add", {"user": "alice", "password": "long enough"}) == {
            "ok": {"jid": "alice@localhost", "uri": "xmpp:alice@localhost"},
            "text": "made alice@localhost",
        }
        assert await worker_commands.run("user add", {"user": "alice", "password": "long enough"}) == {
            "error": "alice@localhost exists already",
            "status": 1,
        }
        assert await worker_commands.sessions() == {"ok": 0}

    beside_server(body)


def test_a_password_that_was_made_here_is_in_the_words() -> None:
    async def body() -> None:
        made = await worker_commands.run("user add", {"user": "alice"})
        assert made["text"] == f"made alice@localhost, password {made['ok']['password']}"

    beside_server(body)


def test_words_that_are_no_command(tmp_path: Path) -> None:
    async def body() -> Any:
        return await worker_commands.run("user ad", {})

    wrong = {"error": "there is no command 'user ad' (did you mean \"user add\"?)", "status": 2}
    assert beside_server(body) == wrong


def test_a_module_has_its_commands_where_it_runs() -> None:
    """Switched off on one host, and on another the first of whose accounts is meant."""
    config = server.config(hosts=("localhost", "other.example"), modules={"mod_roster": {}})
    config = dataclasses.replace(config, host={"localhost": Host(modules={"mod_ping": {}})})

    async def body() -> Any:
        await auth.create_user("bob", "other.example", "long enough")
        names = [tuple(plain["name"]) for plain in worker_commands.catalog()["ok"]]
        return [
            ("roster", "list") in names,
            await worker_commands.run("roster list", {"owner": "bob@other.example"}),
            await worker_commands.run("roster list", {"owner": "bob"}),
        ]

    there, found, missing = beside_server(body, config)
    assert there
    assert found == {"ok": [], "text": None}
    assert missing == {"error": "mod_roster does not run on localhost", "status": 2}


@command("tea count", "cups", access="account")
def count(guest: Account) -> int:
    """Of a module."""
    return 0


@command("session list", "a second one of this name")
def second() -> None:
    """Not called."""


def test_who_is_offered_what(monkeypatch: pytest.MonkeyPatch) -> None:
    """An account has the commands of modules that run on its host."""
    tea = ModuleType("acme.mod_tea")
    tea.__dict__.update(count=count, second=second)
    monkeypatch.setitem(sys.modules, "acme.mod_tea", tea)
    config = server.config(hosts=("localhost", "other.example"), modules={"mod_roster": {}, "acme.mod_tea": {}})
    config = dataclasses.replace(config, host={"localhost": Host(modules={"mod_ping": {}})})

    async def body() -> list[list[str]]:
        callers = (
            None,
            Caller(JID.parse("a@localhost"), "admin"),
            Caller(JID.parse("a@localhost"), "account"),
            Caller(JID.parse("a@other.example"), "account"),
        )
        return [[one.key for one in worker_commands.offered(caller)] for caller in callers]

    every, to_admin, here, there = beside_server(body, config)
    assert len(every) == len(set(every))
    assert {"user add", "session list", "roster list", "tea count"} <= set(every)
    assert to_admin == every
    assert here == ["session list"]
    assert there == ["session list", "tea count"]


def test_an_account_sees_only_itself() -> None:
    async def body() -> None:
        alice = Caller(JID.parse("alice@localhost"), "account")
        answer = await worker_commands.carry_out("session list", {"user": "alice@localhost"}, alice)
        assert answer.value == []
        for given in ({}, {"user": "bob@localhost"}, {"user": "alice"}):
            with pytest.raises(CommandError, match="may not call session list so"):
                await worker_commands.carry_out("session list", given, alice)

    beside_server(body)


def test_the_shell_and_the_vital_signs() -> None:
    async def body() -> None:
        assert await worker_commands.shell("here", "1 + 1") == {"ok": {"output": "2\n"}}
        vital = worker_commands.vital()
        assert vital["pid"] == os.getpid()
        assert vital["memory_mb"] > 5
        assert vital["processes"] >= 1
        assert type(vital["deeds"]) is dict

    run(body)


def test_draining_closes_the_listeners() -> None:
    from otp.stdlib import supervisor

    async def body() -> None:
        await worker_commands.drain()
        assert all(child.pid is None for child in await supervisor.which_children(listener_sup.NAME))

    beside_server(body)


def test_modules_come_and_go_and_what_is_fixed_stays(tmp_path: Path) -> None:
    config = server.config(tmp_path, tls="optional", modules={"mod_time": {}, "mod_ping": {}})
    file = tmp_path / "xmppd.toml"

    async def reloaded() -> Any:
        return await worker_commands.reload(in_force.pack(in_force.taken_over(config, load(None, tmp_path, {}))), {})

    async def body() -> list[Any]:
        file.write_text("hosts = ['other.x']\n[modules]\nmod_time = false\n[registration]\nopen = true\n")
        good = await reloaded()
        assert process.whereis("mod_time@localhost") is None
        assert process.whereis("mod_version@localhost") is not None
        now = application.get_env("xmppd", "config")
        assert now.registration.open
        assert now.hosts == ("localhost",)
        file.write_text('[modules]\nmod_time = true\n"no.such_module" = true\n')
        bad = await reloaded()
        assert application.get_env("xmppd", "config") is now
        return [good, bad]

    good, bad = beside_server(body, config)
    assert "stopped mod_time of localhost" in good["ok"]
    assert good["ok"][-1] == "certificates read again"
    assert bad["status"] == 78


def test_a_host_more_leaves_the_modules_of_the_others_alone(tmp_path: Path) -> None:
    config = server.config(tmp_path, modules={"mod_time": {}, "mod_ping": {}})

    async def body() -> tuple[Any, bool]:
        (tmp_path / "xmppd.toml").write_text(
            "hosts = ['localhost', 'new.x']\n[modules]\n"
            + "".join(f"{name} = false\n" for name in DEFAULT_MODULES if name not in config.modules)
        )
        names = ("mod_time@localhost", "mod_ping@localhost")
        before = [process.whereis(name) for name in names]
        new = in_force.taken_over(config, load(None, tmp_path, {}))
        answer = await worker_commands.reload(in_force.pack(new), {})
        return answer, None not in before and before == [process.whereis(name) for name in names]

    assert beside_server(body, config) == ({"ok": []}, True)


def test_accounts_of_hosts_that_are_gone() -> None:
    async def body() -> list[list[str]]:
        await auth.create_user("here", "localhost", "long enough")
        before = (await worker_commands.notes())["ok"]
        for name in ("a", "b"):
            await auth.create_user(name, "gone.example", "long enough")
        await auth.create_user("a", "old.example", "long enough")
        return [before, (await worker_commands.notes())["ok"]]

    before, after = beside_server(body)
    assert before == []
    assert [line.partition(",")[0] for line in after] == ["2 accounts of gone.example", "1 account of old.example"]


def test_a_store_that_does_not_answer_is_told_of_elsewhere() -> None:
    async def body() -> list[str]:
        backend = store.current()
        store.use(None)
        try:
            return (await worker_commands.notes())["ok"]
        finally:
            store.use(backend)

    assert beside_server(body) == []


def test_a_store_without_accounts_is_named() -> None:
    """A first start; or another store than before, which would refuse everybody without a word."""

    async def body() -> list[list[str]]:
        before = (await worker_commands.notes())["ok"]
        await auth.create_user("here", "localhost", "long enough")
        return [before, (await worker_commands.notes())["ok"]]

    before, after = beside_server(body)
    assert before == ["the memory store has no account yet: `user add NAME` makes one"]
    assert after == []
