"""listeners — makes the specs of the listeners from the configuration: the handler behind each `[[listen]]`.

Way:      config → sup → [listeners] → net.listener_sup
Process:  values only; made again when listener_sup restarts
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from xmpp_core import ns
from xmpp_core.bind import Policy
from xmpp_core.parser import Limits
from xmpp_core.stream_state import StreamConfig
from xmppd.auth.throttle import Throttle
from xmppd.config.schema import Config, Listen
from xmppd.net.acceptor import Handler, Service
from xmppd.net.connection_limits import ConnectionLimits, OpenConnections
from xmppd.net.listener import Address, raise_fd_limit
from xmppd.net.listener_sup import ListenerSpec
from xmppd.net.tcp_connection import Tcp
from xmppd.net.tls import TlsContexts
from xmppd.stream import c2s_sup, service_sup
from xmppd.stream.c2s_session import C2sSettings
from xmppd.stream.component import ServiceSettings


def listener_specs(config: Config, tls: TlsContexts | None, fds: Mapping[str, int] = {}) -> list[ListenerSpec]:
    """One per `[[listen]]`. `fds`: the inherited sockets by Listen.name; missing where there is none.

    `tls`: the hosts' contexts, None if no listener needs them.
    """
    files = raise_fd_limit()
    limits = config.limits
    most = ConnectionLimits(limits.connections, max(50, files // 10), 50, limits.address_connections)
    connections = OpenConnections(most)
    throttle = _throttle(limits.login_failures_per_minute)
    return [
        ListenerSpec(
            _address(config, listen, fds.get(listen.name)), _service(config, listen, connections, tls, throttle)
        )
        for listen in config.listen
    ]


def tls_contexts(config: Config) -> TlsContexts | None:
    """The hosts' certificates, read; development ones made where none is named. None if no listener has TLS.

    Raises OSError, ssl.SSLError or ValueError for a certificate that cannot be used.
    """
    if all(listen.tls == "off" for listen in config.listen):
        return None
    return TlsContexts(config.hosts, config.certificate_of, config.paths.certs, config.tls.min_version)


def _address(config: Config, listen: Listen, fd: int | None) -> Address:
    return Address(listen.name, listen.ip, listen.port, listen.backlog, fd, config.limits.vanished_seconds)


def _throttle(per_minute: int | None) -> Throttle | None:
    return None if per_minute is None else Throttle(per_minute / 60, per_minute)


def _service(
    config: Config, listen: Listen, connections: OpenConnections, tls: TlsContexts | None, throttle: Throttle | None
) -> Service:
    limits = config.limits
    tcp = Tcp(
        limits=_before(config),
        tls=tls,
        direct=listen.tls == "direct",
        send_queue=limits.send_queue_bytes,
        negotiation=limits.negotiation_seconds,
    )
    if listen.module == "component":
        return Service(_component(config, listen), connections, replace(tcp, content_ns=ns.COMPONENT).connect)
    clients = replace(tcp, rate=limits.rate, burst=limits.burst)
    return Service(client_handler(config, listen, throttle), connections, clients.connect)


def client_handler(config: Config, listen: Listen, throttle: Throttle | None = None) -> Handler:
    """What serves the clients of a listener, whatever carries their bytes. Without a `throttle` that it shares with
    other listeners its failed logins are counted by themselves."""
    if throttle is None:
        throttle = _throttle(config.limits.login_failures_per_minute)
    return c2s_sup.handler(_settings(config, listen, throttle))


def _settings(config: Config, listen: Listen, throttle: Throttle | None) -> C2sSettings:
    stream = StreamConfig(
        hosts=frozenset(config.hosts),
        tls=listen.tls,
        mechanisms=tuple(dict.fromkeys(name.removesuffix("-PLUS") for name in config.auth.mechanisms)),
        plain_without_tls=listen.plain_without_tls,
        legacy_auth=config.auth.legacy_auth,
        max_failures=config.limits.login_failures,
    )
    return C2sSettings(
        stream=stream,
        limits=_after(config),
        negotiation=config.limits.negotiation_seconds,
        throttle=throttle,
        iterations=config.auth.iterations,
        policy=Policy(listen.resource_conflict),
    )


def _component(config: Config, listen: Listen) -> Handler:
    return service_sup.handler(
        ServiceSettings(
            listen.secrets,
            frozenset(config.hosts),
            _after(config),
            config.limits.negotiation_seconds,
            listen.resource_conflict != "closenew",
        )
    )


def _before(config: Config) -> Limits:
    limits = config.limits
    return Limits(limits.pre_auth_bytes, limits.pre_auth_elements, limits.pre_auth_depth, limits.attributes)


def _after(config: Config) -> Limits:
    limits = config.limits
    return Limits(limits.stanza_bytes, limits.stanza_elements, limits.stanza_depth, limits.attributes)
