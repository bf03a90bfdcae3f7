"""A second transport in one file: what it shows is that streams know nothing of the first."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from otp.erts.scheduler import THIS
from tests.proof import mod_frames
from tests.proof.mod_frames import FRAMING, as_document, frame, unframe
from tests.support import node
from xmpp_core.errors import StreamError
from xmppd.routing.sm import sm
from xmppd.testing.server import Server, serve

OPEN = f"<open xmlns='{FRAMING}' to='localhost' version='1.0'/>"
UPGRADE = (
    "GET /xmpp HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n"
)
# the key and its answer are those of RFC 6455 §1.3
ACCEPTED = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


class Browser(asyncio.Protocol):
    """The client's side: `frames` are the texts that came, each a document of its own."""

    def __init__(self) -> None:
        self.frames: list[str] = []
        self.head = ""
        self.closed = False
        self._transport: asyncio.Transport = None  # type: ignore[assignment]  # until connection_made
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(UPGRADE.encode())

    def data_received(self, data: bytes) -> None:
        self._read += data
        if not self.head:
            head, end, self._read = self._read.partition(b"\r\n\r\n")
            self.head = (head + end).decode()
        while (found := _server_frame(self._read)) is not None:
            opcode, payload, self._read = found
            if opcode == 1:
                self.frames.append(payload.decode())

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True

    def say(self, text: str, opcode: int = 1) -> None:
        self._transport.write(frame(opcode, text.encode(), os.urandom(4)))

    async def expect(self, pattern: str) -> str:
        """The next frame, which must match."""
        await node.until(lambda: self.frames)
        found = self.frames.pop(0)
        assert re.search(pattern, found), found
        return found

    def drop(self) -> None:
        self._transport.abort()


def _server_frame(data: bytes) -> tuple[int, bytes, bytes] | None:
    """As unframe, of bytes that no mask is on."""
    if len(data) < 2:
        return None
    size, at = data[1], 2
    if size > 125:
        at = 4 if size == 126 else 10
        size = int.from_bytes(data[2:at], "big")
    return (data[0] & 0xF, data[at : at + size], data[at + size :]) if len(data) >= at + size else None


@asynccontextmanager
async def framed() -> AsyncIterator[tuple[Server, str]]:
    with tempfile.TemporaryDirectory(prefix="frames-") as folder:
        path = str(Path(folder) / "s")
        async with serve(modules={"tests.proof.mod_frames": {"path": path}}) as server:
            yield server, path


async def browser(path: str) -> Browser:
    _, made = await THIS.loop.create_unix_connection(Browser, path)
    await node.until(lambda: made.head)
    assert ACCEPTED in made.head
    return made


async def entered(server: Server, path: str, user: str) -> Browser:
    """A client that has logged in by SASL over frames, and bound a resource."""
    await server.account(user)
    client = await browser(path)
    client.say(OPEN)
    await client.expect(f"^<open xmlns='{FRAMING}' id='[^']+' from='localhost'")
    await client.expect("^<stream:features xmlns='jabber:client' xmlns:stream='[^']+'>.*PLAIN")
    token = base64.b64encode(f"\0{user}\0secret".encode()).decode()
    client.say(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{token}</auth>")
    await client.expect("^<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'")
    client.say(OPEN)
    await client.expect("^<open ")
    await client.expect("urn:ietf:params:xml:ns:xmpp-bind")
    client.say(
        "<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
        "<resource>web</resource></bind></iq>"
    )
    await client.expect(f"^<iq xmlns='jabber:client' .*{user}@localhost/web")
    return client


def play(body: Any) -> None:
    async def whole() -> None:
        async with framed() as (server, path):
            await body(server, path)

    node.run(whole)


def test_a_client_of_frames_chats_with_one_of_tcp() -> None:
    async def body(server: Server, path: str) -> None:
        web, bob = await entered(server, path, "alice"), await server.client("bob", "phone")
        web.say(
            "<message xmlns='jabber:client' to='bob@localhost/phone' type='chat'><body>over frames</body></message>"
        )
        assert "alice@localhost/web" in await bob.expect("<message .*over frames.*</message>")
        long = "x" * 70_000
        for text in ("over TCP", "and more", long):
            bob.send(f"<message to='alice@localhost/web' type='chat'><body>{text}</body></message>")
            await web.expect(f"^<message xmlns='jabber:client' .*bob@localhost/phone.*{text}.*</message>$")
        web.say("alive?", 9)
        web.say(f"<close xmlns='{FRAMING}'/>")
        await web.expect(f"^<close xmlns='{FRAMING}'/>$")
        await node.until(lambda: web.closed)
        await node.until(lambda: not sm.sessions("alice@localhost"))

    play(body)


def test_a_client_that_vanishes_leaves_as_one_of_tcp_does() -> None:
    async def body(server: Server, path: str) -> None:
        web = await entered(server, path, "alice")
        web.drop()
        await node.until(lambda: not sm.sessions("alice@localhost"))

    play(body)


def test_errors_are_frames_too() -> None:
    async def body(server: Server, path: str) -> None:
        web = await browser(path)
        web.say(OPEN.replace("localhost", "elsewhere.test"))
        await web.expect("^<open ")
        await web.expect("^<stream:error xmlns='jabber:client' xmlns:stream='[^']+'><host-unknown ")
        await web.expect("^<close ")
        await node.until(lambda: web.closed)
        for words, opcode in (("<message><unclosed></message>", 1), ("binary", 2)):
            web = await browser(path)
            web.say(OPEN)
            await web.expect("^<open ")
            await web.expect("features")
            web.say(words, opcode)
            await web.expect("^<stream:error ")

    play(body)


def test_who_speaks_no_stream_is_sent_away_in_time() -> None:
    async def body(server: Server, path: str) -> None:
        web = await browser(path)
        await server.clock.advance(server.config.limits.negotiation_seconds + 1)
        await web.expect("^<open ")
        await web.expect("connection-timeout")

    play(body)


def test_frames() -> None:
    for size in (0, 5, 125, 126, 65_535, 65_536):
        whole = frame(1, b"x" * size, b"mask")
        assert unframe(whole + b"rest") == (1, b"x" * size, b"rest")
        assert unframe(whole[:-1]) is None or size == 0
    with pytest.raises(StreamError):
        unframe(frame(1, b"not masked"))


def test_a_document_declares_its_namespaces() -> None:
    assert as_document("<presence/>") == "<presence xmlns='jabber:client'/>"
    assert as_document("<a xmlns='urn:x'/>") == "<a xmlns='urn:x'/>"
    assert as_document("<stream:error><x/></stream:error>").startswith(
        "<stream:error xmlns='jabber:client' xmlns:stream='"
    )
    assert mod_frames.FRAMING == FRAMING
