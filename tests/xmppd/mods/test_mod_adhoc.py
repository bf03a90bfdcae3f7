"""test_mod_adhoc — commands by clients: who finds which, forms, results, and what goes wrong.

Way:  xmppd.mods.mod_adhoc, by the wire
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Unpack

import pytest

from otp.kernel import application
from tests.support.core_server import MODULES, CoreServer, config_of, play
from xmpp_core import dataforms, ns
from xmpp_core.dataforms import Form
from xmpp_core.element import Element
from xmppd import commands
from xmppd.admin import worker_commands
from xmppd.auth import auth
from xmppd.commands import Account, CommandError, command
from xmppd.gen_mod import Mod
from xmppd.mods.adhoc.executions import LIFETIME
from xmppd.testing.client import Client
from xmppd.testing.server import Server, serve
from xmppd.testing.settings import Settings


def served(body: Callable[[Server], Awaitable[Any]], **chosen: Unpack[Settings]) -> None:
    """Run body(server) with an administrator's name in the configuration."""

    chosen.setdefault("admins", ("admin@localhost",))

    async def whole() -> None:
        async with serve(**chosen) as server:
            await body(server)

    asyncio.run(whole())


@dataclass
class Step:
    """An answer, taken apart."""

    iq: Element

    @property
    def command(self) -> Element:
        found = self.iq.child("command", ns.COMMANDS)
        assert found is not None, self.iq.to_xml("")
        return found

    @property
    def status(self) -> str | None:
        return self.command.get("status")

    @property
    def id(self) -> str:
        return self.command.get("sessionid") or ""

    @property
    def notes(self) -> list[tuple[str | None, str]]:
        return [(note.get("type"), note.text()) for note in self.command.elements("note", ns.COMMANDS)]

    @property
    def form(self) -> Form:
        found = dataforms.find(self.command)
        assert found is not None
        return found

    @property
    def conditions(self) -> list[str]:
        """The type of the error, and its conditions."""
        error = self.iq.child("error")
        assert error is not None, self.iq.to_xml("")
        return [error.get("type") or "", *[one.name for one in error.elements() if one.name != "text"]]


async def call(client: Client, node: str, to: str = "localhost", inner: str = "", **attrs: str) -> Step:
    """One step."""
    said = "".join(f" {name}='{value}'" for name, value in attrs.items())
    payload = f"<command xmlns='{ns.COMMANDS}' node='{node}'{said}>{inner}</command>"
    return Step(await client.ask(f"<iq type='set' id='c' to='{to}'>{payload}</iq>"))


def filled(**values: str) -> str:
    fields = "".join(f"<field var='{name}'><value>{value}</value></field>" for name, value in values.items())
    return f"<x xmlns='jabber:x:data' type='submit'>{fields}</x>"


async def nodes(client: Client, to: str) -> list[str | None]:
    """The commands there, for this client."""
    query = f"<query xmlns='{ns.DISCO_ITEMS}' node='{ns.COMMANDS}'/>"
    answer = await client.ask(f"<iq type='get' id='i' to='{to}'>{query}</iq>")
    assert answer.get("type") == "result"
    found = answer.child("query", ns.DISCO_ITEMS)
    assert found is not None
    items = list(found.elements())
    assert {item.get("jid") for item in items} <= {to}
    assert all(item.get("name") for item in items)
    return [item.get("node") for item in items]


async def info(client: Client, node: str, to: str = "localhost") -> Element:
    query = f"<query xmlns='{ns.DISCO_INFO}' node='{node}'/>"
    return await client.ask(f"<iq type='get' id='i' to='{to}'>{query}</iq>")


def test_who_finds_which() -> None:
    async def body(server: Server) -> None:
        admin, bob = await server.client("admin"), await server.client("bob")
        found = await nodes(admin, "localhost")
        assert {"user add", "session list", "roster list"} <= set(found)
        assert not {"stop", "reload", "shell", "upgrade"} & set(found)
        own = await nodes(admin, "admin@localhost")
        assert own[0] == "session list"
        assert f"{ns.ADMIN}#add-user" in own, "where many programs look for them"
        assert all(node and node.startswith(ns.ADMIN) for node in own[1:])
        assert await nodes(bob, "localhost") == []
        assert await nodes(bob, "bob@localhost") == ["session list"]
        assert await nodes(bob, "admin@localhost") == []
        server_info = await bob.ask(f"<iq type='get' id='d' to='localhost'><query xmlns='{ns.DISCO_INFO}'/></iq>")
        assert f"<feature var='{ns.COMMANDS}'/>" in server_info.to_xml("")

    served(body)


def test_what_a_command_says_of_itself() -> None:
    async def body(server: Server) -> None:
        admin, bob = await server.client("admin"), await server.client("bob")
        text = (await info(admin, "user add")).to_xml("")
        assert "category='automation' type='command-node' name='user add: make an account" in text
        assert f"<feature var='{ns.COMMANDS}'/><feature var='jabber:x:data'/>" in text
        assert "type='command-list'" in (await info(bob, ns.COMMANDS)).to_xml("")
        assert Step(await info(bob, "user add")).conditions == ["cancel", "forbidden"]
        assert Step(await info(admin, "user ad")).conditions == ["cancel", "item-not-found"]

    served(body)


