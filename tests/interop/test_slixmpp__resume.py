"""slixmpp with its plugin for XEP-0198: acknowledged in both directions, cut off, and back in its session."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.interop.test_slixmpp import play
from tests.support.booted import Booted
from tests.support.slixmpp_client import SlixmppClient


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    """One worker, so that who comes back comes to the process of its session."""
    home: Path = tmp_path_factory.mktemp("resume")
    with Booted.start(home, workers=1) as server:
        yield server
        server.drop_all()


class Managed(SlixmppClient):
    """A client that asks for stream management; `acked`: ids of its stanzas that the server has acknowledged."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.register_plugin("xep_0198")
        self.acked: list[str] = []
        for event in ("sm_enabled", "session_resumed", "sm_failed", "session_end"):
            self.seen[event] = asyncio.Queue()
            self.add_event_handler(event, self.seen[event].put_nowait)
        self.add_event_handler("stanza_acked", lambda stanza: self.acked.append(stanza["id"]))

    def cut(self) -> None:
        """The network is gone."""
        self.transport.abort()


async def _detached(server: Booted, user: str) -> None:
    def is_detached() -> bool:
        return [row["state"] for row in server.ask("session list", {"user": user})] == ["detached"]

    await asyncio.get_running_loop().run_in_executor(None, lambda: server.settled(is_detached))


def test_a_client_that_was_cut_off_goes_on_in_its_session_and_nothing_is_lost_or_doubled(server: Booted) -> None:
    romeo, juliet = server.account("romeo"), server.account("juliet")

    async def body() -> None:
        async with SlixmppClient.login(server, juliet, "balcony") as two:
            one = Managed(f"{romeo}@localhost/street", "secret", str(server.ca()))
            await one.enter(server.tls)
            await one.got("sm_enabled")
            two.send_message(mto=one.boundjid, mbody="before", mtype="chat")
            assert (await one.got("message"))["body"] == "before"
            jid, handled = one.boundjid.full, one.plugin["xep_0198"].handled
            one.cut()
            await one.got("disconnected")
            await _detached(server, romeo)
            for number in range(5):
                two.send_message(mto=jid, mbody=f"while away {number}", mtype="chat")
            await two.plugin["xep_0199"].ping("localhost", timeout=5)
            one.connect("127.0.0.1", server.tls)
            await one.got("session_resumed")
            got = [(await one.got("message"))["body"] for _ in range(5)]
            assert got == [f"while away {number}" for number in range(5)]
            assert one.plugin["xep_0198"].handled == handled + 5
            assert one.boundjid.full == jid
            message = one.make_message(mto=two.boundjid, mbody="I am back", mtype="chat")
            message.send()
            assert (await two.got("message"))["body"] == "I am back"
            one.plugin["xep_0198"].request_ack()
            async with asyncio.timeout(10):
                while message["id"] not in one.acked:
                    await asyncio.sleep(0.02)
            assert one.nothing("message")
            assert two.nothing("presence_unavailable")
            await one.leave()

    play(body)


def test_a_client_whose_session_was_ended_meanwhile_begins_another(server: Booted) -> None:
    romeo = server.account("romeo")

    async def body() -> None:
        one = Managed(f"{romeo}@localhost/street", "secret", str(server.ca()))
        await one.enter(server.tls)
        await one.got("sm_enabled")
        one.cut()
        await one.got("disconnected")
        await _detached(server, romeo)
        server.ask("session kick", {"user": f"{romeo}@localhost"})
        server.settled(lambda: not server.sessions(romeo))
        one.connect("127.0.0.1", server.tls)
        await one.got("session_start")
        await one.got("sm_enabled")
        await one.leave()

    play(body)
