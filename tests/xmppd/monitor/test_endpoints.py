"""/healthz, /readyz and /metrics of a server that runs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from prometheus_client.parser import text_string_to_metric_families as parse

from tests.support.http_client import get
from xmppd.monitor import health
from xmppd.testing.server import Server, serve


def play(body: Callable[[Server], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with serve(http=True) as server:
            await body(server)

    asyncio.run(whole())


def test_it_lives_and_is_ready() -> None:
    async def body(server: Server) -> None:
        for path, status in (("/healthz", "ok"), ("/readyz", "ready")):
            answer = await get(server.http_port, path)
            assert (answer.status, json.loads(answer.body)["status"]) == (200, status)

    play(body)


def test_why_it_is_not_ready_is_for_monitors(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(server: Server) -> None:
        monkeypatch.setitem(health.CHECKS, "store", lambda: "it is gone")
        mine = await get(server.http_port, "/readyz")
        proxied = await get(server.http_port, "/readyz", "X-Forwarded-For: 192.0.2.1")
        assert (mine.status, json.loads(mine.body)["reasons"]) == (503, {"store": "it is gone"})
        assert (proxied.status, b"gone" in proxied.body) == (503, False)
        assert (await get(server.http_port, "/healthz")).status == 200

    play(body)


def test_metrics_are_text_for_prometheus_and_name_nobody() -> None:
    async def body(server: Server) -> None:
        await server.client("alice", "balcony")
        answer = await get(server.http_port, "/metrics")
        assert answer.status == 200
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        families = {family.name: family for family in parse(answer.body.decode())}
        [up] = families["xmppd_up"].samples
        assert up.value == 1
        sessions = {one.labels["state"]: one.value for one in families["xmppd_sessions"].samples}
        assert sessions == {"attached": 1, "detached": 0}
        for private in (b"alice", b"balcony", b"127.0.0.1", b"secret"):
            assert private not in answer.body
        more = await get(server.http_port, "/metrics", "Accept: application/openmetrics-text")
        assert more.headers["content-type"].startswith("application/openmetrics-text")
        assert more.body.endswith(b"# EOF\n")

    play(body)


def test_metrics_are_not_for_those_behind_a_proxy() -> None:
    async def body(server: Server) -> None:
        answer = await get(server.http_port, "/metrics", "Forwarded: for=192.0.2.1")
        assert answer.status == 403
        assert b"xmppd_up" not in answer.body

    play(body)
