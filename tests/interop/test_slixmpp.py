"""test_slixmpp — stock clients over TLS against two workers: the first minutes of two users, and a worker's death."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from tests.support.booted import Booted
from tests.support.slixmpp_client import SlixmppClient
from tests.support.wire import ROSTER, Wire, local

PING = "<ping xmlns='urn:xmpp:ping'/>"


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Booted]:
    """A server whose workers may be killed."""
    with Booted.start(tmp_path, workers=2) as server:
        yield server
        server.drop_all()


def play(body: Callable[[], Awaitable[None]]) -> None:
    """Run a test's body on a loop of its own."""
    asyncio.run(asyncio.wait_for(body(), 60))  # type: ignore[arg-type]  # a coroutine


async def placed(server: Booted, worker: str, user: str) -> SlixmppClient:
    """A client whose session is on that worker."""
    for _ in range(32):
        client = SlixmppClient(f"{user}@localhost", "secret", str(server.ca()))
        await client.enter(server.tls)
        if server.sessions(user)[client.boundjid.full] == worker:
            return client
        await client.leave()
    raise AssertionError(f"no connection landed on {worker}")


async def friends(one: SlixmppClient, two: SlixmppClient) -> None:
    """Both ask and grant."""
    for asking, granting in ((one, two), (two, one)):
        asking.send_presence_subscription(pto=granting.boundjid.bare, ptype="subscribe")
        await granting.got("presence_subscribe")
        granting.send_presence_subscription(pto=asking.boundjid.bare, ptype="subscribed")
        await asking.got("presence_subscribed")
        await asking.got("presence_available", lambda p, other=granting: p["from"] == other.boundjid)


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", None])
def test_login_over_starttls_with_a_certificate_that_is_checked(server: Booted, mechanism: str | None) -> None:
    user = server.account("stock")

    async def body() -> None:
        async with SlixmppClient.login(server, user, "here", mechanism) as client:
            assert client.boundjid.full == f"{user}@localhost/here"
            assert server.ask("session list", {"user": user})[0]["tls"] in ("TLSv1.2", "TLSv1.3")
            assert await client["xep_0199"].ping("localhost", timeout=5) > 0

    play(body)


def test_a_wrong_password_is_refused(server: Booted) -> None:
    user = server.account("stock")

    async def body() -> None:
        client = SlixmppClient(f"{user}@localhost", "wrong", str(server.ca()))
        client.connect("127.0.0.1", server.tls)
        await client.got("failed_auth")
        await client.leave()

    play(body)


def test_two_users_on_two_workers_become_friends_and_talk(server: Booted) -> None:
    romeo, juliet = server.account("romeo"), server.account("juliet")

    async def body() -> None:
        one, two = await placed(server, "w1", romeo), await placed(server, "w2", juliet)
        await friends(one, two)
        assert one.client_roster[two.boundjid.bare]["subscription"] in ("to", "both")
        await one.got("roster_update", lambda iq: b"both" in str(iq).encode())
        for text in ("Hist!", "zweites & <drittes>", "🌹"):
            one.send_message(mto=two.boundjid.bare, mbody=text, mtype="chat")
            message = await two.got("message")
            assert (message["body"], message["from"]) == (text, one.boundjid)
        two.send_message(mto=one.boundjid, mbody="back", mtype="chat")
        assert (await one.got("message"))["body"] == "back"
        two.send_presence(pshow="dnd", pstatus="asleep")
        assert (await one.got("presence_dnd"))["status"] == "asleep"
        await two.leave()
        await one.got("presence_unavailable", lambda p: p["from"] == two.boundjid)
        await one.leave()

    play(body)


def test_messages_for_who_is_away_come_at_the_next_login(server: Booted) -> None:
    romeo, juliet = server.account("romeo"), server.account("juliet")

    async def body() -> None:
        async with SlixmppClient.login(server, romeo) as one:
            for n in range(5):
                one.send_message(mto=f"{juliet}@localhost", mbody=f"letter {n}", mtype="chat")
            await one["xep_0199"].ping("localhost", timeout=5)
        two = SlixmppClient(f"{juliet}@localhost", "secret", str(server.ca()))
        await two.enter(server.tls)
        letters = [await two.got("message") for _ in range(5)]
        assert [letter["body"] for letter in letters] == [f"letter {n}" for n in range(5)]
        assert all("urn:xmpp:delay" in str(letter) for letter in letters)
        await two.leave()

    play(body)


def test_the_roster_is_there_after_a_new_login(server: Booted) -> None:
    romeo, juliet = server.account("romeo"), server.account("juliet")

    async def body() -> None:
        async with SlixmppClient.login(server, romeo) as one:
            async with SlixmppClient.login(server, juliet) as two:
                await friends(one, two)
            one.update_roster(f"{juliet}@localhost", name="Juliet", groups=["Verona"])
            await one.got("roster_update", lambda iq: "Verona" in str(iq))
        async with SlixmppClient.login(server, romeo) as one:
            item = one.client_roster[f"{juliet}@localhost"]
            assert (item["name"], item["groups"], item["subscription"]) == ("Juliet", ["Verona"], "both")

    play(body)


