"""client — a client by hand: sends text, waits for text; TLS where wanted. For wire tests."""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from typing import cast

from otp.erts.scheduler import THIS
from tests.support.node import until

OPEN = (
    "<?xml version='1.0'?><stream:stream to='{to}' xmlns='jabber:client' "
    "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
)


class Client(asyncio.Protocol):
    """One connection. `seen` is all that was read; `closed` is true when the server has closed."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport = None  # type: ignore[assignment]  # until connection_made
        self.seen = ""
        self.mark = 0
        self.closed = False
        self._raw = b""
        self._tls: ssl.SSLObject | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()

    @classmethod
    async def connect(cls, port: int, host: str = "127.0.0.1") -> Client:
        """Open a connection; nothing is sent."""
        _, made = await THIS.loop.create_connection(cls, host, port)
        return made

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._tls is not None:
            self._incoming.write(data)
            self._turn_tls()
            return
        self._raw += data
        self._take(data)

    def _take(self, data: bytes) -> None:
        self.seen += data.decode()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True

    # -- TLS

    async def start_tls(self, name: str = "localhost") -> None:
        """Be the client of a TLS handshake from here on."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        self._turn_tls()
        await until(lambda: self._tls is not None and self._tls.version() is not None)

    def _turn_tls(self) -> None:
        assert self._tls is not None
        try:
            self._tls.do_handshake()
            while data := self._tls.read(65536):
                self._take(data)
        except ssl.SSLWantReadError:
            pass
        self.transport.write(self._outgoing.read())

    # -- words

    def send(self, text: str | bytes) -> None:
        """Send as it is."""
        data = text.encode() if isinstance(text, str) else text
        if self._tls is not None:
            self._tls.write(data)
            data = self._outgoing.read()
        self.transport.write(data)

    async def expect(self, pattern: str, seconds: float = 5.0) -> str:
        """Wait until `pattern` (a regular expression) matches behind what was matched before; returns the match."""
        regex = re.compile(pattern, re.DOTALL)
        try:
            found = await until(lambda: regex.search(self.seen, self.mark), seconds)
        except AssertionError:
            raise AssertionError(f"{pattern!r} did not come; there is {self.seen[self.mark :]!r}") from None
        self.mark = found.end()
        return str(found.group())

    async def gone(self) -> str:
        """Wait until the server has closed; returns what was not matched before."""
        await until(lambda: self.closed)
        return self.seen[self.mark :]

    def nothing_more(self) -> bool:
        """True if all that came has been matched."""
        return self.mark == len(self.seen)

    # -- phrases

    async def open(self, to: str = "localhost") -> str:
        """A stream header; returns the features."""
        self.send(OPEN.format(to=to))
        return await self.expect("<stream:features>.*?</stream:features>|<stream:features/>")

    async def plain(self, user: str, password: str, to: str = "localhost") -> None:
        """Open a stream and log in by SASL PLAIN."""
        await self.open(to)
        token = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        self.send(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{token}</auth>")
        await self.expect("<success")

    async def bind(self, resource: str = "", to: str = "localhost") -> str:
        """After login: a new stream, and a resource; returns the full JID."""
        await self.open(to)
        wish = f"<resource>{resource}</resource>" if resource else ""
        self.send(f"<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>{wish}</bind></iq>")
        reply = await self.expect("<jid>.*?</jid>.*?</iq>")
        return reply.removeprefix("<jid>").partition("</jid>")[0]

    async def login(self, user: str, resource: str = "", password: str = "secret", to: str = "localhost") -> str:
        """All of it; returns the full JID."""
        await self.plain(user, password, to)
        return await self.bind(resource, to)
