"""auth — who has an account here, and is it their password.

OTP:      gen_server that keeps the node's settings; the functions are plain, cf. ejabberd_auth.erl
Way:      c2s (SASL), mod_register, admin → [auth] → auth_internal, auth_http, auth_ldap, auth_oauth, auth_jwt → store
Process:  `auth`, one per node, permanent, under xmppd_sup after store
RFC:      6120 §6; 7622 §3.3 (local parts)
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, Protocol

from otp.erts.clock import CLOCK
from otp.erts.pid import Pid
from otp.stdlib import gen_server
from otp.stdlib.gen_server import GenServer
from xmpp_core import prep
from xmpp_core.prep import PrepError
from xmpp_core.sasl.base import ScramKeys
from xmppd.auth import tables
from xmppd.auth.auth_http import Elsewhere, HttpAccounts
from xmppd.auth.auth_internal import AccountExists, Accounts, AuthBusy, AuthError, BadPassword, NoAccount
from xmppd.auth.auth_oauth import Introspection, TokenService
from xmppd.auth.http_service import Endpoint
from xmppd.auth.issuer import Issuer
from xmppd.auth.ldap_names import LdapDirectory
from xmppd.store import store
from xmppd.store.backend import Tx
from xmppd.store.migrate import account_tables

__all__ = [
    "AccountExists", "AuthBusy", "AuthError", "BadName", "BadPassword", "Elsewhere", "NoAccount", "ScramKeys",
]  # fmt: skip

NAME: Final = "auth"
DEFAULT_ITERATIONS: Final = 4096


class BadName(AuthError):
    """A user name or domain that cannot stand in an address (RFC 7622)."""

    condition = "jid-malformed"


class Outside(Protocol):
    """The accounts of a host whose passwords something else knows: a service, or a directory."""

    async def check(self, user: str, host: str, password: str) -> bool:
        """Whether the password is right, be the account disabled here or not. Raises AuthBusy, StoreError."""

    def close(self) -> None:
        """Nobody is asked from here on."""


class Signed(Protocol):
    """The tokens of a host that are checked here, by their signatures."""

    def knows(self, token: str) -> bool:
        """Whether the token has the form of these."""

    async def owner(self, token: str, host: str) -> str:
        """See token_owner()."""


class _Current:
    """What the process has set up, where everybody reads it, as in a named ets table."""

    accounts: Accounts | None = None
    secret = b""
    #: the hosts whose passwords a service or a directory knows
    elsewhere: Mapping[str, Outside] = {}
    #: and those for which one has given tokens
    tokens: Mapping[str, TokenService] = {}
    #: and those whose tokens are signed
    signed: Mapping[str, Signed] = {}


# -- API


async def check_plain(user: str, host: str, password: str) -> bool:
    """Whether there is such an account that is not disabled, and this is its password; False for any bad name.

    As is_password().
    """
    return await is_password(user, host, password) and await may_log_in(user, host)


async def is_password(user: str, host: str, password: str) -> bool:
    """Whether there is such an account, disabled or not, and this is its password; False for any bad name.

    Takes as long for an unknown user as for a known one, where no service is asked. Raises AuthBusy, StoreError: answer
    temporary-auth-failure.
    """
    accounts = _accounts()
    try:
        user, host = _name(user, host)
    except BadName:
        return False
    service = _Current.elsewhere.get(host)
    return await (service or accounts).check(user, host, password)


async def token_owner(token: str, host: str) -> str:
    """The localpart of the account that a token of OAuth is for, disabled or not; "" if it is for none here.

    Raises AuthBusy, StoreError: answer temporary-auth-failure.
    """
    signed = _Current.signed.get(host)
    if signed is not None and signed.knows(token):
        return await signed.owner(token, host)
    service = _Current.tokens.get(host)
    return await service.owner(token, host) if service is not None else ""


async def scram_keys(user: str, host: str, mech: str) -> ScramKeys | None:
    """The keys for a hash ("SHA-256") or a mechanism ("SCRAM-SHA-256-PLUS"), of an account that is disabled too, or
    None. Raises StoreError."""
    accounts = _accounts()
    try:
        user, host = _name(user, host)
    except BadName:
        return None
    if host in _Current.elsewhere:
        return None
    return await accounts.keys(user, host, mech.removeprefix("SCRAM-").removesuffix("-PLUS"))


async def create_user(user: str, host: str, password: str, created_by: str = tables.OPERATOR) -> None:
    """Make an account; on disk when this returns. `created_by`: who has asked for it.

    Raises AccountExists, BadName, BadPassword, Elsewhere, AuthBusy, StoreError.
    """
    await _accounts().create(*_own_name(user, host), password, int(CLOCK.time()), created_by)


async def set_password(user: str, host: str, password: str) -> None:
    """Set another password of the account. Raises NoAccount, BadName, BadPassword, Elsewhere, AuthBusy,
    StoreError."""
    await _accounts().set_password(*_own_name(user, host), password)


async def remove_user(user: str, host: str) -> bool:
    """Delete the account and every row that is its user's, at once; False if there is no such account.

    Contacts are not told: routing.account.removal does that first, by AccountRemovedHook. Raises BadName,
    StoreError.
    """
    user, host = _name(user, host)

    def remove(tx: Tx) -> bool:
        if not tx.delete(tables.ACCOUNT, (host, user)):
            return False
        for table in account_tables(tx):
            tx.clear(table, (host, user))
        return True

    return await store.transaction(remove)


async def forget(user: str, host: str) -> None:
    """Delete every row that was written for somebody who has no account, a guest. Raises BadName, StoreError."""
    user, host = _name(user, host)

    def clear(tx: Tx) -> None:
        if tx.read(tables.ACCOUNT, (host, user)) is None:
            for table in account_tables(tx):
                tx.clear(table, (host, user))

    await store.transaction(clear)


async def without_account(host: str) -> list[str]:
    """The local parts for which a host has rows and no account, in order. Raises StoreError."""

    def find(tx: Tx) -> set[str]:
        rows = {str(user) for table in account_tables(tx) for user in tx.values(table, (host,))}
        return {user for user in rows if tx.read(tables.ACCOUNT, (host, user)) is None}

    return sorted(await store.transaction(find))


async def set_disabled(user: str, host: str, disabled: bool, reason: str = "") -> None:
    """Lock an account, or unlock it; its data and password stay. Raises NoAccount, BadName, StoreError."""
    await _accounts().set_disabled(*_name(user, host), disabled, reason)


async def user_exists(user: str, host: str) -> bool:
    """Whether there is such an account. False for any bad name. Raises StoreError."""
    try:
        user, host = _name(user, host)
    except BadName:
        return False
    return await store.read(tables.ACCOUNT, (host, user)) is not None


async def may_log_in(user: str, host: str) -> bool:
    """Whether there is such an account, and it is not disabled. Raises StoreError."""
    found = await account(user, host)
    return found is not None and not found.disabled


async def list_users(host: str, *, disabled: bool = False) -> list[str]:
    """The local parts of a host's accounts, in order; `disabled`: only of those that are. Raises StoreError."""
    found = await store.select(tables.ACCOUNT, (host,))
    return [account.user for account in found if account.disabled or not disabled]


