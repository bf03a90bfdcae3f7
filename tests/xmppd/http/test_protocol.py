"""HTTP/1.1 as a value: the same requests however they are cut into packets, and one reading of each or none."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppd.http.messages import HttpError, HttpRequest, HttpResponse
from xmppd.http.protocol import HEAD_BYTES, HEADERS, Http1, NeedData

DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
BODY = 100


def limit(request: HttpRequest) -> int:
    return BODY


def play(*pieces: bytes) -> tuple[list[HttpRequest], int, bytes]:
    """The requests that the pieces hold, the status with which the last was refused (0: none was), and all that was
    written."""
    protocol, found, written = Http1(limit), [], b""
    try:
        for piece in pieces:
            protocol.feed(piece)
            while isinstance(one := protocol.next_request(), HttpRequest):
                found.append(one)
                written += protocol.respond(HttpResponse(body=b"ok"), DATE)
                if not protocol.go_on():
                    return found, 0, written
            if isinstance(one, NeedData):
                written += one.interim
    except HttpError as error:
        return found, error.status, written + protocol.respond(error.response(), DATE, close=True)
    return found, 0, written


GOOD = (
    b"GET /a?b=c HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nX-A: 2\r\n\r\n"
    b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
    b"POST /q HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    b"HEAD /h HTTP/1.1\r\nHost: h\r\n\r\n"
)


@given(st.lists(st.integers(0, len(GOOD))))
def test_requests_are_the_same_however_they_are_cut(cuts: list[int]) -> None:
    ends = sorted({0, *cuts, len(GOOD)})
    found, refused, written = play(*(GOOD[a:b] for a, b in pairwise(ends)))
    assert refused == 0
    assert [(one.method, one.path, one.query, one.body) for one in found] == [
        ("GET", "/a", "b=c", b""),
        ("POST", "/p", "", b"hello"),
        ("POST", "/q", "", b"abcde"),
        ("HEAD", "/h", "", b""),
    ]
    assert found[0].header("x-a") == "1, 2"
    assert written.count(b"HTTP/1.1 200 OK\r\n") == 4
    assert written.count(b"\r\n\r\nok") == 3


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),  # no Host
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505),
        (b"GET /\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),  # TLS
        (b"<stream:stream xmlns='jabber:client'>\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\ncontent-length: 6\r\n\r\nhello", 400),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5, 5\r\n\r\nhello", 400),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +5\r\n\r\nhello", 400),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -5\r\n\r\nhello", 400),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length : 5\r\n\r\nhello", 400),
        (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 501),
        (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"GET / HTTP/1.1\nHost: h\n\n", 400),  # bare line feeds
        (b"GET / HTTP/1.1\r\nHost: h\r\nX: a\n\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", 400),  # a folded line
        (b"GET / HTTP/1.1\r\nHost: h\r\nX\x00Y: a\r\n\r\n", 400),
        (b"GET /../etc/passwd HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (b"CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" + b"x" * 101, 413),
        (b"GET / HTTP/1.1\r\nHost: h\r\n" + b"X: y\r\n" * (HEADERS + 1) + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"y" * HEAD_BYTES, 431),
        (b"G" * (HEAD_BYTES + 1), 431),
        (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: h\r\n\r\n", 414),
    ],
)
def test_what_is_not_one_request_is_refused_and_nothing_behind_it_is_read(request_: bytes, status: int) -> None:
    found, refused, written = play(request_ + b"GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n")
    assert (found, refused) == ([], status)
    assert written.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"\r\nConnection: close\r\n" in written.replace(b"connection", b"Connection")


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=4))
def test_no_bytes_raise_anything_else(data: bytes, cuts: list[int]) -> None:
    ends = sorted({0, *cuts, len(data)})
    play(*(data[a:b] for a, b in pairwise(ends)), b"")


def test_a_body_is_waited_for_with_a_word() -> None:
    head = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    found, refused, written = play(head, b"ab")
    assert written.startswith(b"HTTP/1.1 100 ")
    assert [one.body for one in found] == [b"ab"]
    assert refused == 0


def test_a_large_body_is_refused_before_it_is_sent() -> None:
    _, refused, written = play(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 200\r\nExpect: 100-continue\r\n\r\n")
    assert refused == 413
    assert b"100 Continue" not in written


@pytest.mark.parametrize(
    "request_", [b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"]
)
def test_who_wants_one_answer_gets_one(request_: bytes) -> None:
    found, _, written = play(request_ * 2)
    assert len(found) == 1
    assert b"\r\nConnection: close\r\n" in written


def test_an_answer_says_how_it_may_be_used() -> None:
    _, _, written = play(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    for line in (f"date: {DATE}", "x-content-type-options: nosniff", "cache-control: no-store", "content-length: 2"):
        assert f"\r\n{line}\r\n".encode() in written


def test_the_end_of_what_is_sent_is_the_end() -> None:
    protocol = Http1(limit)
    assert protocol.next_request() == NeedData(begun=False)
    protocol.feed(b"")
    assert protocol.next_request() is None
    with pytest.raises(HttpError):
        protocol.feed(b"more")
