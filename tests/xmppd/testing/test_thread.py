"""thread — the same server for tests that do not await, while other loops, threads and processes talk to it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest

from otp.erts import process
from otp.erts.exits import StartError
from otp.erts.scheduler import THIS
from xmppd import sup
from xmppd.routing import router
from xmppd.testing.client import Client
from xmppd.testing.thread import serve_in_thread

PING = "<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"
#: another program, with sockets of its own: a bot that answers one message
BOT = """
import asyncio, sys
from xmppd.testing.client import Client
async def main(port):
    bot = await Client.connect(port)
    await bot.login("bot")
    bot.send("<presence/>")
    print("ready", flush=True)
    message = await bot.expect("<message.*?</message>")
    bot.send("<message to='alice@localhost'><body>hello to you</body></message>")
    await bot.close()
asyncio.run(main(int(sys.argv[1])))
"""


def test_accounts_clients_and_the_clock_need_no_await() -> None:
    with serve_in_thread(limits={"negotiation_seconds": 30}) as server:
        assert server.account("alice", "own") == "alice@localhost"
        alice, bob = server.client("alice", "here", "own"), server.client("bob")
        assert (alice.jid, alice.closed) == ("alice@localhost/here", False)
        alice.send(
            f"<message to='{bob.jid}'><body>one</body></message><message to='{bob.jid}'><body>two</body></message>"
        )
        assert bob.receive().child_text("body") == "one"
        assert bob.expect("<body>[^<]*</body>") == "<body>two</body>"
        bob.expect("</message>")
        server.settle()
        assert bob.nothing_more()
        assert alice.ask(PING).get("type") == "result"
        slow, before = server.connect(), server.clock.now()
        server.clock.advance(31)
        assert "</stream:stream>" in slow.gone()
        assert timedelta(seconds=31) <= server.clock.now() - before < timedelta(minutes=5)
        bob.close()
        assert bob.closed
        alice.drop()


def test_a_component_and_tls_are_there_as_well() -> None:
    with serve_in_thread(tls=True, components={"bot.localhost": "s3cret"}) as server:
        bot, alice = server.component("bot.localhost"), server.client("alice")
        alice.send("<message to='bot.localhost'><body>roll</body></message>")
        assert bot.receive().child_text("body") == "roll"
        assert server.certificate is not None
        assert server.component_port not in (0, server.port)
        stranger = server.connect()
        assert "<required" in server.run(stranger.inner.open, "localhost")
        assert "<required" in stranger.seen


def test_a_client_on_a_loop_of_its_own() -> None:
    with serve_in_thread() as server:
        server.account("bot")
        alice = server.client("alice")

        async def bot() -> str:
            client = await Client.connect(server.port)
            jid = await client.login("bot")
            client.send("<message to='alice@localhost'><body>here</body></message>")
            await client.close()
            return jid

        alice.send("<presence/>")
        alice.expect("<presence")
        server.settle()
        jid = asyncio.run(bot())
        assert alice.expect("<message.*?</message>").count(jid) == 1


def test_a_bot_that_is_another_program() -> None:
    with serve_in_thread() as server:
        server.account("bot")
        alice = server.client("alice")
        alice.send("<presence/>")
        program = [sys.executable, "-c", BOT, str(server.port)]
        with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as bot:
            assert bot.stdout is not None
            assert bot.stdout.readline() == "ready\n"
            alice.send("<message to='bot@localhost' type='chat'><body>hello</body></message>")
            assert "hello to you" in alice.expect("<message.*?</message>", 30)
            assert bot.wait(30) == 0


def test_one_may_look_into_the_server() -> None:
    async def hosts() -> tuple[str, ...]:
        return tuple(router.hosts())

    with serve_in_thread(hosts=("a.example", "b.example")) as server:
        assert set(server.run(hosts)) == {"a.example", "b.example"}


def test_what_is_wrong_with_the_settings_is_told_to_who_chose_them() -> None:
    before = threading.active_count()
    with pytest.raises(StartError) as caught, serve_in_thread(modules={"acme.mod_nowhere": {}}):
        pass
    assert "there is no module acme.mod_nowhere" in str(caught.value)
    assert threading.active_count() <= before + 1
    assert THIS.host is None


def test_it_starts_and_stops_in_no_time_and_leaves_nothing() -> None:
    with serve_in_thread() as server:  # loads the modules
        pass
    begin = time.monotonic()
    with serve_in_thread() as server:
        server.client("alice")
        assert process.whereis(sup.NAME) is not None
    assert time.monotonic() - begin < 5.0, "ten times what is promised"
    assert process.whereis(sup.NAME) is None
    assert not [thread for thread in threading.enumerate() if thread.name == "xmppd"]
