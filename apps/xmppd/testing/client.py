"""client — a client by hand: sends text, waits for text or for elements; TLS where wanted.

Way:  a test → [client] → the server's socket
RFC:  6120 §4 (streams), §5 (STARTTLS), §6.4 (SASL PLAIN), §7 (a resource)

All that comes from the server is kept as text in `seen`. What was matched before lies in front of `mark`, and each
`expect`, `receive` and `ask` looks behind it only. How long they wait is real time, whatever the server's clock says.
"""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar, cast

from xmpp_core.element import Element
from xmpp_core.parser import WRITTEN, StreamEnd, XmlStreamParser

T = TypeVar("T")
PATIENCE: Final = 15.0
OPEN: Final = (
    "<?xml version='1.0'?><stream:stream to='{to}' xmlns='jabber:client' "
    "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
)
_SASL: Final = "urn:ietf:params:xml:ns:xmpp-sasl"


class Client(asyncio.Protocol):
    """One connection. `jid` is its full JID once it is bound; `closed` is true when the server has closed."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport = None  # type: ignore[assignment]  # until connection_made
        self.jid = ""
        self.seen = ""
        self.mark = 0
        self._between = 0  # where in `seen` elements begin that may have to be received
        self.closed = False
        self._raw = b""
        self._waiters: list[asyncio.Future[None]] = []
        self._tls: ssl.SSLObject | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()

    @classmethod
    async def connect(cls, port: int, host: str = "127.0.0.1") -> Client:
        """Open a connection; nothing is sent. Raises OSError."""
        _, made = await asyncio.get_running_loop().create_connection(cls, host, port)
        return made

    # -- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Keep what came, decrypted."""
        if self._tls is None:
            self._take(data)
        else:
            self._incoming.write(data)
            self._turn_tls()

    def connection_lost(self, exc: Exception | None) -> None:
        """The server has closed, or we have."""
        self.closed = True
        self._wake()

    def _take(self, data: bytes) -> None:
        try:
            self.seen += (self._raw + data).decode()
            self._raw = b""
        except UnicodeDecodeError:  # a character is on its way
            self._raw += data
        self._wake()

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def _until(self, found: Callable[[], T | None], seconds: float) -> T | None:
        """What found() gives, asked again after each arrival; None if it gives nothing in time, or never will."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds):
                while (value := found()) is None and not self.closed:
                    waiter: asyncio.Future[None] = loop.create_future()
                    self._waiters.append(waiter)
                    await waiter
                return value
        except TimeoutError:
            return None

    # -- TLS

    async def start_tls(self, name: str = "localhost", trust: Path | None = None, own: Path | None = None) -> None:
        """Be the client of a TLS handshake from here on; the certificate is checked against the PEM file `trust`, or
        not at all; `own` is the file with the certificate and the key that the client shows. Raises AssertionError if
        there is no handshake within PATIENCE."""
        context = ssl.create_default_context(cafile=str(trust) if trust is not None else None)
        if trust is None:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if own is not None:
            context.load_cert_chain(own)
        tls = self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        self._turn_tls()
        assert await self._until(tls.version, PATIENCE), "no TLS handshake"

    def _turn_tls(self) -> None:
        assert self._tls is not None
        try:
            self._tls.do_handshake()
            while data := self._tls.read(65536):
                self._take(data)
        except ssl.SSLWantReadError:
            pass
        self.transport.write(self._outgoing.read())
        self._wake()

    # -- words

    def send(self, text: str | bytes) -> None:
        """Send as it is."""
        data = text.encode() if isinstance(text, str) else text
        if self._tls is not None:
            self._tls.write(data)
            data = self._outgoing.read()
        self.transport.write(data)

    async def expect(self, pattern: str, seconds: float = PATIENCE) -> str:
        """Wait until `pattern`, a regular expression, matches; returns the match; what was before it is passed over.

        Raises AssertionError with what there is after `seconds`, or when the server has closed.
        """
        regex = re.compile(pattern, re.DOTALL)
        found = await self._until(lambda: regex.search(self.seen, self.mark), seconds)
        if found is None:
            raise AssertionError(f"{pattern!r} did not come; there is {self.seen[self.mark :]!r}")
        self.mark = found.end()
        return found.group()

    async def receive(self, seconds: float = PATIENCE) -> Element:
        """The next element of the stream: a stanza, as a rule. One of which expect() has matched a part is passed over.

        Raises AssertionError as expect() does.
        """
        found = await self._until(self._element, seconds)
        if found is None:
            raise AssertionError(f"no element came; there is {self.seen[self.mark :]!r}")
        element, self.mark = found
        return element

    def _element(self) -> tuple[Element, int] | None:
        """The first whole element that begins behind the mark, and where it ends."""
        begin = self._between
        parser = XmlStreamParser(WRITTEN)
        if not self.seen.startswith(("<?xml", "<stream:stream"), begin):
            parser.feed(OPEN.format(to="").encode())
        position = begin
        while end := self.seen.find(">", position) + 1:
            for event in parser.feed(self.seen[position:end].encode()):
                if isinstance(event, Element) and begin >= self.mark:
                    return event, end
                if not isinstance(event, StreamEnd):
                    begin = self._between = end
            position = end
        return None

    async def ask(self, iq: str, seconds: float = PATIENCE) -> Element:
        """Send an IQ and wait for its answer, a result or an error; other stanzas are passed over.

        Raises AssertionError as expect() does; ValueError if the text has no id.
        """
        id_ = re.search(r"""\bid=['"]([^'"]+)""", iq)
        if id_ is None:
            raise ValueError(f"no id: {iq}")
        self.send(iq)
        while True:
            answer = await self.receive(seconds)
            if (answer.name, answer.get("id")) == ("iq", id_[1]) and answer.get("type") in ("result", "error"):
                return answer

    def nothing_more(self) -> bool:
        """True if no element has come that was not received or matched, at least in part, and the stream goes on.

        Let the server come to rest before: Server.settle().
        """
        return self.mark == len(self.seen) or (self._element() is None and self._between == len(self.seen))

    async def gone(self) -> str:
        """Wait until the server has closed; returns what was not matched before. Raises AssertionError."""
        await self._until(lambda: None, PATIENCE)
        assert self.closed, "the server has not closed"
        return self.seen[self.mark :]

    async def close(self) -> None:
        """End the stream in order, and wait until the server has closed. Raises AssertionError."""
        self.send("</stream:stream>")
        await self.gone()

    def drop(self) -> None:
        """Break the connection without a word."""
        self.transport.abort()

    # -- phrases

    async def open(self, to: str = "localhost") -> str:
        """A stream header; returns the features."""
        self.send(OPEN.format(to=to))
        features = await self.expect("<stream:features>.*?</stream:features>|<stream:features/>")
        self._between = self.mark
        return features

    async def plain(self, user: str, password: str, to: str = "localhost") -> None:
        """Open a stream and log in by SASL PLAIN. Raises AssertionError if the server refuses."""
        await self.open(to)
        token = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        self.send(f"<auth xmlns='{_SASL}' mechanism='PLAIN'>{token}</auth>")
        answer = await self.expect("<success[^>]*>|<failure.*?</failure>")
        assert answer.startswith("<success"), answer

    async def bind(self, resource: str = "", to: str = "localhost") -> str:
        """After login: a new stream, and a resource; returns the full JID."""
        await self.open(to)
        wish = f"<resource>{resource}</resource>" if resource else ""
        self.send(f"<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>{wish}</bind></iq>")
        reply = await self.expect("<jid>.*?</jid>.*?</iq>")
        self.jid = reply.removeprefix("<jid>").partition("</jid>")[0]
        return self.jid

    async def login(self, user: str, resource: str = "", password: str = "secret", to: str = "localhost") -> str:
        """All of it; returns the full JID."""
        await self.plain(user, password, to)
        return await self.bind(resource, to)
