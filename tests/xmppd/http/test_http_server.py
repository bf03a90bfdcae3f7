"""One connection of HTTP, from its first byte to its end, on a server that runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from otp.erts import process
from otp.stdlib import supervisor
from tests.support.http_client import PATIENCE, answers, get, talk
from xmppd.http import http_sup, routes
from xmppd.http.http_server import MOST, is_trusted
from xmppd.http.messages import HttpRequest, HttpResponse
from xmppd.http.routes import HttpRoute
from xmppd.routing import handler_table
from xmppd.testing.server import Server, serve

GET = b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n"


def play(body: Callable[[Server], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with serve(http=True) as server:
            await body(server)

    asyncio.run(whole())


async def add(path: str, route: HttpRoute) -> None:
    await handler_table.register(routes.TABLE, "mod_x@localhost", (routes.entry(path, route, "mod_x@localhost"),))


async def processes() -> int:
    return len(await supervisor.which_children(http_sup.NAME))


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await condition():
            await asyncio.sleep(0.01)


async def none_left() -> bool:
    return await processes() == 0


def test_several_requests_of_one_connection_are_answered_in_order() -> None:
    async def body(server: Server) -> None:
        said = answers(await talk(server.http_port, GET % b"/healthz" + GET % b"/readyz" + b"GET / HTTP/1.0\r\n\r\n"))
        assert [one.status for one in said] == [200, 200, 404]
        await until(none_left)

    play(body)


def test_head_has_the_headers_of_get_and_no_body() -> None:
    async def body(server: Server) -> None:
        whole, head = [await get(server.http_port, "/healthz", method=method) for method in ("GET", "HEAD")]
        assert (head.status, head.body) == (200, b"")
        assert head.headers["content-length"] == whole.headers["content-length"] == str(len(whole.body))

    play(body)


def test_a_handler_that_fails_is_answered_and_told_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    def fail(request: HttpRequest) -> HttpResponse:
        raise RuntimeError("a bug in here")

    async def body(server: Server) -> None:
        await add("/x", HttpRoute(fail))
        assert (await get(server.http_port, "/x")).status == 500
        assert (await get(server.http_port, "/healthz")).status == 200

    with caplog.at_level(logging.ERROR):
        play(body)
    assert "a bug in here" in caplog.text


def test_a_handler_that_never_answers_is_ended() -> None:
    seen: list[object] = []

    async def stay(request: HttpRequest) -> HttpResponse:
        seen.append(process.self_())
        await process.sleep(10_000)
        return HttpResponse()

    async def body(server: Server) -> None:
        await add("/x", HttpRoute(stay, seconds=0.1))
        assert (await get(server.http_port, "/x")).status == 503
        assert [pid for pid in process.processes() if pid in seen] == []

    play(body)


def test_a_body_comes_to_the_handler_and_too_much_of_it_does_not() -> None:
    async def body(server: Server) -> None:
        await add("/x", HttpRoute(lambda request: HttpResponse(body=request.body[::-1]), ("POST",), body=4))
        head = b"POST /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
        assert answers(await talk(server.http_port, head % 4, b"ab", b"cd"))[0].body == b"dcba"
        assert answers(await talk(server.http_port, head % 5, b"abcde"))[0].status == 413

    play(body)


def test_who_sends_a_byte_at_a_time_has_as_much_time_as_all() -> None:
    async def body(server: Server) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.http_port)
        for _ in range(6):
            writer.write(b"G")
            await writer.drain()
            await server.settle()
            await server.clock.advance(5)
        assert answers(await asyncio.wait_for(reader.read(), PATIENCE))[0].status == 408
        writer.close()
        await until(none_left)

    play(body)


def test_who_says_nothing_is_let_go_without_a_word() -> None:
    async def body(server: Server) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.http_port)
        await server.settle()
        await server.clock.advance(31)
        assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
        writer.close()

    play(body)


def test_a_connection_has_an_end() -> None:
    async def body(server: Server) -> None:
        said = answers(await talk(server.http_port, GET % b"/healthz" * (MOST + 5)))
        assert [one.status for one in said] == [200] * MOST
        assert said[-1].headers["connection"] == "close"

    play(body)


def test_connections_that_do_nothing_make_room_for_one_that_asks() -> None:
    async def body(server: Server) -> None:
        idle = [await asyncio.open_connection("127.0.0.1", server.http_port) for _ in range(150)]
        assert (await get(server.http_port, "/healthz")).status == 200
        assert await processes() <= 101
        assert (await server.client("alice")).jid  # and take no client's place
        for _, writer in idle:
            writer.close()
        await until(none_left)

    play(body)


@pytest.mark.parametrize(
    "hostile",
    [
        b"\x16\x03\x01\x02\x00" + b"\x00" * 500,
        b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"y" * 1_000_000,
        b"<?xml version='1.0'?><stream:stream>\r\n\r\n",
        b"\r\n" * 100_000,
        b"POST /healthz HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 10_000,
    ],
)
def test_nothing_stays_of_what_is_no_request(hostile: bytes) -> None:
    async def body(server: Server) -> None:
        said = await talk(server.http_port, hostile)
        assert said == b"" or answers(said)[0].status in (400, 404, 405, 413, 431)
        await until(none_left)
        assert (await get(server.http_port, "/healthz")).status == 200

    play(body)


@pytest.mark.parametrize(
    ("peer", "headers", "trusted"),
    [
        ("127.0.0.1", (), True),
        ("::ffff:127.0.0.1", (), True),
        ("10.1.2.3", (), True),
        ("10.2.0.1", (), False),
        ("::1", (), False),
        ("fe80::1%eth0", (), False),
        ("", (), False),
        ("127.0.0.1", (("x-forwarded-for", "192.0.2.1"),), False),
        ("127.0.0.1", (("forwarded", "for=192.0.2.1"),), False),
        ("127.0.0.1", (("via", "1.1 proxy"),), False),
    ],
)
def test_monitors_are_those_of_the_networks_and_come_by_themselves(
    peer: str, headers: tuple[tuple[str, str], ...], trusted: bool
) -> None:
    request = HttpRequest("GET", "/", headers=headers)
    assert is_trusted(peer, request, ("127.0.0.0/8", "10.1.0.0/16")) is trusted
