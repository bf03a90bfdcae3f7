"""test_mod_anonymous — guests: let in where it is named, kept apart, and gone with their sessions.

Way:  xmppd.mods.mod_anonymous, by the wire
"""

from __future__ import annotations

import asyncio
import dataclasses
import re
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from xmpp_core.jid import JID
from xmppd import gen_mod_config
from xmppd.auth import auth
from xmppd.auth.throttle import hourly
from xmppd.config.schema import Config, Host, Paths
from xmppd.gen_mod import ModError
from xmppd.mods import mod_anonymous, mod_private
from xmppd.routing.login_hook_points import GuestHook
from xmppd.store import store
from xmppd.testing import settings
from xmppd.testing.client import Client
from xmppd.testing.server import Server, serve_config

GUESTS = "guest.localhost"
ANONYMOUS = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'>{}</auth>"
PRIVATE = "<iq type='set' id='p'><query xmlns='jabber:iq:private'><a xmlns='b'/></query></iq>"


def config(**options: Any) -> Config:
    """A host with accounts, and one for guests."""
    made = settings.config({"hosts": ("localhost", GUESTS)})
    modules = {**made.modules, "mod_anonymous": options}
    return dataclasses.replace(made, host={GUESTS: Host(name=GUESTS, modules=modules)})


async def guest(server: Server, trace: str = "", resource: str = "") -> Client:
    client = await server.connect()
    await client.open(GUESTS)
    client.send(ANONYMOUS.format(trace))
    await client.expect("<success[^>]*>")
    await client.bind(resource, GUESTS)
    return client


def play(body: Any, **options: Any) -> None:
    async def all_() -> None:
        async with serve_config(config(**options)) as server:
            await body(server)

    asyncio.run(all_())


def test_only_a_host_where_it_is_named_has_guests_and_has_nobody_else() -> None:
    async def body(server: Server) -> None:
        client = await server.connect()
        assert "ANONYMOUS" not in await client.open("localhost")
        client.send(ANONYMOUS.format(""))
        await client.expect("<invalid-mechanism ?/>")
        other = await server.connect()
        features = await other.open(GUESTS)
        assert re.findall("<mechanism>([^<]*)</mechanism>", features) == ["ANONYMOUS", "ANONYMOUS"]  # SASL and SASL2

    play(body)


def test_a_guest_gets_a_name_that_is_nobody_elses() -> None:
    async def body(server: Server) -> None:
        one, other = await guest(server), await guest(server, "c2lyaGM=", "chat")
        names = [JID.parse(client.jid).local for client in (one, other)]
        assert len({str(uuid.UUID(name)) for name in names}) == 2
        assert other.jid.endswith("/chat")
        other.send(f"<message to='{one.jid}' type='chat' id='m'><body>hello</body></message>")
        assert (await one.receive()).get("from") == other.jid

    play(body)


def test_in_one_step_as_well() -> None:
    async def body(server: Server) -> None:
        client = await server.connect()
        await client.open(GUESTS)
        client.send(
            "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='ANONYMOUS'><bind xmlns='urn:xmpp:bind:0'/></authenticate>"
        )
        said = await client.expect("<success.*?</success>")
        assert f"@{GUESTS}/" in said

    play(body)


@pytest.mark.parametrize("stanza", [
    "<message to='romeo@localhost' id='x'><body>hi</body></message>",
    "<message to='romeo@far.example' id='x'><body>hi</body></message>",
    "<iq to='localhost' type='get' id='x'><ping xmlns='urn:xmpp:ping'/></iq>",
    "<presence to='romeo@localhost' id='x'/>",
    "<presence to='romeo@guest.localhost' type='subscribe' id='x'/>",
])  # fmt: skip
def test_what_a_guest_may_not_send(stanza: str) -> None:
    async def body(server: Server) -> None:
        client = await guest(server)
        client.send(stanza)
        answer = await client.receive()
        assert (answer.get("type"), answer.get("id")) == ("error", "x")
        assert "<not-allowed " in answer.to_xml("")

    play(body)


