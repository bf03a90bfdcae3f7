"""server — it serves in the process of who asks, with what was chosen, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any, Unpack

import pytest

from otp.erts import process
from otp.kernel import application
from tests.support import node
from tests.support.server import config as exactly
from xmpp_core.stanza import Iq
from xmppd import sup
from xmppd.auth.auth import AccountExists
from xmppd.commands import CommandError
from xmppd.gen_mod import Mod, iq_handler
from xmppd.testing.server import Server, serve, serve_config
from xmppd.testing.settings import Settings

PING = "<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"
BODY = "<message to='{to}' type='chat'><body>{body}</body></message>"


def served(body: Callable[[Server], Awaitable[Any]], **chosen: Unpack[Settings]) -> None:
    """Run body(server) in a program of asyncio."""

    async def whole() -> None:
        async with serve(**chosen) as server:
            await body(server)

    asyncio.run(whole())


def test_two_clients_talk() -> None:
    async def body(server: Server) -> None:
        alice, bob = await server.client("alice", "here"), await server.client("bob")
        assert alice.jid == "alice@localhost/here"
        alice.send(BODY.format(to=bob.jid, body="hi"))
        message = await bob.receive()
        assert (message.get("from"), message.child_text("body")) == (alice.jid, "hi")
        assert (await alice.ask(PING)).get("type") == "result"

    served(body)


def test_accounts_are_made_once_and_on_the_host_that_is_said() -> None:
    async def body(server: Server) -> None:
        assert server.domain == "a.example"
        assert await server.account("alice", "own") == "alice@a.example"
        assert await server.account("alice@b.example") == "alice@b.example"
        with pytest.raises(AccountExists):
            await server.account("alice")
        assert (await server.client("alice", "r", "own")).jid == "alice@a.example/r"
        assert (await server.client("alice@b.example", "r")).jid == "alice@b.example/r"
        with pytest.raises(AssertionError, match="not-authorized"):
            await server.client("alice", password="wrong")

    served(body, hosts=("a.example", "b.example"))


def test_tls_is_that_of_a_certificate_to_be_trusted() -> None:
    async def body(server: Server) -> None:
        assert server.certificate is not None
        alice = await server.client("alice")
        assert (await alice.ask(PING)).get("type") == "result"
        stranger = await server.connect()
        features = await stranger.open()
        assert "<required" in features
        assert "PLAIN" not in features

    served(body, tls=True)


def test_a_component_serves() -> None:
    async def body(server: Server) -> None:
        bot, alice = await server.component("bot.localhost"), await server.client("alice")
        alice.send(BODY.format(to="bot.localhost", body="roll"))
        assert (await bot.receive()).child_text("body") == "roll"

    served(body, components={"bot.localhost": "s3cret"})


def test_a_module_of_the_test_serves() -> None:
    module = ModuleType("mod_of_this_test")

    @iq_handler("urn:test:here", "q")
    def answer(iq: Iq, mod: Mod) -> Iq:
        return iq.result()

    module.answer = answer  # type: ignore[attr-defined]

    async def body(server: Server) -> None:
        alice = await server.client("alice")
        answered = await alice.ask("<iq type='get' id='q' to='localhost'><q xmlns='urn:test:here'/></iq>")
        assert answered.get("type") == "result"
        assert (server.mod(module).host, server.mod("mod_disco", "b.example").host) == ("localhost", "b.example")
        with pytest.raises(KeyError):
            server.mod("mod_ping")

    served(body, hosts=("localhost", "b.example"), modules={module: {}, "mod_ping": False})


def test_settings_are_in_force() -> None:
    async def body(server: Server) -> None:
        first = await server.client("alice", "one")
        await server.client("alice", "two")
        assert "too many sessions of this account" in await first.gone()

    served(body, limits={"resources": 1})


def test_nothing_more_comes_once_the_server_is_at_rest() -> None:
    async def body(server: Server) -> None:
        alice, bob = await server.client("alice"), await server.client("bob")
        for n in range(20):
            alice.send(BODY.format(to=bob.jid, body=f"m{n}"))
        await server.settle()
        assert bob.seen.count("<body>m") == 20
        await bob.expect("m19.*?</message>")
        assert bob.nothing_more()

    served(body)


@pytest.mark.parametrize("store", ["memory", "sqlite"])
def test_one_server_after_the_other_begins_empty_and_leaves_nothing(store: str) -> None:
    before = threading.active_count()

    async def body(server: Server) -> None:
        alice = await server.client("alice", "here")  # still connected when the server ends
        alice.send("<presence/>")
        await alice.expect("<presence[^>]*from='alice@localhost/here'")
        assert alice.seen.count("<presence") == 1
        assert server.config.paths.home.is_dir()
        homes.append(server.config.paths.home)

    homes: list[Any] = []
    for _ in range(2):
        served(body, store=store)
    assert not any(home.exists() for home in homes)
    assert process.whereis(sup.NAME) is None
    assert threading.active_count() <= before + 1


def test_there_is_one_at_a_time() -> None:
    async def body(server: Server) -> None:
        with pytest.raises(RuntimeError, match="there is a server in this process already"):
            async with serve():
                pass
        assert (await (await server.client("alice")).ask(PING)).get("type") == "result"

    served(body)


def test_on_a_node_it_is_of_that_node() -> None:
    async def body() -> object:
        async with serve_config(exactly(modules={"mod_ping": {}})) as server:
            alice = await server.client("alice")
            assert (await alice.ask(PING)).get("type") == "result"
        assert process.whereis(sup.NAME) is None
        return process.is_alive(process.self_())

    assert node.run(body)


def test_commands_are_called_as_by_the_command_line() -> None:
    before = application.get_env("xmppd", "config")

    async def body(server: Server) -> None:
        await server.account("alice")
        assert (await server.command("user list", host="localhost")).value == ["alice@localhost"]
        with pytest.raises(CommandError, match='did you mean "user list"'):
            await server.command("user lst")

    served(body)
    assert application.get_env("xmppd", "config") is before
