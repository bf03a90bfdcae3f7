"""sup — the server as a tree: every part of it, in the order in which they start.

OTP:      supervisor (one_for_one); cf. ejabberd_sup.erl
Way:      app → [sup] → all the rest
Process:  `xmppd_sup`, one per worker, started by the application
"""

from __future__ import annotations

from collections.abc import Mapping

from otp.erts.pid import Pid
from otp.kernel import system_monitor
from otp.kernel.system_monitor import MonitorConfig
from otp.stdlib import supervisor
from otp.stdlib.child_spec import ChildSpec, StartCall, Strategy, SupFlags
from otp.stdlib.supervisor import Supervisor
from xmppd import commands, gen_mod_store, gen_mod_sup, limits_hit, listeners
from xmppd.admin import worker_commands
from xmppd.auth import auth
from xmppd.auth.auth_oauth import Introspection, basic
from xmppd.auth.http_service import Endpoint
from xmppd.auth.issuer import Issuer
from xmppd.auth.ldap_names import LdapDirectory
from xmppd.config.schema import Config
from xmppd.http import routes
from xmppd.http.http_sup import HttpSup
from xmppd.monitor import scraper
from xmppd.net import tls_server
from xmppd.net.connection_limits import OpenConnections
from xmppd.net.listener_sup import ListenerSup
from xmppd.net.receiver_sup import ReceiverSup
from xmppd.routing import hooks, iq, router, safe_rounds, session, undelivered
from xmppd.routing.account import account, accounts
from xmppd.routing.sm import sm
from xmppd.store import store
from xmppd.stream import adopter, keepalive, memory_watch
from xmppd.stream.c2s_sup import C2sSup
from xmppd.stream.service_sup import ServiceSup

NAME = "xmppd_sup"


class XmppdSup(Supervisor):
    """All parts, in order: each needs those above it; the listeners start last, and stop first."""

    def init(self, config: Config, fds: Mapping[str, int]) -> tuple[SupFlags, list[ChildSpec]]:
        """One list; TLS only where a listener has it."""
        tls, connections = listeners.tls_contexts(config), listeners.open_connections(config)
        undelivered.begin()
        account.begin()
        session.begin()
        safe_rounds.begin()
        commands.use(worker_commands)
        return SupFlags(Strategy.ONE_FOR_ONE, 10, 10.0), [
            hooks.spec(),
            ChildSpec("store", StartCall(store.start_link, gen_mod_store.store_args(config)), shutdown=30.0),
            ChildSpec("auth", StartCall(auth.start_link, _accounts(config))),
            router.spec(config.hosts),
            iq.spec(),
            sm.spec(config.limits.resources),
            supervisor.spec(C2sSup, name="c2s_sup"),
            supervisor.spec(ReceiverSup, name="receiver_sup"),
            supervisor.spec(ServiceSup, name="service_sup"),
            routes.spec(),
            gen_mod_sup.spec(config),
            accounts.spec(),  # what it takes from other nodes must find every module, until the last moment
            adopter.spec(config.hosts),
            *keepalive.specs(config.keepalive),
            *_watches(config, connections),
            *([ChildSpec("tls", StartCall(tls_server.start_link, (tls,)))] if tls is not None else []),
            scraper.spec(),
            supervisor.spec(HttpSup, name="http_sup"),
            supervisor.spec(ListenerSup, listeners.listener_specs(config, tls, connections, fds), name="listener_sup"),
        ]


def _accounts(config: Config) -> tuple[object, ...]:
    """What auth is started with."""
    return config.auth.iterations, _services(config), _tokens(config), _issuers(config)


def _services(config: Config) -> tuple[tuple[str, Endpoint | LdapDirectory], ...]:
    """The hosts whose passwords an HTTP service or a directory knows, each with that."""
    auth_ = config.auth
    ca = config.paths.below(auth_.http_ca) if auth_.http_ca else None
    shown = f"Bearer {auth_.http_secret}" if auth_.http_secret else ""
    asked = tuple((host, Endpoint(url, shown, ca, auth_.http_seconds)) for host, url in auth_.http.items())
    return (*asked, *((host, _directory(config, host, url)) for host, url in auth_.ldap.items()))


def _directory(config: Config, host: str, url: str) -> LdapDirectory:
    told = config.auth
    bind_dn, password = told.searcher_of(host)
    ca = config.paths.below(told.ldap_ca) if told.ldap_ca else None
    return LdapDirectory(
        url, told.ldap_starttls, ca, told.ldap_user_dn, told.ldap_base, told.ldap_filter, bind_dn,
        password, told.ldap_seconds, told.ldap_connections,
    )  # fmt: skip


def _tokens(config: Config) -> tuple[tuple[str, Introspection], ...]:
    """The hosts for whose accounts tokens of OAuth are taken, each with where they are looked at."""
    auth_ = config.auth
    ca = config.paths.below(auth_.http_ca) if auth_.http_ca else None
    shown, rest = basic(auth_.oauth_client, auth_.oauth_secret), (auth_.oauth_claim, auth_.oauth_scope)
    return tuple(
        (host, Introspection(Endpoint(url, shown, ca, auth_.http_seconds), *rest, auth_.oauth_audience))
        for host, url in auth_.oauth.items()
    )


def _issuers(config: Config) -> tuple[tuple[str, Issuer], ...]:
    """The hosts for whose accounts signed tokens are taken, each with who signs them."""
    told = config.auth
    ca = config.paths.below(told.http_ca) if told.http_ca else None
    rest = (
        told.oauth_issuer, told.oauth_algorithms, told.oauth_claim, told.oauth_scope, told.oauth_audience,
        told.oauth_keys_seconds,
    )  # fmt: skip
    asked = {host: Endpoint(url, "", ca, told.http_seconds) for host, url in told.oauth_keys.items()}
    return tuple((host, Issuer(endpoint, *rest)) for host, endpoint in asked.items())


def _watches(config: Config, connections: OpenConnections) -> list[ChildSpec]:
    """What looks after memory and mailboxes."""
    long = config.node.long_mailbox
    watch = MonitorConfig(long or 0, told=limits_hit.mailbox)
    memory = (config.node.memory_mb, config.worker_count, connections)
    return [
        ChildSpec("memory_watch", StartCall(memory_watch.start_link, memory)),
        *([ChildSpec("system_monitor", StartCall(system_monitor.start_link, (watch,)))] if long else []),
    ]


async def start_link(config: Config, fds: Mapping[str, int] | None = None) -> Pid | None:
    """Start the whole server; `fds` are the inherited sockets of `config.listen` by Listen.name; without one it
    is bound here."""
    return await supervisor.start_link(XmppdSup, config, dict(fds or {}), name=NAME)
