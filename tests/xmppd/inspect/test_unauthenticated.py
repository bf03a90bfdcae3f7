"""test_unauthenticated — streams are followed by address, port or account from their first byte.

Way:  xmppd.inspect.unauthenticated, jids, plugin
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from otp.observer import pids, tracing
from tests.support import node
from tests.support.server import config, serving, streams
from xmppd import audit
from xmppd.auth import auth
from xmppd.inspect import jids, plugin, unauthenticated
from xmppd.testing.client import Client


def play(body: Callable[[int], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with serving(config(modules={})) as port:
            await auth.create_user("dave", "localhost", "secret")
            await body(port)
            for key in list(tracing._traces):
                tracing.end(key)
        assert not audit.LISTENERS

    node.run(whole)


async def guess(port: int, user: str) -> Client:
    client = await Client.connect(port)
    await client.open()
    data = base64.b64encode(f"\0{user}\0wrong".encode()).decode()
    client.send(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{data}</auth>")
    await client.expect("<failure")
    return client


def begun(word: str) -> int:
    return tracing.begin("k", word, [], "both", 1000, 60.0)


def events() -> list[tuple[str, str, str]]:
    return [(event["who"], event["kind"], event["text"]) for event in tracing.read("k")["events"]]


FAILED = 'login from 127.0.0.1 failed: not-authorized, "dave@localhost", PLAIN'


@pytest.mark.parametrize("by", ["127.0.0.1", "::ffff:127.0.0.1", "port"])
def test_a_login_that_fails_is_seen_by_address_and_port(by: str) -> None:
    async def body(port: int) -> None:
        word = f":{port}" if by == "port" else by
        assert begun(word) == 0
        await guess(port, "dave")
        seen = events()
        assert {who for who, _, _ in seen} >= {"stream from 127.0.0.1"}
        kinds = [kind for _, kind, _ in seen]
        assert "StreamStart" in kinds
        assert "auth" in kinds
        assert not any(base64.b64encode(b"\0dave\0wrong").decode() in text for _, _, text in seen)
        if by != "port":
            assert ("stream from 127.0.0.1", "audit", FAILED) in seen

    play(body)


def test_streams_that_are_there_already_are_found() -> None:
    async def body(port: int) -> None:
        await guess(port, "dave")
        assert begun("127.0.0.1") == begun(f":{port}") == 1
        assert begun("127.0.0.2") == begun(":1") == 0
        (pid,) = await streams()
        assert pids.name_of(pid) == "stream from 127.0.0.1"
        assert unauthenticated.matches("127.0.0.1", pid)

    play(body)


def test_an_account_that_fails_to_log_in_is_seen_from_its_failure_on() -> None:
    async def body(port: int) -> None:
        assert begun("dave@localhost") == 0
        await guess(port, "erin")
        assert events() == []
        client = await guess(port, "dave")
        assert ("stream from 127.0.0.1", "audit", FAILED) in events()
        client.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='NONE'/>")
        await client.expect("<invalid-mechanism")
        assert "auth" in [kind for _, kind, _ in events()], "what the same stream does next"

    play(body)


def test_whether_there_is_such_an_account() -> None:
    async def body(port: int) -> None:
        asked: dict[str, Any] = {}
        for word in ("dave@localhost", "dave@localhost/x", "nobody@localhost", "x@elsewhere.example", "@"):
            asked[word] = await jids.is_account(word)
        assert list(asked.values()) == [True, True, False, None, None]
        why = [await plugin.XmppdPlugin().missing(word) for word in (*asked, "192.0.2.1", ":5222", "router")]
        assert why == ["", "", "there is no account nobody@localhost", "", "", "", "", None]

    play(body)