def test_what_is_configured_a_guest_may_reach() -> None:
    async def body(server: Server) -> None:
        romeo = await server.client("romeo")
        client = await guest(server)
        client.send(f"<message to='{romeo.jid}' type='chat' id='m'><body>hi</body></message>")
        assert (await romeo.receive()).get("from") == client.jid
        romeo.send(f"<message to='{client.jid}' type='chat' id='n'><body>you too</body></message>")
        assert (await client.receive()).get("id") == "n"

    play(body, reach=["localhost"])


def test_nothing_can_be_stored() -> None:
    async def body(server: Server) -> None:
        client = await guest(server)
        answer = await client.ask(PRIVATE)
        assert "<service-unavailable " in answer.to_xml("")
        answer = await client.ask("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>")
        assert answer.get("type") == "error"
        features = (await client.ask(
            f"<iq type='get' id='d' to='{GUESTS}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"
        )).to_xml("")  # fmt: skip
        assert "urn:xmpp:mam" not in features
        assert "jabber:iq:register" not in features
        assert "urn:xmpp:carbons:2" in features

    play(body)


async def kept(user: str) -> int:
    return len(await store.select(mod_private.PRIVATE, (GUESTS, user)))


@pytest.mark.parametrize("ends", ["in order", "without a word"])
def test_what_is_kept_all_the_same_goes_with_the_session(ends: str) -> None:
    async def body(server: Server) -> None:
        client = await guest(server)
        user = JID.parse(client.jid).local
        assert (await client.ask(PRIVATE)).get("type") == "result"
        assert await kept(user) == 1
        if ends == "in order":
            await client.close()
        else:
            client.drop()
        await server.settle()
        assert await kept(user) == 0

    play(body, also=["mod_private"])


def test_what_a_worker_that_died_has_left_goes_later_and_nothing_of_an_account() -> None:
    async def body(server: Server) -> None:
        await auth.create_user("owner", GUESTS, "secret")
        client = await guest(server)
        here = JID.parse(client.jid).local
        await client.ask(PRIVATE)
        row = (await store.select(mod_private.PRIVATE, (GUESTS, here)))[0]
        for user in ("owner", "gone"):
            await store.transaction(lambda tx, user=user: tx.write(dataclasses.replace(row, user=user)))
        await mod_anonymous.sweep(server.mod("mod_anonymous", GUESTS))
        assert [await kept(user) for user in (here, "owner", "gone")] == [1, 1, 0]

    play(body, also=["mod_private"])


def test_how_many_come_from_one_address_is_limited() -> None:
    async def body(server: Server) -> None:
        mod = server.mod("mod_anonymous", GUESTS)
        hourly.cache_clear()
        found = [mod_anonymous.let_in("", GuestHook(GUESTS, "192.0.2.7"), mod) for _ in range(3)]
        assert [bool(name) for name in found] == [True, True, False]
        assert mod_anonymous.let_in("", GuestHook(GUESTS, "192.0.2.8"), mod)
        assert all(mod_anonymous.let_in("", GuestHook(GUESTS, "127.0.0.1"), mod) for _ in range(9))

    play(body, rate=2)


@pytest.mark.parametrize(("options", "words"), [
    ({"reach": ["no domain"]}, 'not "no domain"'), ({"rate": -1}, "0 or more"),
    ({"also": ["mod_rooster"]}, "mod_rooster"),
    ({"reech": []}, 'did you mean "reach"'),
])  # fmt: skip
def test_a_wrong_configuration_is_told(options: Mapping[str, Any], words: str) -> None:
    with pytest.raises(ModError, match=words):
        gen_mod_config.options_of("mod_anonymous", options)
    made = Config(paths=Paths(Path("nowhere")), modules={"mod_anonymous": options})
    assert any(words in text for _, text in gen_mod_config.problems(made))
