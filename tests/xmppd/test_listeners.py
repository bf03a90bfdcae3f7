"""From the configuration to what stands behind each listener."""

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

from tests.support.server import config
from xmppd import listeners, metrics
from xmppd.config.schema import AuthSection, LimitsSection, Listen
from xmppd.testing.server import serve

LISTEN = (
    Listen(module="c2s", ip="127.0.0.1", port=5222, tls="required"),
    Listen(module="c2s", ip="127.0.0.1", port=5223, tls="direct"),
    Listen(module="component", ip="127.0.0.1", port=5347, tls="off", secrets={"a.localhost": "s"}),
)


def test_each_listener_has_its_own_rules(tmp_path: Path) -> None:
    chosen = config(tmp_path, listen=LISTEN, limits=LimitsSection(rate=1000, pre_auth_bytes=2048))
    fds = {"c2s:127.0.0.1:5222": 7}
    c2s, direct, component = listeners.listener_specs(chosen, listeners.tls_contexts(chosen), fds=fds)
    assert [d.address.fd for d in (c2s, direct, component)] == [7, None, None]
    kinds: list[Any] = [spec.service.connect for spec in (c2s, direct, component)]  # methods of a Tcp each
    clients, encrypted, components = [connect.__self__ for connect in kinds]
    assert not clients.direct
    assert encrypted.direct
    assert encrypted.tls is not None
    assert components.content_ns == "jabber:component:accept"
    assert clients.rate == 1000
    assert components.rate is None
    assert clients.limits.bytes == 2048
    assert c2s.service.connections is direct.service.connections is component.service.connections


def test_without_tls_no_certificate_is_made(tmp_path: Path) -> None:
    chosen = dataclasses.replace(config(tmp_path), listen=LISTEN[2:])
    assert listeners.tls_contexts(chosen) is None
    assert not (tmp_path / "certs").exists()


def test_plus_follows_its_sibling(tmp_path: Path) -> None:
    chosen = config(tmp_path, auth=AuthSection(mechanisms=("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN")))
    settings = listeners._settings(chosen, chosen.listen[0], None)
    assert settings.stream.mechanisms == ("SCRAM-SHA-256", "PLAIN")
    assert settings.throttle is None


def test_a_module_that_serves_clients_need_not_think_of_the_limit_of_failed_logins(tmp_path: Path) -> None:
    chosen = config(tmp_path, limits=LimitsSection(login_failures_per_minute=3))
    handler: Any = listeners.client_handler(chosen, Listen(tls="off"))
    [settings] = handler.args
    assert settings.throttle is not None
    unlimited: Any = listeners.client_handler(
        config(tmp_path, limits=LimitsSection(login_failures_per_minute=None)), Listen()
    )
    assert unlimited.args[0].throttle is None


def test_connections_are_measured_by_whether_they_have_logged_in() -> None:
    async def body() -> None:
        async with serve(http=True) as server:
            await server.client("alice")
            await server.connect()
            _, writer = await asyncio.open_connection("127.0.0.1", server.http_port)
            await server.settle()
            rows = {labels[0]: number for labels, number in metrics.METRICS["xmppd_connections"].sample()[4]}
            assert rows == {"authenticated": 1, "unauthenticated": 1, "http": 1}
            assert dict(metrics.METRICS["xmppd_connections_refused_total"].sample()[4]) == {(): 0}
            writer.close()

    asyncio.run(body())
