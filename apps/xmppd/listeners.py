"""listeners — makes the specs of the listeners from the configuration: the handler behind each `[[listen]]`.

Way:      config → sup → [listeners] → net.listener_sup
Process:  values only; made again when listener_sup restarts
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from xmpp_core import ns
from xmpp_core.bind import Policy
from xmpp_core.parser import Limits
from xmpp_core.stream_state import StreamConfig
from xmppd import metrics
from xmppd.auth.certified import identities
from xmppd.auth.throttle import Throttle
from xmppd.config import guests
from xmppd.config.schema import AuthSection, Config, Listen
from xmppd.http import http_sup
from xmppd.http.http_connection import Http
from xmppd.http.http_server import HttpSettings
from xmppd.monitor import endpoints
from xmppd.net.acceptor import Handler, Service
from xmppd.net.connection_limits import ConnectionLimits, OpenConnections
from xmppd.net.listener import Address, raise_fd_limit
from xmppd.net.listener_sup import ListenerSpec
from xmppd.net.tcp_connection import Tcp
from xmppd.net.tls import TlsContexts
from xmppd.stream import c2s_sup, service_sup
from xmppd.stream.c2s_session import C2sSettings, Whose
from xmppd.stream.component import ServiceSettings

#: connections of HTTP on a worker, of which none takes a client's place; those that came first make room
HTTP_CONNECTIONS: Final = ConnectionLimits(200, 100, 50, None)


_OPEN: Final = metrics.gauge("xmppd_connections", "open connections of clients and components, and of HTTP", state=())
_REFUSED: Final = metrics.counter("xmppd_connections_refused_total", "connections that were closed without a word")


def open_connections(config: Config) -> OpenConnections:
    """What counts the connections of all listeners of this worker."""
    files, limits = raise_fd_limit(), config.limits
    return OpenConnections(ConnectionLimits(limits.connections, max(50, files // 10), 50, limits.address_connections))


def listener_specs(
    config: Config, tls: TlsContexts | None, connections: OpenConnections | None = None, fds: Mapping[str, int] = {}
) -> list[ListenerSpec]:
    """One per `[[listen]]`. `fds`: the inherited sockets by Listen.name; missing where there is none.

    `tls`: the hosts' contexts, None if no listener needs them; `connections`: what counts them, by default their own.
    """
    connections = connections or open_connections(config)
    limits = config.limits
    over_http = OpenConnections(HTTP_CONNECTIONS)
    _OPEN.reads[:] = [lambda: {**_counts(connections), "http": over_http.open}]
    _REFUSED.reads[:] = [lambda: connections.refused + over_http.refused]
    throttle = _throttle(limits.login_failures_per_minute)
    return [
        ListenerSpec(
            _address(config, listen, fds.get(listen.name)),
            _http(config, listen, over_http, tls)
            if listen.module == "http"
            else _service(config, listen, connections, tls, throttle),
        )
        for listen in config.listen
    ]


def _counts(connections: OpenConnections) -> dict[str, float]:
    waiting = len(connections.unauthenticated)
    return {"authenticated": connections.open - waiting, "unauthenticated": waiting}


def tls_contexts(config: Config) -> TlsContexts | None:
    """The hosts' certificates, read; development ones made where none is named. None if no listener has TLS.

    Raises OSError, ssl.SSLError or ValueError for a certificate that cannot be used.
    """
    if all(listen.tls == "off" for listen in config.listen):
        return None
    files = (config.hosts, config.certificate_of, config.paths.certs)
    return TlsContexts(*files, config.tls.min_version, config.client_ca)


def _address(config: Config, listen: Listen, fd: int | None) -> Address:
    return Address(listen.name, listen.ip, listen.port, listen.backlog, fd, config.limits.vanished_seconds)


def _throttle(per_minute: int | None) -> Throttle | None:
    return None if per_minute is None else Throttle(per_minute / 60, per_minute)


def _service(
    config: Config, listen: Listen, connections: OpenConnections, tls: TlsContexts | None, throttle: Throttle | None
) -> Service:
    limits = config.limits
    if tls is not None and listen.module == "component":
        tls = tls.unasking
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


def _http(config: Config, listen: Listen, connections: OpenConnections, tls: TlsContexts | None) -> Service:
    limits = config.limits
    direct = tls.unasking if tls is not None and listen.tls == "direct" else None
    settings = HttpSettings(endpoints.ROUTES, listen.monitors, limits.negotiation_seconds)
    http = Http(direct, limits.send_queue_bytes, limits.negotiation_seconds)
    return Service(http_sup.handler(settings), connections, http.connect)


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
        mechanisms=_mechanisms(config),
        plain_without_tls=listen.plain_without_tls,
        legacy_auth=config.auth.legacy_auth,
        max_failures=config.limits.login_failures,
        of_host=_of_host(config),
    )
    return C2sSettings(
        stream=stream,
        limits=_after(config),
        negotiation=config.limits.negotiation_seconds,
        throttle=throttle,
        iterations=config.auth.iterations,
        policy=Policy(listen.resource_conflict),
        protect=config.auth.downgrade_protection,
        whose=_whose(config.auth) if config.auth.client_ca else None,
    )


def _of_host(config: Config) -> dict[str, tuple[str, ...]]:
    """Hosts that do not have the mechanisms of the others: for guests, and where a service knows the passwords, or has
    given tokens."""
    guests_only = {host: ("ANONYMOUS",) for host in config.hosts if guests.has_guests(config.modules_of(host))}
    plain = dict.fromkeys(config.auth.elsewhere, ("PLAIN",))
    tokens = {host: ("OAUTHBEARER", *plain.get(host, _mechanisms(config))) for host in config.auth.with_tokens}
    return {**plain, **tokens, **guests_only}


def _mechanisms(config: Config) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.removesuffix("-PLUS") for name in config.auth.mechanisms))
    return ("EXTERNAL", *names) if config.auth.client_ca else names


def _whose(auth: AuthSection) -> Whose:
    return partial(identities, accounts=auth.client_accounts, by_common_name=auth.client_names == "common-name")


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
