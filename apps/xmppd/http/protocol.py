"""protocol — one connection's HTTP/1.1 as a value: bytes in, requests out; responses in, bytes out. No I/O.

Way:      http.http_connection → [protocol] → http.messages
RFC:      9112; 9110 §10.1.1 (100-continue)
Differs:  the grammar is h11's. It is stricter where two programs might read one thing in two ways (request smuggling):
          a bare line feed, a folded line, two lengths, a length beside a transfer coding are refused
"""

from __future__ import annotations

import http
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import h11

from xmppd.http.messages import HttpError, HttpRequest, HttpResponse, target

#: bytes of a request's line and headers together, and how many headers
HEAD_BYTES: Final = 16 * 1024
HEADERS: Final = 100
_LENGTH: Final = re.compile(rb"(?i)^content-length[ \t]*:([^\r\n]*)", re.MULTILINE)
_LOOSE: Final = re.compile(rb"(?<!\r)\n|\r(?!\n)|\n[ \t]|\n[^:\r\n]*[ \t]:")
_END: Final = b"\r\n\r\n"

#: how many bytes the body of a request may have; raises HttpError for what is not served
BodyLimit = Callable[[HttpRequest], int]


@dataclass(frozen=True, slots=True)
class NeedData:
    """The request is not whole: more is to be read, once `interim` was sent. `begun`: part of it is there."""

    begun: bool
    interim: bytes = b""


class Http1:
    """The server's side of one connection."""

    __slots__ = ("_body", "_body_limit", "_conn", "_method", "_request", "_size", "_whole_head")

    def __init__(self, body_limit: BodyLimit) -> None:
        self._conn = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_BYTES)
        self._body_limit = body_limit
        self._request: HttpRequest | None = None
        self._method = b""
        self._whole_head = False  # of the next request: it was looked at
        self._body: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> None:
        """Take bytes off the wire; b"" is their end."""
        try:
            self._conn.receive_data(data)
        except RuntimeError:  # behind what was the end
            raise HttpError(400, "the connection was at its end") from None

    def next_request(self) -> HttpRequest | NeedData | None:
        """The next whole request; None: there will be none, the connection is to be closed. Raises HttpError: it is
        answered, and then nothing else is read."""
        while True:
            if self._request is None:
                self._look_at_head()
            event = self._event()
            match event:
                case h11.Request():
                    self._begin(event)
                case h11.Data():
                    self._add(bytes(event.data))
                case h11.EndOfMessage():
                    return self._end()
                case h11.ConnectionClosed():
                    return None
                case h11.PAUSED:
                    return None
                case _:
                    return NeedData(self._request is not None or bool(self._conn.trailing_data[0]), self._interim())

    def respond(self, response: HttpResponse, date: str, *, close: bool = False) -> bytes:
        """The bytes of an answer to the request that was taken last, or to one that is refused."""
        conn = self._conn
        if conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return b""
        headers = {
            "date": date, "content-length": str(len(response.body)), "content-type": response.type,
            "x-content-type-options": "nosniff", "cache-control": "no-store", **response.headers,
        }  # fmt: skip
        if close:
            headers["connection"] = "close"
        reason = http.HTTPStatus(response.status).phrase
        head = h11.Response(status_code=response.status, headers=list(headers.items()), reason=reason)
        sent = conn.send(head) or b""
        if self._method != b"HEAD":
            sent += conn.send(h11.Data(data=response.body)) or b""
        return sent + (conn.send(h11.EndOfMessage()) or b"")

    def go_on(self) -> bool:
        """After an answer: make ready for another request; False if there can be none."""
        if self._conn.our_state is not h11.DONE or self._conn.their_state is not h11.DONE:
            return False
        self._conn.start_next_cycle()
        self._request, self._method, self._whole_head = None, b"", False
        return True

    # -- internals

    def _event(self) -> Any:
        try:
            return self._conn.next_event()
        except h11.RemoteProtocolError as error:
            status = error.error_status_hint
            raise HttpError(status, "the head is too long" if status == 431 else "not HTTP/1.1 as we read it") from None

    def _look_at_head(self) -> None:
        """Refuse what can be read in two ways, before h11 reads it in one."""
        if self._whole_head:
            return
        head, end, _ = self._conn.trailing_data[0].lstrip(b"\r\n").partition(_END)
        self._whole_head = bool(end)
        if len(head) > HEAD_BYTES:
            raise HttpError(431, "the head is too long")
        if _LOOSE.search(head if end else head.rstrip(b"\r")):
            raise HttpError(400, "a line ends or goes on in a way of its own")
        lengths = _LENGTH.findall(head)
        if len(lengths) > 1 or any(b"," in length for length in lengths):
            raise HttpError(400, "more than one Content-Length")

    def _begin(self, event: h11.Request) -> None:
        self._method = event.method
        if event.http_version not in (b"1.1", b"1.0"):
            raise HttpError(505, "this is served by HTTP/1.1")
        if len(event.headers) > HEADERS:
            raise HttpError(431, "too many headers")
        headers = tuple((name.decode(), value.decode("latin-1")) for name, value in event.headers)
        names = {name for name, _ in headers}
        if {"content-length", "transfer-encoding"} <= names:
            raise HttpError(400, "a Content-Length beside a Transfer-Encoding")
        if "transfer-encoding" in names and event.http_version < b"1.1":
            raise HttpError(400, "a Transfer-Encoding of HTTP/1.0")
        path, query = target(event.target.decode("latin-1"))
        request = HttpRequest(event.method.decode(), path, query, headers)
        self._request, self._body, self._size = request, [], 0
        length = int(request.header("content-length") or 0)
        if length > self._body_limit(request):
            raise HttpError(413, "the body is too large")

    def _add(self, data: bytes) -> None:
        assert self._request is not None
        self._size += len(data)
        if self._size > self._body_limit(self._request):
            raise HttpError(413, "the body is too large")
        self._body.append(data)

    def _end(self) -> HttpRequest:
        request = self._request
        assert request is not None
        body = b"".join(self._body)
        self._body = []
        return HttpRequest(request.method, request.path, request.query, request.headers, body)

    def _interim(self) -> bytes:
        """100 Continue, where it is waited for."""
        if not self._conn.they_are_waiting_for_100_continue:
            return b""
        return self._conn.send(h11.InformationalResponse(status_code=100, headers=[])) or b""
