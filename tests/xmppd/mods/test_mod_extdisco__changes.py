"""mod_extdisco — who has asked hears of services that come, change and go with the configuration."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from tests.support import node
from tests.support.sm_client import back, detached, enabled
from tests.xmppd.mods.test_mod_extdisco import FTP, HAS, SERVICES, STUN, TURN
from xmpp_core import ns
from xmpp_core.element import Element
from xmppd import gen_mod_sup
from xmppd.testing.client import Client
from xmppd.testing.server import Server, serve


async def reload(server: Server, services: Sequence[dict[str, Any]]) -> None:
    new = dataclasses.replace(
        server.config, modules={**server.config.modules, "mod_extdisco": {"services": list(services)}}
    )
    assert await gen_mod_sup.reload(server.config, new)
    server.config = new
    await server.settle()


def news(pushed: Element) -> tuple[str | None, list[tuple[str | None, str | None]]]:
    assert (pushed.name, pushed.get("type"), pushed.get("from")) == ("iq", "set", "localhost")
    inner = pushed.child("services", ns.EXTDISCO)
    assert inner is not None
    return inner.get("type"), [(one.get("action"), one.get("host")) for one in inner.elements()]


def test_who_has_asked_hears_of_what_changes_and_nobody_else() -> None:
    async def body() -> None:
        async with serve(modules=HAS) as server:
            all_, some, silent = [await server.client(name) for name in ("romeo", "juliet", "nurse")]
            await all_.ask(SERVICES.format("localhost", ""))
            await some.ask(SERVICES.format("localhost", " type='stun'"))
            moved = {**TURN, "name": "Calls"}
            sip = {"type": "sip", "host": "sip.example.org"}
            await reload(server, [moved, STUN, sip])
            pushed = await all_.receive()
            assert news(pushed) == (
                None, [("modify", "turn.example.org"), ("add", "sip.example.org"), ("delete", "ftp.example.org")]
            )  # fmt: skip
            [turn, _, ftp] = list(pushed.child("services", ns.EXTDISCO).elements())  # type: ignore[union-attr]
            assert (turn.get("username") or "").endswith(":romeo")
            assert ftp.get("password") is None, "what is gone needs no key"
            all_.send(f"<iq type='result' to='localhost' id='{pushed.get('id')}'/>")
            await reload(server, [])
            assert news(await some.receive()) == ("stun", [("delete", "2001:db8::1")])
            assert len(news(await all_.receive())[1]) == 3
            await server.settle()
            assert all(client.nothing_more() for client in (all_, some, silent))

    node.run(body)


def test_another_module_that_changes_is_no_news() -> None:
    async def body() -> None:
        async with serve(modules=HAS) as server:
            romeo = await server.client("romeo")
            await romeo.ask(SERVICES.format("localhost", ""))
            await reload(server, [TURN, STUN, FTP])  # other seconds for credentials, the same services
            assert romeo.nothing_more()

    node.run(body)


def test_one_that_is_away_hears_of_it_when_it_is_back() -> None:
    async def body() -> None:
        async with serve(modules=HAS) as server:
            phone, id_ = await enabled(server, "romeo", "phone")
            await phone.ask(SERVICES.format("localhost", ""))
            phone.drop()
            await detached("romeo@localhost")
            await reload(server, [TURN, STUN])
            phone = await back(server, id_, 1, "romeo")
            await phone.expect("<resumed [^>]*/>")
            assert news(await received(phone)) == (None, [("delete", "ftp.example.org")])

    async def received(client: Client) -> Element:
        while True:
            found = await client.receive()
            if found.name == "iq":
                return found

    node.run(body)
