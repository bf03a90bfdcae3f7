"""checks — what single keys cannot know: contradictions between them, and files that must be there.

OTP:      none; cf. the validators at the end of ejabberd_config.erl
Way:      config.load → [checks]
"""

from __future__ import annotations

import os
from pathlib import Path

from xmpp_core.jid import JID
from xmppd.config.kinds import suggest
from xmppd.config.lines import Path as KeyPath
from xmppd.config.reader import SectionReader
from xmppd.config.schema import ANY_ADDRESS, Config, Listen


def check(config: Config, reader: SectionReader) -> None:
    """Note every contradiction in a configuration whose keys are each right by themselves."""
    _listeners(config, reader)
    _hosts(config, reader)
    _store(config, reader)
    _node(config, reader)
    _certificate(config, reader, ("tls",), config.tls.certificate, config.tls.key)


def _listeners(config: Config, reader: SectionReader) -> None:
    seen: list[Listen] = []
    for index, listen in enumerate(config.listen):
        path: KeyPath = ("listen", index)
        for other in seen:
            same = listen.ip == other.ip or ANY_ADDRESS in (listen.ip, other.ip)
            if listen.port and listen.port == other.port and same:
                reader.problem((*path, "port"), f"port {listen.port} of {listen.ip} is taken by an earlier listener")
        seen.append(listen)
        _listener(config, reader, path, listen)
    if not config.listen:
        reader.problem(("listen",), "no listener: nobody could connect")


def _listener(config: Config, reader: SectionReader, path: KeyPath, listen: Listen) -> None:
    if listen.module == "component" and not listen.secrets:
        reader.problem((*path, "secrets"), 'a component listener needs secrets = { "domain" = "secret" }')
    if listen.module != "component" and listen.secrets:
        reader.problem((*path, "secrets"), "secrets belong to a component listener")
    if listen.module == "component" and listen.resource_conflict == "setresource":
        reader.problem((*path, "resource_conflict"), 'a component has one domain: "acceptnew" or "closenew"')
    if listen.module != "c2s" and listen.plain_without_tls:
        reader.problem((*path, "plain_without_tls"), "plain_without_tls belongs to a c2s listener")
    if listen.module == "component" and listen.tls in ("required", "optional"):
        reader.problem((*path, "tls"), 'XEP-0114 knows no STARTTLS: tls must be "direct" or "off"')
    for name in listen.secrets:
        if name in config.hosts:
            reader.problem((*path, "secrets", name), f"{name} is a host of this server")


def _hosts(config: Config, reader: SectionReader) -> None:
    for admin in config.admins:
        name = JID.parse(admin).domain
        if name not in config.hosts:
            reader.problem(("admins",), f'"{admin}" is an account of no host here{suggest(name, config.hosts)}')
    for name, host in config.host.items():
        if name not in config.hosts:
            reader.problem(("host", name), f'"{name}" is not in hosts{suggest(name, config.hosts)}')
        _certificate(config, reader, ("host", name), host.certificate, host.key)


def _store(config: Config, reader: SectionReader) -> None:
    if config.store.backend == "postgres" and not config.store.url:
        reader.problem(("store", "url"), 'backend "postgres" needs store.url')
    if config.store.backend == "memory" and config.workers > 1:
        reader.problem(("workers",), 'backend "memory" is of one process: workers must be 1')


def _node(config: Config, reader: SectionReader) -> None:
    alarm, restart = config.node.alarm_seconds, config.node.restart_seconds
    if alarm is not None and restart is not None and restart <= alarm:
        reader.problem(("node", "restart_seconds"), "restart_seconds must be more than alarm_seconds")


def _certificate(config: Config, reader: SectionReader, path: KeyPath, chain: str, secret: str) -> None:
    if secret and not chain:
        reader.problem((*path, "key"), "a key without a certificate")
    for name, value in (("certificate", chain), ("key", secret)):
        trouble = _trouble(config.paths.below(value)) if value else ""
        if trouble:
            reader.problem((*path, name), f"{config.paths.below(value)} {trouble}")


def _trouble(file: Path) -> str:
    if not file.is_file():
        return "does not exist"
    return "" if os.access(file, os.R_OK) else "cannot be read"
