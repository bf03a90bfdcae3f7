"""parent_state — what the parent knows of the release it runs: one value, made at its start.

OTP:      the application environment of xmppd_main
Way:      node.parent makes it → parent_sup, admin.parent_commands read it
"""

from __future__ import annotations

import os
import secrets
import shlex
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from otp.kernel import application
from otp.kernel.forker import Forker
from xmppd.config.load import load
from xmppd.config.schema import Config
from xmppd.net import tls_dev
from xmppd.node import in_force, preflight
from xmppd.node.home import Home, find_home
from xmppd.node.ports import port_of
from xmppd.node.systemd import NOBODY, Systemd
from xmppd.node.version import build, version
from xmppd.node.worker_start import WorkerStart

APP = "xmppd_main"


@dataclass(frozen=True)
class Parent:
    """The parent's view: how it was started, what it has bound (`sockets[listener][worker]`), whom it starts.

    `config` is that of the start, `reloaded` the last one taken over, `certificates` what was in the files that it
    names when it was read.
    """

    config: Config
    file: str | None
    flags: Mapping[str, str]
    sockets: Sequence[Sequence[socket.socket]] = field(repr=False)
    cookie: bytes = field(repr=False, default=b"")
    foreground: bool = False
    systemd: Systemd = NOBODY
    #: off which workers are forked
    forker: Forker | None = None
    #: nobody has served from this home before
    new: bool = False
    started: float = field(default_factory=time.monotonic)
    reloaded: list[Config] = field(default_factory=list)
    certificates: dict[str, bytes] = field(default_factory=dict, repr=False)
    #: not empty: somebody wants it to start again after its end
    again: list[bool] = field(default_factory=list)
    build: str = field(default_factory=build)
    #: a word for this run of the release, that no other has
    release: str = field(default_factory=lambda: secrets.token_hex(8))

    #: what each listener is bound to; asked for also while the sockets are being closed
    ports: list[int] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self.ports.extend(port_of(sockets) for sockets in self.sockets)
        self.certificates.update(in_force.certificates(self.config))

    @property
    def home(self) -> Home:
        """The folder of this server."""
        return Home(self.config.paths.home)

    @property
    def workers(self) -> tuple[str, ...]:
        """The names of the worker nodes."""
        return tuple(f"w{number}" for number in range(1, self.config.worker_count + 1))

    @property
    def nodes(self) -> tuple[str, ...]:
        """All nodes in the order of their dialling."""
        return ("main", *self.workers)

    def start_of(self, worker: str) -> WorkerStart:
        """Return what a worker is told at its start."""
        place, config = self.workers.index(worker), self.in_force
        pairs = zip(config.listen, self.sockets, strict=True)
        fds = {listen.name: sockets[place].fileno() for listen, sockets in pairs}
        return WorkerStart(worker, self.nodes, fds, in_force.pack(config), self.certificates)

    def reread(self) -> Config:
        """Read the configuration again, as it is now. Raises ConfigError."""
        found = load(self.file, self.config.paths.home, os.environ, self.flags)
        return in_force.without_optional(found, self.config)

    @property
    def in_force(self) -> Config:
        """The configuration by which the release runs, its ports as they are bound."""
        return in_force.with_ports(self.reloaded[-1] if self.reloaded else self.config, self.ports)

    def take_over(self, new: Config) -> None:
        """From now on it runs by this one, as far as that can change: also the workers that start later."""
        self.reloaded[:] = [in_force.taken_over(self.config, new)]
        self.certificates.clear()
        self.certificates.update(in_force.certificates(new))

    def describe(self) -> dict[str, Any]:
        """Return what the banner and `status` tell of it."""
        paths = self.config.paths
        return {
            "version": version(),
            "build": self.build,
            "pid": os.getpid(),
            "uptime": round(time.monotonic() - self.started, 1),
            "hosts": list(self.config.hosts),
            "listen": [
                {
                    "module": li.module,
                    "ip": li.ip,
                    "port": port,
                    "tls": li.tls,
                    "plain_without_tls": li.plain_without_tls,
                }
                for li, port in zip(self.config.listen, self.ports, strict=True)
            ],
            "home": str(paths.home),
            "config": str(paths.config) if paths.config else None,
            "data": data_words(self.config),
            "log": str(self.home.log),
            "certificates": certificates(self.config),
            "warnings": self.warnings(),
            "new": self.new,
            "foreground": self.foreground,
            "command": self._command(),
        }

    def warnings(self) -> list[str]:
        """Return what is not as it should be, but stops nothing."""
        return [*self.config.warnings, *map(str, preflight.certificates(self.in_force)), *_as_root()]

    def _command(self) -> str:
        """Return the verbs' command with the options that another terminal needs to reach this server."""
        words = [os.environ.get("XMPPD_COMMAND", "xmppd")]
        if find_home(None, os.environ).path != self.home.path:
            words += ["--home", str(self.home.path)]
        if self.file is not None and self.file != os.environ.get("XMPPD_CONFIG"):
            words += ["--config", self.file]
        return shlex.join(words)


def state() -> Parent:
    """Return the parent's state. Only in the parent."""
    found: Parent = application.get_env(APP, "parent")
    return found


def _as_root() -> list[str]:
    return [] if os.getuid() else ["it runs as root: a user of its own is enough (docs/operate.md)"]


def data_words(config: Config) -> str:
    """Return where the data is."""
    if config.store.backend == "sqlite":
        return str(config.store_path)
    return "in memory only: gone when the server stops" if config.store.backend == "memory" else "PostgreSQL"


def certificates(config: Config) -> list[str]:
    """Return one line per host: which certificate it shows."""
    if all(listen.tls == "off" for listen in config.listen):
        return ["none: no listener has TLS"]
    return [f"{host}: {_certificate(config, host)}" for host in config.hosts]


def _certificate(config: Config, host: str) -> str:
    named = config.certificate_of(host)
    if named is None:
        return f"development certificate, self-signed ({development_certificate(config, host)})"
    return str(named[0])


def development_certificate(config: Config, host: str) -> Path:
    """Return the file of a host's development certificate."""
    return tls_dev.path(config.paths.certs, host)
