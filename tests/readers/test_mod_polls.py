"""test_mod_polls — a module with a domain and processes of its own, tested as docs/testing.md says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from otp.erts import process
from otp.erts.pid import Pid
from tests.readers import mod_polls
from xmpp_core.element import Element
from xmpp_core.jid import JID
from xmppd.commands import CommandError
from xmppd.gen_mod import Mod
from xmppd.routing.sm import sm
from xmppd.store import store
from xmppd.testing.thread import ThreadClient, ThreadServer, serve_in_thread

NS = mod_polls.NS
SERVICE = "polls.localhost"
QUESTION = "Tea or coffee?"


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[ThreadServer]:
    with serve_in_thread(**settings(**getattr(request, "param", {}))) as server:
        yield server


def settings(**options: Any) -> Any:
    return {"modules": {mod_polls: options}, "components": {"bots.localhost": "s"}}


def ask_create(client: ThreadClient, *options: str, question: str = QUESTION, to: str = SERVICE) -> Element:
    texts = "".join(f"<option>{text}</option>" for text in options or ("Tea", "Coffee"))
    payload = f"<create xmlns='{NS}' question='{question}'>{texts}</create>"
    return client.ask(f"<iq type='set' id='c' to='{to}'>{payload}</iq>")


def create(client: ThreadClient, to: str = SERVICE) -> str:
    """The address of a new poll."""
    poll = ask_create(client, to=to).child("poll", NS)
    assert poll is not None
    address = poll.get("jid")
    assert address == f"{poll.get('id')}@{to}"
    return str(address)


def close(client: ThreadClient, poll: str) -> str:
    return client.ask(f"<iq type='set' id='x' to='{poll}'><close xmlns='{NS}'/></iq>").to_xml()


def vote(client: ThreadClient, poll: str, text: str, more: str = "") -> None:
    client.send(f"<message to='{poll}' type='chat' {more}><body>{text}</body></message>")


def subscribe(server: ThreadServer, client: ThreadClient, poll: str) -> None:
    client.send(f"<presence to='{poll}'/>")
    server.settle()


def next_result(client: ThreadClient, type_: str | None = "headline") -> list[str]:
    """The votes of each option, and "closed", as the next message says."""
    message = client.receive()
    result = message.child("result", NS)
    assert message.get("type") == type_
    assert result is not None
    closed = ["closed"] if result.get("closed") else []
    return [str(option.get("votes")) for option in result.elements("option", NS)] + closed


def confirmed(client: ThreadClient, number: str) -> bool:
    voted = client.receive().child("voted", NS)
    return voted is not None and voted.get("number") == number


def items(client: ThreadClient, to: str) -> str:
    return client.ask(
        f"<iq type='get' id='i' to='{to}'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>"
    ).to_xml()


def info(client: ThreadClient, to: str) -> str:
    return client.ask(
        f"<iq type='get' id='d' to='{to}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"
    ).to_xml()


def test_who_votes_is_told_so_and_subscribers_see_each_result(server: ThreadServer) -> None:
    alice, bob, carol = (server.client(name) for name in ("alice", "bob", "carol"))
    poll = create(alice)
    subscribe(server, carol, poll)
    vote(bob, poll, "2")
    assert confirmed(bob, "2")
    assert next_result(carol) == ["0", "1"]
    vote(bob, poll, " 1\n")
    assert confirmed(bob, "1")
    assert next_result(carol) == ["1", "0"]
    vote(bob, poll, "1")
    assert confirmed(bob, "1")
    server.settle()
    assert carol.nothing_more()
    vote(carol, poll, "2")
    assert confirmed(carol, "2")
    assert next_result(carol) == ["1", "1"]


def test_one_vote_for_all_clients_of_an_account(server: ThreadServer) -> None:
    alice, phone, desk = server.client("alice"), server.client("bob", "phone"), server.client("bob", "desk")
    poll = create(alice)
    subscribe(server, alice, poll)
    for client in (phone, desk):
        vote(client, poll, "1")
        assert confirmed(client, "1")
    assert next_result(alice) == ["1", "0"]
    server.settle()
    assert alice.nothing_more()


@pytest.mark.parametrize("text", ["0", "3", "Tea", "-1", "", "1.0", "²", "9" * 5000])
def test_what_is_no_option_is_refused(server: ThreadServer, text: str) -> None:
    alice = server.client("alice")
    poll = create(alice)
    vote(alice, poll, text)
    assert "<not-acceptable" in alice.receive().to_xml()


def test_what_nobody_wrote_is_no_vote(server: ThreadServer) -> None:
    alice = server.client("alice")
    poll = create(alice)
    subscribe(server, alice, poll)
    for type_ in ("headline", "groupchat", "error"):
        alice.send(f"<message to='{poll}' type='{type_}'><body>1</body></message>")
    alice.send(f"<message to='{poll}' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>")
    server.settle()
    assert alice.nothing_more()


def test_a_stranger_votes_and_subscribes_and_makes_none(server: ThreadServer) -> None:
    alice, bots = server.client("alice"), server.component("bots.localhost")
    poll = create(alice)
    bots.send(f"<presence from='one@bots.localhost/x' to='{poll}'/>")
    bots.send(f"<message from='two@bots.localhost/y' to='{poll}' type='chat'><body>2</body></message>")
    bots.expect("<message[^>]*to='two@bots.localhost/y'|<message[^>]*to='one@bots.localhost/x'")
    bots.expect("<message[^>]*to='two@bots.localhost/y'|<message[^>]*to='one@bots.localhost/x'")
    assert server.command("polls list").value[0]["votes"] == 1
    payload = f"<create xmlns='{NS}' question='?'><option>a</option><option>b</option></create>"
    bots.send(f"<iq type='set' id='c' from='one@bots.localhost/x' to='{SERVICE}'>{payload}</iq>")
    bots.expect("<forbidden")


def test_who_goes_is_told_no_more(server: ThreadServer) -> None:
    alice, bob, carol = (server.client(name) for name in ("alice", "bob", "carol"))
    poll = create(alice)
    for client in (bob, carol):
        subscribe(server, client, poll)
    bob.send(f"<presence to='{poll}' type='unavailable'/>")
    carol.drop()
    server.settle()
    assert server.run(store.select, mod_polls.SUBSCRIBER) == []
    vote(bob, poll, "1")
    assert confirmed(bob, "1")
    server.settle()
    assert bob.nothing_more()


def test_a_session_that_was_killed_is_forgotten_at_the_next_result(server: ThreadServer) -> None:
    alice, bob = server.client("alice"), server.client("bob")
    poll = create(alice)
    subscribe(server, bob, poll)
    server.run(kill_session, bob.jid)
    vote(alice, poll, "1")
    assert confirmed(alice, "1")
    server.settle()
    assert server.run(store.select, mod_polls.SUBSCRIBER) == []


async def kill_session(jid: str) -> None:
    for session in sm.sessions(JID.parse(jid).bare):
        process.exit_(session.pid, "kill")


def test_the_creator_closes_it_and_everybody_is_told_once(server: ThreadServer) -> None:
    alice, bob, carol, dave = (server.client(name) for name in ("alice", "bob", "carol", "dave"))
    poll = create(alice)
    subscribe(server, carol, poll)
    bob.send("<presence/>")
    bob.receive()
    vote(bob, poll, "1")
    assert confirmed(bob, "1")
    assert next_result(carol) == ["1", "0"]
    vote(carol, poll, "1")
    assert confirmed(carol, "1")
    assert next_result(carol) == ["2", "0"]
    assert "<forbidden" in close(bob, poll)
    assert "type='result'" in close(alice, poll)
    assert next_result(bob, None) == next_result(carol) == ["2", "0", "closed"]
    assert "<not-allowed" in close(alice, poll)
    vote(dave, poll, "2")
    assert "<not-allowed" in dave.receive().to_xml()
    server.settle()
    assert all(client.nothing_more() for client in (bob, carol, dave))


def test_disco(server: ThreadServer) -> None:
    alice = server.client("alice")
    poll = create(alice)
    assert f"jid='{SERVICE}'" in items(alice, "localhost")
    assert "name='Polls'" in info(alice, SERVICE)
    assert NS in info(alice, SERVICE)
    assert NS not in info(alice, "localhost")
    assert f"jid='{poll}'" in items(alice, SERVICE)
    assert f"name='{QUESTION}'" in info(alice, poll)
    close(alice, poll)
    assert "<item " not in items(alice, SERVICE)
    assert f"name='{QUESTION}'" in info(alice, poll)


def test_what_is_not_there(server: ThreadServer) -> None:
    alice = server.client("alice")
    nowhere = f"nowhere@{SERVICE}"
    for answer in (info(alice, nowhere), close(alice, nowhere)):
        assert "<item-not-found" in answer
    vote(alice, nowhere, "1")
    assert "<item-not-found" in alice.receive().to_xml()
    vote(alice, SERVICE, "1")
    assert "<service-unavailable" in alice.receive().to_xml()


@pytest.mark.parametrize("server", [{"polls": 1, "options": 2, "text": 5}], indirect=True)
def test_limits(server: ThreadServer) -> None:
    alice = server.client("alice")
    for options, question, condition in (
        (("a", "b", "c"), "?", "not-acceptable"),
        (("a", "123456"), "?", "not-acceptable"),
        (("a", "b"), "123456", "not-acceptable"),
        (("a",), "?", "bad-request"),
        (("a", " "), "?", "bad-request"),
        (("a", "b"), "", "bad-request"),
    ):
        assert f"<{condition}" in ask_create(alice, *options, question=question).to_xml()
    made = ask_create(alice, "a", "12345", question="12345").child("poll", NS)
    assert made is not None
    assert "<resource-constraint" in ask_create(alice, "a", "b", question="?").to_xml()
    close(alice, str(made.get("jid")))
    assert ask_create(alice, "a", "b", question="?").child("poll", NS) is not None


def test_a_poll_that_is_killed_goes_on(server: ThreadServer) -> None:
    alice, bob = server.client("alice"), server.client("bob")
    poll = create(alice)
    subscribe(server, alice, poll)
    vote(bob, poll, "1")
    assert confirmed(bob, "1")
    assert next_result(alice) == ["1", "0"]
    killed = server.run(kill, server.mod(mod_polls), poll)
    vote(bob, poll, "2")
    assert confirmed(bob, "2")
    assert next_result(alice) == ["0", "1"]
    assert server.run(kill, server.mod(mod_polls), poll) is not killed


async def kill(mod: Mod, poll: str) -> Pid:
    pid = await mod_polls.POLLS.whereis(mod, poll)
    process.exit_(pid, "kill")
    return pid


def test_a_poll_survives_a_restart_and_sessions_that_are_gone_do_not(tmp_path: Path) -> None:
    disk = {**settings(), "store": "sqlite", "home": tmp_path}
    with serve_in_thread(**disk) as server:
        alice, bob, bots = server.client("alice"), server.client("bob"), server.component("bots.localhost")
        poll = create(alice)
        bots.send(f"<presence from='one@bots.localhost/x' to='{poll}'/>")
        subscribe(server, bob, poll)
        vote(bob, poll, "1")
        assert confirmed(bob, "1")
    with serve_in_thread(**disk) as server:
        alice, bob, bots = server.client("alice"), server.client("bob"), server.component("bots.localhost")
        assert f"jid='{poll}'" in items(alice, SERVICE)
        subscribe(server, alice, poll)
        vote(bob, poll, "2")
        assert confirmed(bob, "2")
        assert next_result(alice) == ["0", "1"]
        bots.expect("<message[^>]*to='one@bots.localhost/x'[^>]*type='headline'|<message[^>]*type='headline'")
        server.settle()
        assert len(server.run(store.select, mod_polls.SUBSCRIBER)) == 2


@pytest.mark.parametrize("server", [{"domain": "votes.{host}"}], indirect=True)
def test_it_has_another_name(server: ThreadServer) -> None:
    alice = server.client("alice")
    poll = create(alice, "votes.localhost")
    vote(alice, poll, "1")
    assert confirmed(alice, "1")


def test_the_administrator_lists_and_closes(server: ThreadServer) -> None:
    alice, bob = server.client("alice"), server.client("bob")
    alice.send("<presence/>")
    alice.receive()
    id_ = create(alice).partition("@")[0]
    vote(bob, f"{id_}@{SERVICE}", "2")
    assert confirmed(bob, "2")
    assert server.command("polls list").value == [
        {"id": id_, "creator": "alice@localhost", "question": QUESTION, "votes": 1}
    ]
    server.command("polls close", poll=id_)
    assert next_result(alice, None) == ["0", "1", "closed"]
    assert server.command("polls list").value == []
    for name in (id_, "nothing", "a@b"):
        with pytest.raises(CommandError):
            server.command("polls close", poll=name)


def test_polls_of_a_removed_account_are_closed(server: ThreadServer) -> None:
    bob = server.client("bob")
    poll = create(server.client("alice"))
    subscribe(server, bob, poll)
    server.command("user del", user="alice@localhost")
    assert next_result(bob) == ["0", "0", "closed"]


def test_what_was_closed_a_month_ago_is_removed(server: ThreadServer) -> None:
    alice = server.client("alice")
    poll, still = create(alice), create(alice)
    vote(alice, poll, "1")
    assert confirmed(alice, "1")
    close(alice, poll)
    server.clock.advance(timedelta(days=29))
    assert len(server.run(store.select, mod_polls.POLL)) == 2
    server.clock.advance(timedelta(days=1, hours=2))
    assert [f"{row.poll}@{SERVICE}" for row in server.run(store.select, mod_polls.POLL)] == [still]
    assert server.run(store.select, mod_polls.VOTE) == []
    assert len(server.run(store.select, mod_polls.OPTION)) == 2
