"""test_http_service — one question: what is written, what is read, and what fails.

Way:  xmppd.auth.http_service, against a service that this file plays (the wire is in test_auth_http)
"""

from __future__ import annotations

import asyncio

import h11
import pytest

from tests.xmppd.auth.test_auth_http import Fake, service
from xmppd.auth.http_service import Endpoint, HttpService, ServiceFails, request


def test_what_is_written() -> None:
    told = Endpoint("https://id.example:8443/a/b?c=d", "Bearer t0ken")
    first, data, end = request(told, "text/plain", b"body")
    assert isinstance(first, h11.Request)
    assert isinstance(data, h11.Data)
    assert isinstance(end, h11.EndOfMessage)
    assert (first.method, first.target, data.data) == (b"POST", b"/a/b?c=d", b"body")
    headers = dict(first.headers)
    assert (headers[b"host"], headers[b"authorization"]) == (b"id.example:8443", b"Bearer t0ken")
    assert headers[b"content-length"] == b"4"
    assert "t0ken" not in repr(told)
    bare = request(Endpoint("http://localhost"), "text/plain", b"")[0]
    assert isinstance(bare, h11.Request)
    assert bare.target == b"/"
    assert b"authorization" not in dict(bare.headers)


def post(answer: bytes, most: int) -> tuple[int, bytes]:
    async def body() -> tuple[int, bytes]:
        async with service(Fake(answer)) as fake:
            return await HttpService(Endpoint(f"http://127.0.0.1:{fake.port}/")).post("text/plain", b"x", most)

    return asyncio.run(body())


@pytest.mark.parametrize("answer", [
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"HTTP/1.0 200 OK\r\n\r\nhello",
    b"HTTP/1.1 100 Go on\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
])  # fmt: skip
def test_what_is_read(answer: bytes) -> None:
    assert post(answer, 5) == (200, b"hello")
    assert post(answer, 0) == (200, b"")
    with pytest.raises(ServiceFails, match="too long"):
        post(answer, 4)


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", b"HTTP/1.1 2", b"?\r\n\r\n"])
def test_half_an_answer_is_none(answer: bytes) -> None:
    with pytest.raises(ServiceFails):
        post(answer, 5)
