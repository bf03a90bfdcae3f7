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
from typing import Any, Literal

from xmpp_core import prep
from xmpp_core.jid import JID, JidError
from xmppd.config.kinds import Flag, Kind, Many, Number, OneOf, Pairs, Seconds, Text

_MODS = Path(__file__).parent.parent / "mods"
#: the modules of a host that says nothing about them: all that there are. `mod_x = false` takes one away
DEFAULT_MODULES = tuple(sorted(path.stem for path in _MODS.glob("mod_*.py")))
MECHANISMS = (
    "SCRAM-SHA-512-PLUS",
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-512",
    "SCRAM-SHA-256",
    "SCRAM-SHA-1",
    "PLAIN",
)
ANY_ADDRESS = "*"


def setting(default: Any, kind: Kind, doc: str) -> Any:
    """Declare one key: its default, its kind, and the words of its documentation."""
    made = {"default_factory": default} if callable(default) else {"default": default}
    secret = getattr(getattr(kind, "of", kind), "secret", False)
    return field(metadata={"kind": kind, "doc": doc}, repr=not secret, **made)


def kind_of(owner: type, name: str) -> Kind:
    """Return the kind of a field that was declared with `setting`."""
    found: Kind = owner.__dataclass_fields__[name].metadata["kind"]  # type: ignore[attr-defined]
    return found


def domain(text: str) -> str:
    """Check a domain name (or IP literal) and give it as streams have it: U-labels, lower case, no dot at the end."""
    try:
        return prep.domain(text)
    except prep.PrepError:
        raise ValueError(f'must be a domain name, not "{text}"') from None


def address(text: str) -> str:
    """Check an address to bind: an IPv4 or IPv6 literal, or `*` for all of both."""
    if text == ANY_ADDRESS:
        return text
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError(f'must be an IP address or "*" for all, not "{text}"') from None


def account(text: str) -> str:
    """The bare JID of an account as it is compared. Raises ValueError."""
    try:
        jid = JID.parse(text)
    except JidError as error:
        raise ValueError(f'must be an account, NAME@HOST, not "{text}": {error}') from None
    if not jid.local or jid.resource:
        raise ValueError(f'must be an account, NAME@HOST, not "{text}"')
    return jid.bare


DOMAIN = Text("a domain name", domain)
FILE = Text("a path; a relative one is below the home folder")


@dataclass(frozen=True)
class Listen:
    """One listener: `[[listen]]`."""

    module: str = setting("c2s", OneOf(("c2s", "component")), "c2s: clients; component: XEP-0114")
    ip: str = setting(
        "127.0.0.1",
        Text("an IP address", address),
        'address to bind, "*" for all of IPv4 and IPv6; unset: "*" for c2s of hosts other than localhost, '
        "else the loopback",
    )
    port: int = setting(
        5222,
        Number(0, 65535),
        "port; unset: 5222, 5223 for tls = direct, 5347 for component; 0: any free one",
    )
    tls: str = setting(
        "required",
        OneOf(("required", "optional", "direct", "off")),
        "required: STARTTLS demanded (c2s's default); optional: offered; direct: TLS from the first byte; "
        "off (component's default)",
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
    backlog: int = setting(1024, Number(1, 65535), "connections the kernel keeps for each worker until accepted")

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
        "bytes waiting for a slow client before it is let go: so many written, or half as many not yet",
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
    pool: int = setting(4, Number(1, 100), "postgres: connections per worker")
    durability: str = setting(
        "full", OneOf(("full", "normal")), "normal: a power cut may lose what the last moments acknowledged"
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
class AuthSection:
    """`[auth]`."""

    mechanisms: tuple[str, ...] = setting(
        MECHANISMS,
        Many(OneOf(MECHANISMS), low=1),
        "SASL mechanisms offered; each -PLUS one goes with its sibling, where TLS is; PLAIN under TLS only, if not "
        "told otherwise",
    )
    iterations: int = setting(4096, Number(4096, 10_000_000), "PBKDF2 rounds of new SCRAM keys")
    legacy_auth: bool = setting(False, Flag(), "the login of XEP-0078, passwords over TLS only; off is right")


@dataclass(frozen=True)
class LogSection:
    """`[log]`."""

    level: str = setting("info", OneOf(("debug", "info", "warning", "error")), "least severe lines kept")
    format: Literal["text", "json"] = setting(
        "text", OneOf(("text", "json")), "one line per event, for people or for machines"
    )


@dataclass(frozen=True)
class NodeSection:
    """`[node]`: how the workers are run."""

    profile: str = setting(
        "production",
        OneOf(("production", "development")),
        "development: `crash` may break things on purpose (also: start --dev)",
    )
    alarm_seconds: int | None = setting(
        3,
        Number(1, 3600, word="off", unit="seconds"),
        'a callback that holds up its loop for so long is told in the log, with its stack; "off" for never',
    )
    end_seconds: int | None = setting(
        4,
        Number(1, 3600, word="off", unit="seconds of processor time"),
        'a process that computes for so long without giving way is ended, a client\'s stream mostly; "off" for never',
    )
    restart_seconds: int | None = setting(
        30,
        Number(2, 3600, word="off", unit="seconds"),
        'a worker whose loop stands still for so long is ended and started again, "off" for never',
    )


@dataclass(frozen=True)
class Host:
    """One virtual host: `[host."name"]`; what it does not say is taken from the whole server."""

    name: str = ""
    certificate: str = setting("", Text("a path", empty=True), "PEM chain of this host")
    key: str = setting("", Text("a path", empty=True), "PEM key of this host")
    registration_open: bool | None = setting(None, Flag(), "overrides [registration] open")
    modules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


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
    tls: TlsSection = TlsSection()
    auth: AuthSection = AuthSection()
    log: LogSection = LogSection()
    node: NodeSection = NodeSection()
    host: Mapping[str, Host] = field(default_factory=dict)
    modules: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: {m: {} for m in DEFAULT_MODULES})
    origins: Mapping[str, str] = field(default_factory=dict, compare=False)
    warnings: tuple[str, ...] = field(default=(), compare=False)

    def modules_of(self, host: str) -> Mapping[str, Mapping[str, Any]]:
        """Return the modules of a host with their options: the host's own where it names any."""
        own = self.host.get(host)
        return own.modules if own is not None else self.modules

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
    def store_path(self) -> Path:
        """The SQLite file."""
        return self.paths.below(self.store.path)

    @property
    def worker_count(self) -> int:
        """How many workers serve: as configured, or one per core this process may use; one for memory."""
        if self.store.backend == "memory":
            return 1
        return self.workers or len(os.sched_getaffinity(0))