def test_a_form_is_filled_in_and_it_is_done(caplog: pytest.LogCaptureFixture) -> None:
    async def body(server: Server) -> None:
        admin = await server.client("admin")
        asked = await call(admin, "user add")
        assert (asked.status, asked.command.get("node")) == ("executing", "user add")
        actions = asked.command.child("actions", ns.COMMANDS)
        assert actions is not None
        assert actions.get("execute") == "complete"
        assert [one.name for one in actions.elements()] == ["complete"]
        assert [(f.var, f.type, f.required) for f in asked.form.fields] == [
            ("user", "text-single", True),
            ("password", "text-private", False),
        ]
        with caplog.at_level(logging.INFO, "xmppd.audit"):
            done = await call(admin, "user add", inner=filled(user="carol", password="long enough"), sessionid=asked.id)
        assert (done.status, done.id, done.notes) == ("completed", asked.id, [("info", "made carol@localhost")])
        assert done.form.value("jid") == "carol@localhost"
        assert await auth.check_plain("carol", "localhost", "long enough")
        assert 'command of an administrator, "admin@localhost", user add' in caplog.text
        assert "long enough" not in caplog.text
        again = await call(admin, "user add", sessionid=asked.id, action="complete")
        assert again.conditions == ["cancel", "not-allowed", "session-expired"]

    served(body)


def test_one_that_asks_nothing_answers_at_once() -> None:
    async def body(server: Server) -> None:
        bob = await server.client("bob", "here")
        await server.client("carol")
        done = await call(bob, "session list", to="bob@localhost")
        assert done.status == "completed"
        assert done.id
        assert done.form.reported[0].var == "jid"
        assert [row[0].value for row in done.form.items] == ["bob@localhost/here"]

    served(body)


def test_an_administrator_sees_all_sessions_or_those_of_one() -> None:
    async def body(server: Server) -> None:
        admin = await server.client("admin", "a")
        await server.client("bob", "b")
        for given, expected in (({}, ["admin@localhost/a", "bob@localhost/b"]), ({"user": "bob"}, ["bob@localhost/b"])):
            asked = await call(admin, "session list")
            done = await call(admin, "session list", inner=filled(**given), sessionid=asked.id, action="complete")
            assert [row[0].value for row in done.form.items] == expected
        asked = await call(admin, "user list")
        done = await call(admin, "user list", sessionid=asked.id)
        assert done.form.fields[0].values == ("admin@localhost", "bob@localhost")

    served(body)


def test_what_fails_is_completed_with_an_error_in_words() -> None:
    async def body(server: Server) -> None:
        admin = await server.client("admin")
        asked = await call(admin, "user show")
        done = await call(admin, "user show", inner=filled(user="nobody"), sessionid=asked.id)
        assert (done.status, done.notes) == ("completed", [("error", "there is no account nobody@localhost")])

    served(body)


def test_others_are_refused() -> None:
    async def body(server: Server) -> None:
        admin, bob = await server.client("admin"), await server.client("bob")
        assert (await call(bob, "user add")).conditions == ["cancel", "forbidden"]
        assert (await call(bob, "user add", to="bob@localhost")).conditions == ["cancel", "forbidden"]
        assert (await call(admin, "user add", to="admin@localhost")).conditions == ["cancel", "forbidden"]
        assert (await call(bob, "session list")).conditions == ["cancel", "forbidden"]
        assert (await call(bob, "nothing")).conditions == ["cancel", "item-not-found"]
        stranger = await call(bob, "session list", to="admin@localhost")
        assert stranger.conditions == ["cancel", "service-unavailable"]
        link = await server.component("admin.localhost")
        payload = f"<command xmlns='{ns.COMMANDS}' node='user add'/>"
        answer = await link.ask(f"<iq type='set' id='c' to='localhost' from='admin@admin.localhost'>{payload}</iq>")
        assert Step(answer).conditions == ["cancel", "forbidden"]

    served(body, components={"admin.localhost": "secret"})


def test_a_wrong_answer_may_be_mended() -> None:
    async def body(server: Server) -> None:
        admin = await server.client("admin")
        asked = await call(admin, "user add")
        wrong = await call(admin, "user add", inner=filled(password="long enough"), sessionid=asked.id)
        assert wrong.conditions == ["modify", "bad-request", "bad-payload"]
        done = await call(admin, "user add", inner=filled(user="carol"), sessionid=asked.id)
        (note,) = done.notes
        password = done.form.value("password")
        assert note == ("info", f"made carol@localhost, password {password}")
        assert await auth.check_plain("carol", "localhost", password)

    served(body)


