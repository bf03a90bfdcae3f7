"""http_service — one question to an HTTP service of the operator, answered in bounded time.

OTP:      cf. httpc:request/4, as ejabberd's rest.erl uses it
Way:      auth_http, auth_oauth → [http_service] → the service
Process:  runs in the c2s
RFC:      9110, 9112 (the grammar is h11's)
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import h11

from otp.erts import process
from otp.erts.clock import CLOCK
from xmppd import limits_hit
from xmppd.auth.service_fails import Failures, ServiceFails

#: questions that may be on their way at a time, on each worker; others wait as long as an answer may take
MAX_AT_ONCE: Final = 100
#: bytes of an answer's head
_HEAD_BYTES: Final = 16384


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An HTTP service: where it is, what is shown to it as Authorization ("": nothing), who has signed its certificate
    (None: one of those whom the system trusts), and how many seconds it may take."""

    url: str = field(repr=False)
    authorization: str = field(default="", repr=False)
    ca: Path | None = None
    seconds: float = 5.0


def request(endpoint: Endpoint, kind: str, body: bytes) -> list[h11.Event]:
    """A POST of `body`, which is of the media type `kind`; a GET if that is empty."""
    parts = urlsplit(endpoint.url)
    headers = [
        ("Host", parts.netloc), ("Accept", "application/json"), ("Connection", "close"),
    ]  # fmt: skip
    if kind:
        headers += [("Content-Type", kind), ("Content-Length", str(len(body)))]
    if endpoint.authorization:
        headers.append(("Authorization", endpoint.authorization))
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    asked = h11.Request(method="POST" if kind else "GET", target=target, headers=headers)
    return [asked, *([h11.Data(data=body)] if kind else []), h11.EndOfMessage()]


class HttpService:
    """A service that may be asked; its certificate is verified."""

    __slots__ = ("_asked", "_endpoint", "_ssl", "told")

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        https = urlsplit(endpoint.url).scheme == "https"
        self._ssl = ssl.create_default_context(cafile=endpoint.ca) if https else None
        self._asked, self.told = 0, Failures()

    async def get(self, most: int) -> tuple[int, bytes]:
        """Ask for what is there; else as post(). Raises ServiceFails."""
        return await self.post("", b"", most)

    async def post(self, kind: str, body: bytes, most: int = 0) -> tuple[int, bytes]:
        """Ask; the status of the answer, and its body if that has at most so many bytes. Raises ServiceFails."""
        seconds = self._endpoint.seconds
        deadline = CLOCK.monotonic() + seconds
        while self._asked >= MAX_AT_ONCE:
            if CLOCK.monotonic() > deadline:
                limits_hit.LOGIN_QUEUE.n += 1
                raise ServiceFails("too many are being asked about")
            await process.sleep(0.05)
        self._asked += 1
        try:
            async with asyncio.timeout(seconds):
                return await self._talk(request(self._endpoint, kind, body), most)
        except TimeoutError:
            raise ServiceFails(f"it has not answered in {seconds:g} seconds") from None
        except (OSError, EOFError, ValueError, h11.ProtocolError) as error:
            raise ServiceFails(str(error) or type(error).__name__) from None
        finally:
            self._asked -= 1

    async def _talk(self, events: list[h11.Event], most: int) -> tuple[int, bytes]:
        """Send a request over a connection of its own, and read as much of the answer as is wanted."""
        parts = urlsplit(self._endpoint.url)
        port = parts.port or (443 if self._ssl is not None else 80)
        reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=self._ssl)
        try:
            http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_BYTES)
            for event in events:
                writer.write(http.send(event) or b"")
            await writer.drain()
            status, body = 0, b""
            while not isinstance(answer := http.next_event(), h11.EndOfMessage):
                if isinstance(answer, h11.Response):
                    status = answer.status_code
                    if not most:
                        break
                elif isinstance(answer, h11.Data):
                    body += bytes(answer.data)
                    if len(body) > most:
                        raise EOFError("its answer is too long")
                elif answer is h11.NEED_DATA:
                    http.receive_data(await reader.read(4096))
                elif not isinstance(answer, h11.InformationalResponse):
                    raise EOFError("it has closed without an answer")
            return status, body
        finally:
            writer.transport.abort()
