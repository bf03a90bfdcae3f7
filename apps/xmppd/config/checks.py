"""checks — what single keys cannot know: contradictions between them, and files that must be there.

OTP:      none; cf. the validators at the end of ejabberd_config.erl
Way:      config.load → [checks]
"""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from xmpp_core.jid import JID
from xmppd.config import guests
from xmppd.config.auth_section import THIS_MACHINE
from xmppd.config.kinds import suggest
from xmppd.config.lines import Path as KeyPath
from xmppd.config.reader import SectionReader
from xmppd.config.schema import ANY_ADDRESS, LOOPBACK, Config, Listen


def check(config: Config, reader: SectionReader) -> None:
    """Note every contradiction in a configuration whose keys are each right by themselves."""
    _listeners(config, reader)
    _hosts(config, reader)
    _store(config, reader)
    _node(config, reader)
    _clients(config, reader)
    _service(config, reader)
    _directory(config, reader)
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
    if not any(listen.module != "http" for listen in config.listen):
        reader.problem(("listen",), "no listener for clients or components: nobody could connect")


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
    if listen.module == "http" and listen.tls in ("required", "optional"):
        reader.problem((*path, "tls"), 'HTTP knows no STARTTLS: tls must be "direct" or "off"')
    if listen.module != "http" and listen.monitors != LOOPBACK:
        reader.problem((*path, "monitors"), "monitors belong to an http listener")
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


def _clients(config: Config, reader: SectionReader) -> None:
    """Certificates of clients: who signs them, and whose they are."""
    auth, clients = config.auth, [listen for listen in config.listen if listen.module == "c2s"]
    for name, jid in auth.client_accounts.items():
        host = JID.parse(jid).domain
        if host not in config.hosts:
            path = ("auth", "client_accounts", name)
            reader.problem(path, f'"{jid}" is an account of no host here{suggest(host, config.hosts)}')
    if not auth.client_ca:
        if auth.client_accounts or auth.client_names != "address":
            reader.problem(("auth", "client_ca"), "certificates of clients need client_ca: who signs them")
        return
    file = config.paths.below(auth.client_ca)
    trouble = _trouble(file) or _no_authority(file)
    if trouble:
        reader.problem(("auth", "client_ca"), f"{file} {trouble}")
    if all(listen.tls == "off" for listen in clients):
        reader.problem(("auth", "client_ca"), "no listener for clients has TLS, so none shows a certificate")


def _service(config: Config, reader: SectionReader) -> None:
    """The services and directories that know passwords or tokens, and whether clients can send any."""
    auth, clients = config.auth, [one for one in config.listen if one.module == "c2s"]
    for section in ("http", "ldap", "oauth", "oauth_keys"):
        hosts = getattr(auth, section)
        for host in hosts:
            path = ("auth", section, host)
            if host not in config.hosts:
                reader.problem(path, f'"{host}" is not in hosts{suggest(host, config.hosts)}')
            elif guests.has_guests(config.modules_of(host)):
                reader.problem(path, f"{host} is for guests, who have no passwords")
        if hosts and all(one.tls == "off" and not one.plain_without_tls for one in clients):
            reader.problem(("auth", section), "no listener for clients has TLS, so none takes a password or a token")
    _alone(config, reader)
    for key, ca in (("http_ca", auth.http_ca), ("ldap_ca", auth.ldap_ca)):
        file = config.paths.below(ca)
        if ca and (trouble := _trouble(file) or _no_authority(file)):
            reader.problem(("auth", key), f"{file} {trouble}")


_OF_A_DIRECTORY: Final = (
    "ldap_ca", "ldap_user_dn", "ldap_base", "ldap_bind_dn", "ldap_password", "ldap_host_bind_dn", "ldap_host_password",
)  # fmt: skip


def _directory(config: Config, reader: SectionReader) -> None:
    """How accounts are found in a directory, and whether passwords go there safely."""
    auth = config.auth
    for host, url in auth.ldap.items():
        parts = urlsplit(url)
        if host in auth.http:
            reader.problem(("auth", "ldap", host), f"{host} has its passwords in http already")
        if parts.scheme == "ldap" and not auth.ldap_starttls and parts.hostname not in THIS_MACHINE:
            reader.problem(("auth", "ldap_starttls"), f"passwords are sent to {url}, which needs TLS")
    if not auth.ldap:
        for key in _OF_A_DIRECTORY:
            if getattr(auth, key):
                reader.problem(("auth", key), f"{key} is for the directory in ldap, and there is none")
        return
    if not auth.ldap_user_dn and not auth.ldap_base:
        reader.problem(("auth", "ldap"), "users are found by ldap_user_dn, or searched for below ldap_base: say which")
    if auth.ldap_user_dn and (auth.ldap_base or auth.ldap_bind_dn or auth.ldap_host_bind_dn):
        reader.problem(("auth", "ldap_user_dn"), "with ldap_user_dn nobody is searched for, by whatever ldap_base says")
    if bool(auth.ldap_bind_dn) != bool(auth.ldap_password):
        reader.problem(("auth", "ldap_bind_dn"), "ldap_bind_dn and ldap_password go together")
    for key, other in (("ldap_host_bind_dn", auth.ldap_host_password), ("ldap_host_password", auth.ldap_host_bind_dn)):
        for host in getattr(auth, key):
            if host not in auth.ldap:
                near = suggest(host, tuple(auth.ldap))
                reader.problem(("auth", key, host), f'"{host}" has no directory in ldap{near}')
            elif host not in other:
                reader.problem(("auth", key, host), f"{host} needs both ldap_host_bind_dn and ldap_host_password")
    if trouble := _no_filter(auth.ldap_filter):
        reader.problem(("auth", "ldap_filter"), f"must be a filter of RFC 4515, in parentheses: {trouble}")


def _no_filter(text: str) -> str:
    from sansldap import LDAPFilter  # takes 160 ms, and few have a directory

    try:
        LDAPFilter.from_string(text.replace("{user}", "x").replace("{host}", "x"))
    except ValueError as error:
        return str(error)
    return "" if text.strip().startswith("(") else "it begins with none"


def _alone(config: Config, reader: SectionReader) -> None:
    """Keys that belong to a service which is not there."""
    auth = config.auth
    if auth.http_secret and not auth.http:
        reader.problem(("auth", "http_secret"), "http_secret is for the service in http, and there is none")
    if auth.http_ca and not auth.http and not auth.with_tokens:
        reader.problem(("auth", "http_ca"), "http_ca is for a service in http or oauth, and there is none")
    for key in ("oauth_client", "oauth_secret", "oauth_scope", "oauth_audience"):
        anywhere = auth.oauth if key in ("oauth_client", "oauth_secret") else auth.with_tokens
        if getattr(auth, key) and not anywhere:
            reader.problem(("auth", key), f"{key} is for the service in oauth, and there is none")
    if auth.oauth_client and not auth.oauth_secret:
        reader.problem(("auth", "oauth_secret"), "oauth_client needs oauth_secret")
    if auth.oauth_issuer and not auth.oauth_keys:
        reader.problem(("auth", "oauth_issuer"), "oauth_issuer is for the keys in oauth_keys, and there are none")
    for key in ("oauth_issuer", "oauth_audience"):
        if auth.oauth_keys and not getattr(auth, key):
            reader.problem(("auth", "oauth_keys"), f"oauth_keys needs {key}, lest tokens for others open accounts here")


def _no_authority(file: Path) -> str:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(file)
    except (ssl.SSLError, OSError):
        return "holds no certificate, or a damaged one"
    return ""


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