def test_actions() -> None:
    async def body(server: Server) -> None:
        admin = await server.client("admin")
        asked = await call(admin, "user add")

        async def conditions(**attrs: str) -> list[str]:
            return (await call(admin, "user add", **attrs)).conditions

        assert await conditions(action="jump") == ["modify", "bad-request", "malformed-action"]
        assert await conditions(action="jump", sessionid=asked.id) == ["modify", "bad-request", "malformed-action"]
        assert await conditions(action="complete") == ["modify", "bad-request", "bad-action"]
        assert await conditions(action="cancel") == ["modify", "bad-request", "bad-action"]
        for action in ("prev", "next"):
            assert await conditions(action=action, sessionid=asked.id) == ["modify", "bad-request", "bad-action"]
        assert await conditions(sessionid="mine") == ["modify", "bad-request", "bad-sessionid"]
        ended = await call(admin, "user add", sessionid=asked.id, action="cancel")
        assert (ended.status, ended.id, list(ended.command.elements())) == ("canceled", asked.id, [])
        assert await conditions(sessionid=asked.id) == ["cancel", "not-allowed", "session-expired"]

    served(body)


def test_what_was_begun_is_of_one_session_and_ends() -> None:
    async def body(server: Server) -> None:
        one, two = await server.client("admin", "one"), await server.client("admin", "two")
        asked = await call(one, "user add")
        assert (await call(two, "user add", sessionid=asked.id)).conditions[-1] == "bad-sessionid"
        assert (await call(one, "user del", sessionid=asked.id)).conditions[-1] == "bad-sessionid"
        await server.clock.advance(LIFETIME)
        assert (await call(one, "user add", sessionid=asked.id)).conditions[-1] == "session-expired"

    served(body)


def test_an_administrator_may_end_the_own_account() -> None:
    async def body(server: Server) -> None:
        admin = await server.client("admin")
        asked = await call(admin, "user del")
        payload = (
            f"<command xmlns='{ns.COMMANDS}' node='user del' sessionid='{asked.id}'>{filled(user='admin')}</command>"
        )
        admin.send(f"<iq type='set' id='c' to='localhost'>{payload}</iq>")
        assert "the account was removed" in await admin.gone()
        assert not await auth.user_exists("admin", "localhost")

    served(body)


def test_nobody_is_an_administrator_unless_it_is_said() -> None:
    async def body(server: Server) -> None:
        admin = await server.client("admin")
        assert await nodes(admin, "localhost") == []
        assert (await call(admin, "user add")).conditions == ["cancel", "forbidden"]

    served(body, admins=())


@command("tea count", "cups of an account", access="account")
async def count(guest: Account, mod: Mod, least: int = 0) -> dict[str, object]:
    """Cups."""
    if least > 9:
        raise CommandError("there are not so many")
    return {"guest": guest, "cups": max(least, 1), "host": mod.host}


@command("tea spill", "for who has the socket", access="operator")
def spill() -> None:
    """Nothing."""


@command("tea empty", "pours it all away", question="Really?")
def empty() -> str:
    """Ask first."""
    return "poured away"


def tea() -> ModuleType:
    module = ModuleType("acme.mod_tea")
    for fn in (count, spill, empty):
        setattr(module, fn.__name__, fn)
    return module


def test_a_module_brings_its_own() -> None:
    async def body(server: Server) -> None:
        admin, bob = await server.client("admin"), await server.client("bob")
        assert await nodes(bob, "bob@localhost") == ["session list", "tea count"]
        assert [node for node in await nodes(admin, "localhost") if node and node.startswith("tea")] == [
            "tea count",
            "tea empty",
        ]
        assert (await call(admin, "tea spill")).conditions == ["cancel", "forbidden"]
        asked = await call(bob, "tea count", to="bob@localhost")
        assert [field.var for field in asked.form.fields] == ["least"]
        mine = filled(least="3", guest="admin@localhost")
        done = await call(bob, "tea count", to="bob@localhost", inner=mine, sessionid=asked.id)
        assert [(field.var, field.value) for field in done.form.fields] == [
            ("guest", "bob@localhost"),
            ("cups", "3"),
            ("host", "localhost"),
        ]
        sure = await call(admin, "tea empty")
        assert (sure.status, sure.form.fields) == ("executing", ())
        assert (await call(admin, "tea empty", sessionid=sure.id)).notes == [("info", "poured away")]

    served(body, modules={tea(): True})


def test_passwords_are_taken_over_tls_only() -> None:
    config = dataclasses.replace(config_of((*MODULES, "mod_adhoc")), admins=("admin@localhost",))

    async def body(core: CoreServer) -> None:
        application.set_env("xmppd", "config", config)
        commands.use(worker_commands)
        admin = await core.login("admin@localhost/a")
        assert admin.session is not None
        admin.session.safe = False
        iq = f"<iq type='set' id='c' to='localhost'><command xmlns='{ns.COMMANDS}' node='{{}}'/></iq>"
        assert "<not-authorized " in await admin.ask(iq.format("user add"))
        assert "status='executing'" in await admin.ask(iq.format("user show"))

    try:
        play(body, config)
    finally:
        application.forget_env("xmppd")
