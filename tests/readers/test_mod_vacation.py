"""test_mod_vacation — a module written from docs/modules.md, tested as docs/testing.md says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from otp.erts import process
from tests.readers import mod_vacation
from xmpp_core.stanza import Stanza
from xmppd.gen_mod import Mod, on
from xmppd.routing.hook_points import AccountReceivesHook
from xmppd.store import store
from xmppd.testing.thread import ThreadClient, ThreadServer, serve_in_thread

NS = mod_vacation.NS
TEXT = "Gone fishing."


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[ThreadServer]:
    with serve_in_thread(**settings(**getattr(request, "param", {}))) as server:
        yield server


def settings(**options: Any) -> Any:
    return {"modules": {mod_vacation: options}, "components": {"bots.localhost": "s"}}


def set_text(client: ThreadClient, text: str = TEXT, to: str = "") -> Any:
    to = f"to='{to}'" if to else ""
    return client.ask(f"<iq type='set' id='s' {to}><vacation xmlns='{NS}'>{text}</vacation></iq>")


def text_of(client: ThreadClient) -> str | None:
    return client.ask(f"<iq type='get' id='g'><vacation xmlns='{NS}'/></iq>").child_text("vacation", NS)


def leaves(server: ThreadServer, user: str = "owner", text: str = TEXT) -> None:
    client = server.client(user)
    assert set_text(client, text).get("type") == "result"
    client.close()


def write(client: ThreadClient, body: str = "hi", type_: str = "chat", to: str = "owner@localhost") -> None:
    client.send(f"<message to='{to}' type='{type_}'><body>{body}</body></message>")


def is_answered(server: ThreadServer, client: ThreadClient, text: str = TEXT) -> bool:
    server.settle()
    if client.nothing_more():
        return False
    message = client.receive()
    assert message.child_text("body") == text
    assert message.get("from") == "owner@localhost"
    assert client.nothing_more()
    return True


def test_the_owner_sets_reads_and_deletes_it(server: ThreadServer) -> None:
    owner = server.client("owner")
    assert text_of(owner) == ""
    assert set_text(owner).get("type") == "result"
    assert text_of(owner) == TEXT
    assert set_text(owner, "").get("type") == "result"
    assert text_of(owner) == ""


def test_nobody_else_does(server: ThreadServer) -> None:
    server.account("owner")
    assert set_text(server.client("bob"), to="owner@localhost").get("type") == "error"


@pytest.mark.parametrize("server", [{"max_text": 5}], indirect=True)
def test_a_text_has_an_end(server: ThreadServer) -> None:
    owner = server.client("owner")
    assert set_text(owner, "12345").get("type") == "result"
    assert "<not-acceptable" in set_text(owner, "123456").to_xml()
    assert text_of(owner) == "12345"


def test_who_writes_has_it_once_a_day_and_the_message_is_kept(server: ThreadServer) -> None:
    leaves(server)
    bob = server.client("bob")
    write(bob, "one")
    assert is_answered(server, bob)
    server.clock.advance(timedelta(hours=23))
    write(bob, "two", "normal")
    assert not is_answered(server, bob)
    server.clock.advance(timedelta(hours=2))
    write(bob, "three")
    assert is_answered(server, bob)
    owner = server.client("owner")
    owner.send("<presence/>")
    for text in ("one", "two", "three"):
        owner.expect(f"<body>{text}</body>")


def test_only_while_the_owner_is_away(server: ThreadServer) -> None:
    leaves(server)
    owner, bob = server.client("owner"), server.client("bob")
    owner.send("<presence><priority>-1</priority></presence>")
    server.settle()
    write(bob)
    assert not is_answered(server, bob)
    owner.send("<presence type='unavailable'/>")
    server.settle()
    write(bob)
    assert is_answered(server, bob)


def test_two_who_are_away_do_not_go_on_forever(server: ThreadServer) -> None:
    leaves(server)
    bob = server.client("bob")
    set_text(bob, "So have I.")  # and it sends no presence
    write(bob)
    server.settle()
    bob.send("<presence/>")
    assert TEXT in bob.expect("<message.*?</message>")
    owner = server.client("owner")
    owner.send("<presence/>")
    owner.expect("<body>hi</body>")
    server.settle()
    assert "So have I." not in owner.seen


def test_two_who_write_at_the_same_moment_do_not_wait_for_each_other() -> None:
    slow = ModuleType("mod_slow")
    slow.look = look
    with serve_in_thread(modules={mod_vacation: {}, slow: {}}) as server:
        owner, bob = server.client("owner"), server.client("bob")
        for client in (owner, bob):
            set_text(client)
        write(bob)
        write(owner, to="bob@localhost")
        for client in (owner, bob):
            client.ask("<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")


@on(AccountReceivesHook)
async def look(stanza: Stanza | None, point: AccountReceivesHook, mod: Mod) -> Stanza | None:
    """Makes stanzas of an account stand in line."""
    await process.sleep(0.01)
    return stanza


@pytest.mark.parametrize("type_", ["headline", "groupchat", "error"])
def test_what_nobody_wrote_is_not_answered(server: ThreadServer, type_: str) -> None:
    leaves(server)
    bob = server.client("bob")
    write(bob, type_=type_)
    server.settle()
    assert TEXT not in bob.seen


def test_a_message_without_a_body_is_not_answered(server: ThreadServer) -> None:
    leaves(server)
    bob = server.client("bob")
    bob.send("<message to='owner@localhost' type='chat'><received xmlns='urn:xmpp:receipts' id='1'/></message>")
    assert not is_answered(server, bob)


def test_services_are_not_answered(server: ThreadServer) -> None:
    leaves(server)
    bots = server.component("bots.localhost")
    for sender in ("bots.localhost", "news@bots.localhost"):
        bots.send(f"<message from='{sender}' to='owner@localhost'><body>hi</body></message>")
    server.settle()
    assert bots.nothing_more()


@pytest.mark.parametrize("server", [{"max_senders": 2}], indirect=True)
def test_the_oldest_senders_are_forgotten(server: ThreadServer) -> None:
    leaves(server)
    clients = [server.client(name) for name in ("zoe", "bob", "amy")]
    for client in clients:
        write(client)
        assert is_answered(server, client)
        server.clock.advance(10)
    zoe, bob, amy = clients
    write(amy)
    assert not is_answered(server, amy)
    write(bob)
    assert not is_answered(server, bob)
    write(zoe)
    assert is_answered(server, zoe)


def test_it_survives_a_restart(tmp_path: Path) -> None:
    disk = {**settings(), "store": "sqlite", "home": tmp_path}
    with serve_in_thread(**disk) as server:
        leaves(server)
        bob = server.client("bob")
        write(bob)
        assert is_answered(server, bob)
    with serve_in_thread(**disk) as server:
        bob, amy = server.client("bob"), server.client("amy")
        write(bob)
        assert not is_answered(server, bob)
        write(amy)
        assert is_answered(server, amy)


def test_the_account_announces_it_and_the_server_does_not(server: ThreadServer) -> None:
    owner = server.client("owner")
    ask = "<iq type='get' id='d' to='{}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"
    assert NS in owner.ask(ask.format("owner@localhost")).to_xml()
    assert NS not in owner.ask(ask.format("localhost")).to_xml()


def test_the_administrator_shows_and_clears_it(server: ThreadServer) -> None:
    leaves(server)
    assert server.command("vacation show", account="owner").value == TEXT
    server.command("vacation clear", account="owner")
    assert server.command("vacation show", account="owner@localhost").value is None
    bob = server.client("bob")
    write(bob)
    assert not is_answered(server, bob)


def test_who_had_it_long_ago_is_forgotten(server: ThreadServer) -> None:
    leaves(server)
    bob, amy = server.client("bob"), server.client("amy")
    write(bob)
    assert is_answered(server, bob)
    server.clock.advance(timedelta(hours=12))
    write(amy)
    assert is_answered(server, amy)
    server.clock.advance(timedelta(hours=13, minutes=1))
    assert [row.sender for row in server.run(store.select, mod_vacation.REPLIED)] == ["amy@localhost"]