async def account(user: str, host: str) -> tables.Account | None:
    """What is stored of an account; None if there is none, or for any bad name. Raises StoreError."""
    try:
        user, host = _name(user, host)
    except BadName:
        return None
    return await store.read(tables.ACCOUNT, (host, user))


async def hosts() -> list[str]:
    """The domains that have accounts, in order, be they served or not. Raises StoreError."""
    found = await store.transaction(lambda tx: tx.values(tables.ACCOUNT))
    return [str(host) for host in found]


def server_secret() -> bytes:
    """The key of this server, the same on all nodes and after restarts: SaslContext.secret. 32 bytes.

    Raises StoreError while auth is not running.
    """
    _accounts()
    return _Current.secret


async def start_link(
    iterations: int = DEFAULT_ITERATIONS,
    services: tuple[tuple[str, Endpoint | LdapDirectory], ...] = (),
    tokens: tuple[tuple[str, Introspection], ...] = (),
    issuers: tuple[tuple[str, Issuer], ...] = (),
) -> Pid | None:
    """Start `auth`; `iterations`: PBKDF2 rounds of new keys, at least 4096 but for tests; `services`: hosts, each with
    the service or directory that knows its passwords; `tokens`: with the one that has given tokens of OAuth;
    `issuers`: with who signs these."""
    return await gen_server.start_link(Auth, iterations, services, tokens, issuers, name=NAME)


# -- callbacks


@dataclass(frozen=True, slots=True)
class AuthState:
    """What the process was started with."""

    iterations: int


class Auth(GenServer[AuthState]):
    """Fetches or makes the server's secret; then everybody calls the functions above, not the process."""

    async def init(self, *args: Any) -> AuthState:
        """Set up this node's Accounts."""
        iterations, services, tokens, issuers = args
        _Current.secret = await store.transaction(_fetch_secret)
        _Current.tokens = {host: TokenService(wanted) for host, wanted in tokens}
        _Current.signed = {host: _signed(issuer) for host, issuer in issuers}
        _Current.elsewhere = {host: _outside(service) for host, service in services}
        _Current.accounts = Accounts(_Current.secret, iterations)
        return AuthState(iterations)

    def terminate(self, reason: object, state: AuthState) -> None:
        """Nobody logs in from here on."""
        _Current.accounts = None
        for outside in _Current.elsewhere.values():
            outside.close()


# -- internals


def _outside(service: Endpoint | LdapDirectory) -> Outside:
    """Its accounts; what speaks to directories is loaded where there is one, for it takes 160 ms."""
    if isinstance(service, Endpoint):
        return HttpAccounts(service)
    made: Outside = import_module("xmppd.auth.auth_ldap").LdapAccounts(service)
    return made


def _signed(issuer: Issuer) -> Signed:
    """Its tokens; what reads them is loaded where there are any."""
    made: Signed = import_module("xmppd.auth.auth_jwt").SignedTokens(issuer)
    return made


def _fetch_secret(tx: Tx) -> bytes:
    found = tx.read(tables.SECRET, ("auth",))
    if found is None:
        found = tables.Secret("auth", secrets.token_bytes(32))
        tx.write(found)
    return found.value


def _accounts() -> Accounts:
    if _Current.accounts is None:
        raise store.StoreError("auth is not running")
    return _Current.accounts


def _own_name(user: str, host: str) -> tuple[str, str]:
    """The name of an account whose password is kept here. Raises BadName, Elsewhere."""
    user, host = _name(user, host)
    if host in _Current.elsewhere:
        raise Elsewhere(f"a service knows the passwords of {host}, and an account is made at its first login")
    return user, host


def _name(user: str, host: str) -> tuple[str, str]:
    try:
        return prep.local(user), prep.domain(host)
    except PrepError as exc:
        raise BadName(str(exc)) from exc
