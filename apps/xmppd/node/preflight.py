"""preflight — checks before a start what else only the start would find: certificates, addresses, the store.

OTP:      none; cf. `prosodyctl check`
Way:      cli.reading (config check, start, restart, foreground), admin.parent_commands (reload, status) → [preflight]
Process:  none; it reads, connects and binds, and leaves nothing behind
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from xmppd.commands import EXIT_CONFIG, EXIT_TRY_AGAIN
from xmppd.config.schema import ANY_ADDRESS, Config
from xmppd.net import certificate, tls_dev

#: days before the end of a certificate from which on there is a warning
SOON: Final = 14
#: what every SQLite file begins with
_SQLITE: Final = b"SQLite format 3\0"
#: seconds PostgreSQL has to answer
_PATIENCE: Final = 5
#: of what PostgreSQL says to a new connection: that trying again will not help
_FOR_GOOD: Final = ("authentication failed", "does not exist", "no pg_hba.conf entry", "no password supplied")


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: where it was configured, and words.

    `status` is that of the start it would spoil: 78, 75 where it may pass by itself, 0 for a warning. `serious`: a
    warning that clients feel: `config check` ends with 78 for it, a start goes on.
    """

    place: str
    text: str
    status: int = EXIT_CONFIG
    serious: bool = False

    def __str__(self) -> str:
        return f"{self.place}: {self.text}" if self.place else self.text


def findings(config: Config) -> list[Finding]:
    """All that is wrong. May wait for PostgreSQL some seconds."""
    return [*certificates(config), *addresses(config), *store(config)]


# -- certificates


def certificates(config: Config, now: datetime | None = None) -> list[Finding]:
    """What is wrong with the certificates, those that are missing and will be made left out."""
    if all(listen.tls == "off" for listen in config.listen):
        return []
    files: dict[tuple[Path, Path], list[str]] = {}
    for host in config.hosts:
        made = tls_dev.path(config.paths.certs, host)
        pair = config.certificate_of(host) or ((made, made) if made.exists() else None)
        if pair is not None:
            files.setdefault(pair, []).append(host)
    moment = now or datetime.now(UTC)
    return [
        Finding(_place(config, hosts[0]), *found)
        for (chain, key), hosts in files.items()
        for found in _certificate(chain, key, hosts, moment)
    ]


def _place(config: Config, host: str) -> str:
    own = config.host.get(host)
    name = f"host.{host}.certificate" if own is not None and own.certificate else "tls.certificate"
    return config.origins.get(name, "")


def _certificate(chain: Path, key: Path, hosts: list[str], now: datetime) -> Iterator[tuple[str, int, bool]]:
    """What is wrong with one pair of files: (words, status, serious)."""
    try:
        found = certificate.read(chain.read_text("ascii", "replace"))
        trouble = certificate.misfit(chain, key)
    except ValueError as error:
        yield f"{chain} {error}; it must be PEM: -----BEGIN CERTIFICATE-----", EXIT_CONFIG, False
        return
    except OSError as error:
        yield f"{error.filename or chain}: {error.strerror}", EXIT_CONFIG, False
        return
    own, *signers = found
    if any(other.issuer == own.subject for other in signers):
        trouble = f"{chain} is in the wrong order: the host's own certificate first, then the one that signed it"
    if trouble:
        yield trouble, EXIT_CONFIG, False
        return
    for before, after in zip(found, signers, strict=False):
        if before.issuer != after.subject:
            yield f"{chain}: its certificates do not follow each other, each signed by the next", 0, True
            break
    yield from _dates(chain, own, now)
    for host in hosts:
        if not own.is_for(host):
            yield f"{chain} is for {', '.join(own.names) or 'nobody'}, not for {host}: clients refuse it", 0, True


def _dates(chain: Path, own: certificate.Certificate, now: datetime) -> Iterator[tuple[str, int, bool]]:
    end = f"{own.not_after:%Y-%m-%d %H:%M} UTC"
    if now > own.not_after:
        yield f"{chain} has expired, on {end}: clients refuse it", 0, True
    elif now < own.not_before:
        yield f"{chain} is not valid before {own.not_before:%Y-%m-%d %H:%M} UTC: clients refuse it", 0, True
    elif own.not_after - now < timedelta(days=SOON):
        yield f"{chain} expires in {(own.not_after - now).days} days, on {end}", 0, False


# -- addresses


def addresses(config: Config) -> list[Finding]:
    """The addresses of listeners that this machine does not have."""
    return [
        Finding(config.origins.get(f"listen.{number}.ip", ""), f'this machine has no address {listen.ip}; "*" is all')
        for number, listen in enumerate(config.listen, 1)
        if listen.ip != ANY_ADDRESS and not _is_here(listen.ip)
    ]


def _is_here(ip: str) -> bool:
    try:
        with socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind((ip, 0))
    except OSError as error:
        return error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
    return True


# -- the store


def store(config: Config) -> list[Finding]:
    """Why the store could not be opened."""
    if config.store.backend == "sqlite":
        trouble = _file(config.store_path)
        return [Finding(config.origins.get("store.path", ""), trouble)] if trouble else []
    if config.store.backend == "postgres":
        return _postgres(config.store.url, config.origins.get("store.url", ""))
    return []


def _file(path: Path) -> str:
    """Why a database file cannot be opened or made; "" if it can."""
    try:
        with path.open("rb") as file:
            head = file.read(len(_SQLITE))
    except (FileNotFoundError, NotADirectoryError):
        return _folder(path.parent)
    except OSError as error:
        return f"{path}: {error.strerror}"
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        return f"{path} and its folder must be writable"
    if head and head != _SQLITE:
        return f"{path} is no SQLite database; put a back-up in its place, or move it away to begin without accounts"
    return ""


def _folder(folder: Path) -> str:
    """Why a folder cannot be written to, or be made; "" if it can."""
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir():
        return f"{folder} cannot be made: {there} is no folder"
    if not os.access(there, os.W_OK | os.X_OK):
        return f"{folder} cannot be {'written to' if there == folder else f'made: {there} cannot be written to'}"
    return ""


def _postgres(url: str, place: str) -> list[Finding]:
    # psycopg takes 11 MB: only who uses PostgreSQL pays for it
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=_PATIENCE).close()
    except psycopg.OperationalError as error:
        text = " ".join(str(error).split())
        status = EXIT_CONFIG if any(words in text for words in _FOR_GOOD) else EXIT_TRY_AGAIN
        return [Finding(place, f"PostgreSQL does not answer: {text}", status)]
    except psycopg.Error as error:
        return [Finding(place, f"store.url cannot be used: {' '.join(str(error).split())}")]
    return []
