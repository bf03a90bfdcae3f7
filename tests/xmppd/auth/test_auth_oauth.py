"""test_auth_oauth — tokens of OAuth: whose they are, by the answer of an introspection, and by the wire.

Way:  xmppd.auth.auth_oauth, against a service that this file plays
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.xmppd.auth.test_auth_http import Fake, service
from xmppd.auth import auth
from xmppd.auth.auth_oauth import Introspection, basic, owner
from xmppd.auth.http_service import Endpoint, ServiceFails
from xmppd.testing.client import Client
from xmppd.testing.server import Server, serve

ANYTHING = Introspection(Endpoint("https://id.example/"))
STRICT = Introspection(Endpoint("https://id.example/"), "sub", "xmpp", "xmpp.example")
NOW = 1000.0
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"


@pytest.mark.parametrize(("wanted", "said", "found"), [
    (ANYTHING, {"active": True, "username": "Juliet"}, "juliet"),
    (ANYTHING, {"active": True, "username": "juliet@localhost", "exp": 1001, "nbf": 1000}, "juliet"),
    (ANYTHING, {"active": False, "username": "juliet"}, ""), (ANYTHING, {"active": True}, ""),
    (ANYTHING, {"active": True, "username": "juliet", "exp": 1000}, ""),
    (ANYTHING, {"active": True, "username": "juliet", "nbf": 1001}, ""),
    (ANYTHING, {"active": True, "username": "juliet", "exp": "soon"}, ""),
    (ANYTHING, {"active": True, "username": "juliet@elsewhere"}, ""),
    (ANYTHING, {"active": True, "username": "a/b"}, ""),
    (ANYTHING, {"active": True, "username": ["juliet"]}, ""), (ANYTHING, {"active": True, "username": ""}, ""),
    (STRICT, {"active": True, "sub": "juliet", "scope": "mail xmpp", "aud": ["a", "xmpp.example"]}, "juliet"),
    (STRICT, {"active": True, "sub": "juliet", "scope": "xmpp", "aud": "xmpp.example"}, "juliet"),
    (STRICT, {"active": True, "sub": "juliet", "scope": "xmpps", "aud": "xmpp.example"}, ""),
    (STRICT, {"active": True, "sub": "juliet", "scope": "xmpp", "aud": "a"}, ""),
    (STRICT, {"active": True, "sub": "juliet", "scope": ["xmpp"], "aud": {"xmpp.example": 1}}, ""),
    (STRICT, {"active": True, "username": "juliet", "scope": "xmpp", "aud": "xmpp.example"}, ""),
])  # fmt: skip
def test_whose_a_token_is(wanted: Introspection, said: dict[str, Any], found: str) -> None:
    assert owner(json.dumps(said).encode(), wanted, "localhost", NOW) == found


@pytest.mark.parametrize("answer", [b"", b"[]", b"{}", b'{"active": "true"}', b'{"active": 1}', b"\xff", b"<html/>"])
def test_what_is_no_introspection(answer: bytes) -> None:
    with pytest.raises(ServiceFails):
        owner(answer, ANYTHING, "localhost", NOW)


def test_who_asks() -> None:
    assert basic("", "") == ""
    assert basic("", "abc") == "Bearer abc"
    assert basic("a:b", "ü") == "Basic " + base64.b64encode(b"a%3Ab:%C3%BC").decode()


def said(**members: Any) -> bytes:
    body = json.dumps(members).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def at_a_server(fake: Fake, body: Callable[[Server], Any]) -> None:
    async def all_() -> None:
        async with service(fake):
            told = {
                "oauth": {"localhost": f"http://127.0.0.1:{fake.port}/introspect"}, "oauth_client": "xmppd",
                "oauth_secret": "s", "http_seconds": 2.0,
            }  # fmt: skip
            async with serve(auth=told, hosts=("localhost", "other")) as server:
                await body(server)

    asyncio.run(all_())


async def says(server: Server, token: str, authzid: str = "") -> tuple[Client, str]:
    client = await server.connect()
    features = await client.open()
    assert re.findall("<mechanism>([^<]*)</mechanism>", features)[-2:] == ["OAUTHBEARER", "PLAIN"]
    assert "urn:xmpp:fast:0" not in features
    text = base64.b64encode(f"n,{authzid},\x01auth=Bearer {token}\x01\x01".encode()).decode()
    client.send(f"<auth xmlns='{SASL}' mechanism='OAUTHBEARER'>{text}</auth>")
    return client, await client.expect("<success[^>]*>|<failure.*?</failure>|<challenge.*?</challenge>")


def test_a_client_logs_in_by_a_token() -> None:
    fake = Fake(said(active=True, username="juliet"))

    async def body(server: Server) -> None:
        assert "OAUTHBEARER" not in await (await server.connect()).open("other")
        client, answer = await says(server, "t.0-k", "a=juliet@localhost")
        assert answer.startswith("<success")
        assert await client.bind("x") == "juliet@localhost/x"
        assert await auth.user_exists("juliet", "localhost")
        await server.client("romeo")  # by a password, as ever
        await auth.set_disabled("juliet", "localhost", True)
        assert "<account-disabled/>" in (await says(server, "t.0-k"))[1]

    at_a_server(fake, body)
    head, _, sent = fake.asked[0].partition("\r\n\r\n")
    assert "Authorization: Basic " + base64.b64encode(b"xmppd:s").decode() in head
    assert parse_qs(sent) == {"token": ["t.0-k"], "token_type_hint": ["access_token"]}


def test_a_token_that_is_not_good() -> None:
    async def body(server: Server) -> None:
        client, answer = await says(server, "abc")
        challenge = re.sub("<[^>]*>", "", answer)
        assert json.loads(base64.b64decode(challenge)) == {"status": "invalid_token"}
        client.send(f"<response xmlns='{SASL}'>AQ==</response>")
        await client.expect("<not-authorized/>")
        assert not await auth.user_exists("juliet", "localhost")

    at_a_server(Fake(said(active=False)), body)


def test_nobody_logs_in_as_another() -> None:
    async def body(server: Server) -> None:
        assert "<invalid-authzid/>" in (await says(server, "abc", "a=romeo@localhost"))[1]

    at_a_server(Fake(said(active=True, username="juliet")), body)


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", said(), b"?", said(a="b" * 70_000)]
)
def test_what_fails_is_told_as_temporary(answer: bytes) -> None:
    async def body(server: Server) -> None:
        assert "<temporary-auth-failure/>" in (await says(server, "abc"))[1]

    at_a_server(Fake(answer), body)
