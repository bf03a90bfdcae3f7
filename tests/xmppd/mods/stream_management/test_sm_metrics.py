"""What is measured of sessions that outlive their connections."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.support.sm_client import back, detached, enabled, message
from xmppd import metrics
from xmppd.testing.server import serve


def value(name: str, *labels: str) -> float:
    found: dict[tuple[str, ...], Any] = dict(metrics.METRICS[name].sample()[4])
    return float(found[labels])


def test_resumed_refused_and_unacknowledged() -> None:
    async def body() -> None:
        async with serve() as server:
            alice, id_ = await enabled(server)
            bob = await server.client("bob")
            names = ("xmppd_sm_resumed_total", "xmppd_sm_hibernated_total", "xmppd_sm_expired_total")
            before = {name: value(name) for name in names}
            refused = value("xmppd_sm_failed_total", "item-not-found")
            for number in range(3):
                bob.send(message(str(number)))
            await alice.expect("<body>2</body>")
            assert value("xmppd_sm_unacknowledged") == 3
            alice.drop()
            await detached()
            assert dict(metrics.METRICS["xmppd_sessions"].sample()[4])["detached",] == 1
            await (await back(server, "no such", 0)).expect("<failed ")
            assert value("xmppd_sm_failed_total", "item-not-found") == refused + 1
            again = await back(server, id_, 3)
            await again.expect("<resumed ")
            await server.settle()
            assert value("xmppd_sm_unacknowledged") == 0
            again.drop()
            await detached()
            await server.clock.advance(3600)
            assert {name: value(name) - before[name] for name in names} == {
                "xmppd_sm_resumed_total": 1, "xmppd_sm_hibernated_total": 2, "xmppd_sm_expired_total": 1,
            }  # fmt: skip

    asyncio.run(body())
