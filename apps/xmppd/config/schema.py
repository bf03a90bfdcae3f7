"""schema — every key of the configuration: its type, its default, what it means.

OTP:      sys.config; cf. ejabberd_options.erl
Way:      config.load → [schema] → application env ("xmppd", "config") → all who ask

All values are frozen and complete: whoever holds a `Config` need not know whether a file existed. Each
field carries its kind and its words, from which `config explain`, the example file and docs/config.md come.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xmpp_core.jid import JID
from xmppd.config import guests
from xmppd.config.auth_section import AuthSection, account, domain
from xmppd.config.kinds import Flag, Many, Number, OneOf, Pairs, Seconds, Text
from xmppd.config.sections import KeepaliveSection, LogSection, NodeSection
from xmppd.config.setting import kind_of, setting
from xmppd.config.sm_section import SmSection

__all__ = [
    "AuthSection",
    "KeepaliveSection",
    "LogSection",
    "NodeSection",
    "SmSection",
    "kind_of",
    "setting",
]  # declared beside

_MODS = Path(__file__).parent.parent / "mods"
#: those that there are, and those among them that a host has only if it names them
ALL_MODULES = tuple(sorted(path.stem for path in _MODS.glob("mod_*.py")))
OPTIONAL = frozenset({guests.MODULE, "mod_strangers"})
#: the modules of a host that says nothing about them. `mod_x = false` takes one away
DEFAULT_MODULES = tuple(name for name in ALL_MODULES if name not in OPTIONAL)
#: what cannot be done for accounts whose passwords an HTTP service or a directory knows
WITHOUT_PASSWORDS = frozenset({"mod_fast", "mod_register"})
#: nor for those that log in by tokens of such a service: ours would outlive them
WITH_TOKENS = frozenset({"mod_fast"})
ANY_ADDRESS = "*"
LOOPBACK = ("127.0.0.0/8", "::1/128")


def address(text: str) -> str:
    """Check an address to bind: an IPv4 or IPv6 literal, or `*` for all of both."""
    if text == ANY_ADDRESS:
        return text
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError(f'must be an IP address or "*" for all, not "{text}"') from None


def network(text: str) -> str:
    """Check a network of IPv4 or IPv6, or one address. Raises ValueError."""
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        raise ValueError(f'must be a network such as 10.0.0.0/8, or an IP address, not "{text}"') from None


DOMAIN = Text("a domain name", domain)
FILE = Text("a path; a relative one is below the home folder")


@dataclass(frozen=True)
class Listen:
    """One listener: `[[listen]]`."""

    module: str = setting(
        "c2s",
        OneOf(("c2s", "component", "http")),
        "c2s: clients; component: XEP-0114; http: /healthz, /readyz, /metrics",
    )
    ip: str = setting(
        "127.0.0.1",
        Text("an IP address", address),
        'address to bind, "*" for all of IPv4 and IPv6; unset: "*" for c2s of hosts other than localhost, '
        "else the loopback",
    )
    port: int = setting(
        5222,
        Number(0, 65535),
        "port; unset: 5222, 5223 for tls = direct, 5347 for component, 5280 for http; 0: any free one",
    )
    tls: str = setting(
        "required",
        OneOf(("required", "optional", "direct", "off")),
        "required: STARTTLS demanded (c2s's default); optional: offered; direct: TLS from the first byte; "
        "off (the default of component and http)",
    )
    plain_without_tls: bool = setting(
        False, Flag(), "c2s: take passwords on streams without TLS: SASL PLAIN, registration (tests only)"
    )
    secrets: Mapping[str, str] = setting(
        dict,
        Pairs(Text("a shared secret", secret=True), DOMAIN),
        "component: the domains that may connect, each with its secret",
    )
    resource_conflict: str = setting(
        "acceptnew",
        OneOf(("acceptnew", "setresource", "closenew")),
        "c2s: when a client wants a resource that is in use: acceptnew: it gets it, the older session ends; "
        "setresource: it gets another; closenew: it is refused. component: when its domain is in use, likewise "
        "acceptnew or closenew",
    )
    monitors: tuple[str, ...] = setting(
        LOOPBACK,
        Many(Text("a network or an address", network), distinct=True),
        "http: the networks or addresses that may read /metrics and the reasons of /readyz, not by way of a proxy",
    )
    backlog: int = setting(1024, Number(1, 65535), "connections the kernel keeps for each worker until accepted")
    #: nobody has configured it: the server starts without it if its port is taken
    optional: bool = False

    @property
    def name(self) -> str:
        """What a listener is called; no two have one name, since no two can be bound to one address and port."""
        return f"{self.module}:{self.ip}:{self.port}"


@dataclass(frozen=True)
class Registration:
    """`[registration]`."""

    open: bool = setting(
        False, Flag(), "true: anyone may make an account in band (XEP-0077), as often as `rate` allows"
    )
    rate: int | None = setting(
        10,
        Number(1, word="off", unit="an hour"),
        "registrations tried from one IPv4 address or one /64 of IPv6, and changes of one account's password, in an "
        'hour, on each worker; the loopback has no limit; "off": nobody has',
    )


@dataclass(frozen=True)
class LimitsSection:
    """`[limits]`: what one client, logged in or not, may take."""

    rate: int | None = setting(
        262144,
        Number(1024, word="off", unit="bytes per second"),
        'bytes per second a client may send in the mean, "off" for no limit',
    )
    burst: int = setting(1048576, Number(4096, unit="bytes"), "bytes a client may send at once above its rate")
    negotiation_seconds: float = setting(
        30.0, Seconds(1), "time from accept to an established session, all steps together, the TLS handshake too"
    )
    vanished_seconds: int | None = setting(
        120,
        Number(8, 86400, word="off", unit="seconds"),
        "a client or component whose network answers nothing for so long is taken for gone (TCP keepalive, and "
        'TCP_USER_TIMEOUT with data on the way); less costs phones battery; "off" leaves it to the kernel',
    )
    resources: int = setting(10, Number(1, 1000), "sessions one account may have at a time; the oldest gives way")
    connections: int = setting(50000, Number(1), "client connections per worker; more are refused")
    address_connections: int | None = setting(
        None, Number(1, word="off"), 'connections one IP address may hold on a worker, "off" for no limit'
    )
    login_failures: int = setting(5, Number(1, 1000), "failed logins on one stream before it is closed")
    login_failures_per_minute: int | None = setting(
        30,
        Number(1, word="off"),
        "failed logins per minute of one address or account with which each answer comes five seconds late; with fewer "
        'it comes sooner, and a right password is never refused; "off": all answers come at once',
    )
    pre_auth_bytes: int = setting(8192, Number(1024, unit="bytes"), "largest element before authentication")
    pre_auth_elements: int = setting(32, Number(4), "elements in one before authentication")
    pre_auth_depth: int = setting(8, Number(3, 64), "depth of one before authentication")
    # the highest values are such that each stanza can be written again, and passed from worker to worker
    stanza_bytes: int = setting(262144, Number(10000, 1048576, unit="bytes"), "largest stanza after authentication")
    stanza_elements: int = setting(5000, Number(16, 10000), "elements in one stanza after authentication")
    stanza_depth: int = setting(64, Number(8, 120), "depth of one stanza after authentication")
    attributes: int = setting(32, Number(8, 1024), "attributes of one element")
    send_queue_bytes: int = setting(
        4194304,
        Number(65536, unit="bytes"),
        "bytes waiting for a slow client before it is let go: so many written, or a quarter as many not yet",
    )
    roster_items: int = setting(2000, Number(1), "contacts in one roster")
    offline_messages: int = setting(1000, Number(0), "messages kept for a user who is away")
    drain_seconds: float = setting(5.0, Seconds(0, 600), "time clients get to leave when the server stops")
    worker_restarts: int = setting(
        5, Number(0, 1000), "ends of one worker within worker_period after which it is started again only after a pause"
    )
    worker_period: float = setting(60.0, Seconds(1), "see worker_restarts")


@dataclass(frozen=True)
class StoreSection:
    """`[store]`."""

    backend: str = setting(
        "sqlite", OneOf(("sqlite", "postgres", "memory")), "where accounts, rosters and messages live"
    )
    path: str = setting("data/xmppd.sqlite3", FILE, "sqlite: the database file")
    url: str = setting(
        "", Text("a PostgreSQL URL", secret=True, empty=True), "postgres: postgresql://user:pass@host/db"
    )
    pool: int = setting(4, Number(1, 100), "postgres: most connections per worker")
    durability: str = setting(
        "full", OneOf(("full", "normal")), "normal: a power cut may lose what the last moments acknowledged"
    )
    slow_seconds: float = setting(
        1.0, Seconds(0, 60), "a statement that takes longer is logged, without its values, and counted; 0: none is"
    )


@dataclass(frozen=True)
class TlsSection:
    """`[tls]`: the certificate of hosts that name none of their own."""

    certificate: str = setting(
        "", Text("a path", empty=True), "PEM chain; empty: a development certificate is made at first start"
    )
    key: str = setting("", Text("a path", empty=True), "PEM key; empty: it is in the certificate's file")
    min_version: str = setting("1.2", OneOf(("1.2", "1.3")), "oldest TLS version spoken")


@dataclass(frozen=True)
class Host:
    """One virtual host: `[host."name"]`; what it does not say is taken from the whole server."""

    name: str = ""
    certificate: str = setting("", Text("a path", empty=True), "PEM chain of this host")
    key: str = setting("", Text("a path", empty=True), "PEM key of this host")
    registration_open: bool | None = setting(None, Flag(), "overrides [registration] open")
    modules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)  # options may be secrets


@dataclass(frozen=True)
class Paths:
    """Where this server keeps its things; all below its home."""

    home: Path
    config: Path | None = None

    @property
    def data(self) -> Path:
        """Databases."""
        return self.home / "data"

    @property
    def logs(self) -> Path:
        """Log files."""
        return self.home / "log"

    @property
    def run(self) -> Path:
        """Sockets, pid file, lock: of a running server only."""
        return self.home / "run"

    @property
    def certs(self) -> Path:
        """Development certificates."""
        return self.home / "certs"

    def below(self, path: str) -> Path:
        """Return a configured path: an absolute one as it is, a relative one below the home."""
        return self.home / path


@dataclass(frozen=True)
class Config:
    """The whole configuration of one server."""

    paths: Paths
    hosts: tuple[str, ...] = setting(
        ("localhost",),
        Many(DOMAIN, low=1, distinct=True),
        "domains served, in any spelling (bücher.example, xn--bcher-kva.example); the first is the default of user "
        "commands",
    )
    admins: tuple[str, ...] = setting(
        (),
        Many(Text("an account, NAME@HOST", account), distinct=True),
        "administrators: accounts that may call commands over XMPP (XEP-0050); nobody registers such a name in band",
    )
    workers: int = setting(0, Number(1, 256, word="auto", word_value=0), 'worker processes, "auto" for one per core')
    listen: tuple[Listen, ...] = ()
    registration: Registration = Registration()
    limits: LimitsSection = LimitsSection()
    store: StoreSection = StoreSection()
    sm: SmSection = field(default_factory=SmSection)
    tls: TlsSection = TlsSection()
    auth: AuthSection = field(default_factory=AuthSection)
    log: LogSection = field(default_factory=LogSection)
    node: NodeSection = field(default_factory=NodeSection)
    keepalive: KeepaliveSection = field(default_factory=KeepaliveSection)
    host: Mapping[str, Host] = field(default_factory=dict)
    modules: Mapping[str, Mapping[str, Any]] = field(
        default_factory=lambda: {m: {} for m in DEFAULT_MODULES}, repr=False
    )
    origins: Mapping[str, str] = field(default_factory=dict, compare=False)
    warnings: tuple[str, ...] = field(default=(), compare=False)

    def modules_of(self, host: str) -> Mapping[str, Mapping[str, Any]]:
        """Return the modules of a host with their options: the host's own where it names any; where there are guests,
        those that they may use; where a service knows the passwords, those that need none of ours."""
        own = self.host.get(host)
        found = guests.modules_for(own.modules if own is not None else self.modules)
        tokens = WITH_TOKENS if host in self.auth.with_tokens else frozenset()
        without = WITHOUT_PASSWORDS if host in self.auth.elsewhere else tokens
        return {name: options for name, options in found.items() if name not in without} if without else found

    def is_admin(self, jid: JID) -> bool:
        """Whether this is the account of an administrator."""
        return jid.bare in self.admins

    def registration_open(self, host: str) -> bool:
        """Whether anybody may make an account on this host."""
        own = self.host.get(host)
        if own is not None and own.registration_open is not None:
            return own.registration_open
        return self.registration.open

    def certificate_of(self, host: str) -> tuple[Path, Path] | None:
        """Return (chain, key) of a host, or None when the development certificate is to be used."""
        own = self.host.get(host)
        named = own if own is not None and own.certificate else self.tls
        if not named.certificate:
            return None
        return self.paths.below(named.certificate), self.paths.below(named.key or named.certificate)

    @property
    def client_ca(self) -> Path | None:
        """Who signs certificates of clients; None: they are not asked for any."""
        return self.paths.below(self.auth.client_ca) if self.auth.client_ca else None

    @property
    def store_path(self) -> Path:
        """The SQLite file."""
        return self.paths.below(self.store.path)

    @property
    def worker_count(self) -> int:
        """How many workers serve: as configured, or one per core this process may use; one for memory."""
        if self.store.backend == "memory":
            return 1
        return self.workers or len(os.sched_getaffinity(0))
