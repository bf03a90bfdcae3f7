"""test_auth_http — passwords that an HTTP service knows: the protocol, what fails, and what becomes of accounts.

Way:  xmppd.auth.auth_http, alone and by the wire, against a service that this file plays
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.certificates import make
from xmppd.auth import auth, http_service, tables
from xmppd.auth.auth_http import Elsewhere, HttpAccounts, question, verdict
from xmppd.auth.http_service import Endpoint, HttpService, ServiceFails
from xmppd.commands import CommandError
from xmppd.testing.server import Server, serve

RIGHT = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
HANGS = b""


def status(number: int) -> bytes:
    return f"HTTP/1.1 {number} Said\r\nContent-Length: 0\r\n\r\n".encode()


@dataclass
class Fake:
    """A service: what it was asked, as text, and what it answers; `port` is its own."""

    answer: bytes | Callable[[dict[str, str]], bytes] = RIGHT
    port: int = 0
    asked: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = re.search(r"(?i)content-length: (\d+)", head)
            assert length is not None
            body = (await reader.readexactly(int(length[1]))).decode()
            self.asked.append(head + body)
            said = self.answer if isinstance(self.answer, bytes) else self.answer(json.loads(body))
            if said is HANGS:
                await reader.read()
            writer.write(said)
            await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def service(fake: Fake, context: ssl.SSLContext | None = None) -> AsyncIterator[Fake]:
    listening = await asyncio.start_server(fake.serve, "127.0.0.1", 0, ssl=context)
    fake.port = listening.sockets[0].getsockname()[1]
    try:
        yield fake
    finally:
        listening.close()


def at_a_server(fake: Fake, body: Callable[[Server], Any], **more: Any) -> None:
    async def all_() -> None:
        async with service(fake):
            told = {"http": {"localhost": f"http://127.0.0.1:{fake.port}/check?x=1"}, "http_seconds": 1.0, **more}
            async with serve(auth=told, hosts=("localhost", "other")) as server:
                await body(server)

    asyncio.run(all_())


def one_password(said: dict[str, str]) -> bytes:
    return RIGHT if said == {"user": "juliet", "host": "localhost", "password": "pass word"} else status(403)


# -- the pure part


def test_what_is_asked() -> None:
    assert json.loads(question("juliet", "é.example", "p\0ß\r\n")) == {
        "user": "juliet", "host": "é.example", "password": "p\0ß\r\n"
    }  # fmt: skip


@given(st.integers(200, 599))
def test_only_some_statuses_say_anything(number: int) -> None:
    if number in (200, 204):
        assert verdict(number)
    elif number in (401, 403, 404):
        assert not verdict(number)
    else:
        with pytest.raises(ServiceFails):
            verdict(number)


# -- by the wire


def test_a_client_logs_in_by_plain_and_nothing_else() -> None:
    fake = Fake(one_password)

    async def body(server: Server) -> None:
        client = await server.connect()
        features = await client.open()
        assert re.findall("<mechanism>([^<]*)</mechanism>", features) == ["PLAIN", "PLAIN"]  # SASL and SASL2
        assert "urn:xmpp:fast:0" not in features
        assert "jabber.org/features/iq-register" not in features
        client.send(
            "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='HT-SHA-256-NONE'><initial-response>YQBi"
            "</initial-response><fast xmlns='urn:xmpp:fast:0'/></authenticate>"
        )
        await client.expect("<invalid-mechanism ")
        other = await (await server.connect()).open("other")
        assert "SCRAM-SHA-256" in other
        juliet = await server.connect()
        await juliet.login("juliet", "balcony", "pass word")
        assert juliet.jid == "juliet@localhost/balcony"

    at_a_server(fake, body, http_secret="t0ken")
    assert len(fake.asked) == 1
    assert fake.asked[0].startswith("POST /check?x=1 HTTP/1.1\r\n")
    assert "Authorization: Bearer t0ken\r\n" in fake.asked[0]


def test_an_account_is_made_by_its_first_login_and_can_be_disabled_here() -> None:
    async def body(server: Server) -> None:
        assert not await auth.user_exists("juliet", "localhost")
        assert not await auth.check_plain("juliet", "localhost", "wrong")
        assert not await auth.user_exists("juliet", "localhost")
        assert await auth.check_plain("Juliet", "localhost", "pass word")
        assert await auth.check_plain("juliet", "localhost", "pass word")
        found = await auth.account("juliet", "localhost")
        assert found is not None
        assert (found.created_by, found.scram_sha_256) == (tables.SERVICE, "")
        assert await auth.scram_keys("juliet", "localhost", "SHA-256") is None
        await auth.set_disabled("juliet", "localhost", True)
        assert not await auth.check_plain("juliet", "localhost", "pass word")

    at_a_server(Fake(one_password), body)


def test_passwords_are_not_set_here() -> None:
    async def body(server: Server) -> None:
        with pytest.raises(Elsewhere):
            await auth.create_user("romeo", "localhost", "secret")
        with pytest.raises(Elsewhere):
            await auth.set_password("romeo", "localhost", "secret")
        with pytest.raises(CommandError, match="a service knows the passwords of localhost"):
            await server.command("user add", user="romeo@localhost", password="long enough")
        await server.client("romeo@other")

    at_a_server(Fake(), body)


@pytest.mark.parametrize("answer", [
    status(500), status(302), status(429), HANGS, b"no HTTP\r\n\r\n", b"HTTP/1.1 2", b"HTTP/1.1 100 Go on\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n" + b"a" * 70_000,
], ids=lambda answer: repr(answer[:24]))  # fmt: skip
def test_what_fails_is_told_as_temporary(answer: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async def body(server: Server) -> None:
        for _ in range(2):
            client = await server.connect()
            with pytest.raises(AssertionError, match="temporary-auth-failure"):
                await client.plain("juliet", "pass word")
        await server.client("romeo@other")

    with caplog.at_level(logging.WARNING, "xmppd.auth"):
        at_a_server(Fake(answer), body, http_seconds=0.3 if answer is HANGS else 5.0)
    lines = [line for line in caplog.messages if "accounts of localhost fails" in line]
    assert len(lines) == 1
    assert "pass word" not in caplog.text


def test_nobody_is_there() -> None:
    async def body() -> None:
        async with service(Fake()) as fake:
            port = fake.port
        with pytest.raises(ServiceFails):
            await HttpAccounts(Endpoint(f"http://127.0.0.1:{port}/")).check("a", "localhost", "b")

    asyncio.run(body())


def test_those_who_are_too_many_are_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_service, "MAX_AT_ONCE", 0)

    async def body(server: Server) -> None:
        client = await server.connect()
        with pytest.raises(AssertionError, match="temporary-auth-failure"):
            await client.plain("juliet", "pass word")

    at_a_server(Fake(), body, http_seconds=0.1)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize("trusted", [True, False])
def test_its_certificate_is_verified(tmp_path: Path, name: str, trusted: bool) -> None:
    ca = make("ca", authority=True)
    shown = make("localhost", by=ca)
    (tmp_path / "ca.pem").write_text(ca.certificate if trusted else make("ca", authority=True).certificate)
    (tmp_path / "own.pem").write_text(shown.certificate + shown.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "own.pem")

    async def body() -> bool:
        async with service(Fake(), context) as fake:
            told = Endpoint(f"https://{name}:{fake.port}/", ca=tmp_path / "ca.pem")
            return (await HttpService(told).post("application/json", b'{"a": 1}'))[0] == 204

    if trusted and name == "localhost":
        assert asyncio.run(body())
    else:
        with pytest.raises(ServiceFails, match="certificate"):
            asyncio.run(body())