def test_a_killed_worker_takes_its_own_clients_and_is_back(alone: Booted) -> None:
    """Kill -9: contacts get unavailable, who is on the other worker notices nothing else, and all may come again."""
    romeo, juliet, nurse = alone.account("romeo"), alone.account("juliet"), alone.account("nurse")

    async def body() -> None:
        one, two = await placed(alone, "w1", romeo), await placed(alone, "w2", juliet)
        await friends(one, two)
        two.auto_reconnect = False
        before = alone.worker_pids()
        os.kill(before["w2"], signal.SIGKILL)
        await two.got("disconnected")
        gone = await one.got("presence_unavailable")
        assert gone["from"] == two.boundjid
        assert await one["xep_0199"].ping("localhost", timeout=5) > 0
        one.send_message(mto=two.boundjid.bare, mbody="while you were gone", mtype="chat")
        after = await asyncio.to_thread(
            alone.await_workers, lambda now: set(now) == set(before) and now["w2"] != before["w2"]
        )
        assert after["w1"] == before["w1"]
        back = await placed(alone, "w2", juliet)
        seen = await one.got("presence_available", lambda p: p["from"].bare == back.boundjid.bare)
        assert seen["type"] == "available"
        third = await placed(alone, "w2", nurse)
        third.send_message(mto=one.boundjid.bare, mbody="across again", mtype="chat")
        assert (await one.got("message"))["body"] == "across again"
        assert one.nothing("disconnected")
        assert one.nothing("stream_error")
        for client in (one, back, third):
            await client.leave()

    play(body)


def test_what_was_acknowledged_before_a_kill_is_kept(alone: Booted) -> None:
    """Roster and offline messages that were acknowledged are there after kill -9 of both workers."""
    romeo, juliet = alone.account("romeo"), alone.account("juliet")
    client = alone.client(user=romeo).online()
    client.send(f"<iq type='set' id='set'><query xmlns='{ROSTER}'><item jid='x@c0.test' name='X'/></query></iq>")
    assert sorted((local(el), el.get("type")) for el in (client.next(), client.next())) == [
        ("iq", "result"),
        ("iq", "set"),
    ]
    client.send(f"<message type='chat' to='{juliet}@localhost'><body>kept</body></message>")
    assert client.ask("get", PING).get("type") == "result", "this acknowledges what came before it"
    before = alone.worker_pids()
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    alone.await_workers(lambda now: set(now) == set(before) and not set(now.values()) & set(before.values()))
    alone.drop_all()
    again = alone.client(user=romeo)
    assert again.roster()["x@c0.test"]["name"] == "X"
    other = alone.client(user=juliet)
    other.send("<presence/>")
    message = other.next()
    assert message.findtext("{jabber:client}body") == "kept"


def test_a_poison_stanza_is_answered_and_ends_no_stream(server: Booted) -> None:
    """A bug in a handler: internal-server-error for who sent it; its stream, the others, and the worker live on."""
    poisoner, pids = server.account("poisoner"), server.worker_pids()
    others = [server.client().online() for _ in range(4)]

    async def body() -> None:
        async with SlixmppClient.login(server, poisoner) as client:
            client.send_raw("<iq type='get' id='poison'><crash xmlns='urn:xmppd:probe'/></iq>")
            assert await client["xep_0199"].ping("localhost", timeout=20) > 0

    play(body)
    assert [other.ask("get", PING).get("type") for other in others] == ["result"] * 4
    assert server.worker_pids() == pids


@pytest.mark.parametrize("part", ["hooks", "router", "iq", "sm", "mod_presence@localhost", "mod_roster@localhost"])
def test_a_crashed_part_is_made_again_and_no_session_is_dropped(alone: Booted, part: str) -> None:
    """hooks, router, iq, sm, a mod_*: restarted with their state, on both workers at once."""
    wires: list[Wire] = [alone.on_worker("w1", alone.account()), alone.on_worker("w2", alone.account())]
    for wire in wires:
        wire.online()
    for worker in ("w1", "w2"):
        alone.eval(f"process.exit_(process.whereis({part!r}), 'kill')", worker)
    for sender, receiver in (wires, wires[::-1]):
        sender.send(f"<message to='{receiver.bare}' type='chat'><body>still here</body></message>")
        assert receiver.next().findtext("{jabber:client}body") == "still here"
        assert sender.ask("get", PING).get("type") == "result"
        sender.send("<presence><show>away</show></presence>")
        assert local(sender.next()) == "presence"
        assert sender.roster() == {}
