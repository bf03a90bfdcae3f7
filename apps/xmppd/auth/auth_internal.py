"""auth_internal — accounts in our own store, as SCRAM keys.

OTP:      cf. ejabberd_auth_mnesia, ejabberd_auth_sql
Way:      auth → [auth_internal] → store; PBKDF2 on the blocking pool
RFC:      5802 §5.1, 7677; 6120 §13.8.3 (stored passwords)

How many rounds: 4096 is what RFC 5802 §5.1 demands at least and what clients cope with at every login. One
registration makes three sets of keys: 4.4 ms of a core at 4096 rounds, 11 ms at 10,000 (measured); PLAIN pays one
SHA-256, 1 ms, once a minute. Rounds buy time against a stolen database only linearly, and the same CPU
is what a login storm can take from us; auth.iterations can be set higher.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, TypeVar

from otp.erts import blocking, process
from otp.erts.clock import CLOCK
from xmpp_core.sasl import scram_keys
from xmpp_core.sasl.base import ScramKeys
from xmppd import limits_hit
from xmppd.auth import tables
from xmppd.auth.scram_text import from_text, to_text
from xmppd.auth.verified import Verified
from xmppd.store import store
from xmppd.store.backend import Tx

T = TypeVar("T")
HASHES: Final = ("SHA-1", "SHA-256", "SHA-512")
#: password checks and registrations that may be at the threads; others wait for their turn, so many seconds, before
#: the rest get temporary-auth-failure: a flood makes the queue longer, and gets nobody refused
MAX_WAITING: Final = 200
PATIENCE: Final = 5.0
MAX_PASSWORD: Final = 1023


class AuthError(Exception):
    """Base of what can be wrong with a request; `condition` is the stanza or SASL error that says so."""

    condition = "internal-server-error"


class AccountExists(AuthError):
    """create_user: there is such an account."""

    condition = "conflict"


class NoAccount(AuthError):
    """set_password: there is no such account."""

    condition = "item-not-found"


class BadPassword(AuthError):
    """A password that is empty, too long, or has characters SASLprep forbids (RFC 4013)."""

    condition = "not-acceptable"


class AuthBusy(AuthError):
    """Too many passwords wait to be checked: come back later (RFC 6120 §6.5.11)."""

    condition = "temporary-auth-failure"


class Accounts:
    """The accounts of a node. Names are canonical local parts and domains; auth.py sees to that."""

    __slots__ = ("_iterations", "_secret", "_verified", "_waiting")

    def __init__(self, secret: bytes, iterations: int) -> None:
        self._secret, self._iterations = secret, iterations
        self._verified = Verified()
        self._waiting = 0

    async def check(self, user: str, host: str, password: str) -> bool:
        """Whether the password is the account's, be it disabled or not.

        Costs the same for an account that is not there. Raises AuthBusy; StoreError.
        """
        account = await store.read(tables.ACCOUNT, (host, user))
        stored = account.scram_sha_256 if account is not None else ""
        mark = self._verified.mark(stored, password)
        if account is not None and self._verified.knows(mark, CLOCK.monotonic()):
            return True
        keys = from_text(stored) or self._fake("SHA-256", user, host)
        good = await self._on_thread(scram_keys.verify_password, "SHA-256", password[:MAX_PASSWORD], keys)
        if account is None or not good or len(password) > MAX_PASSWORD:
            return False
        self._verified.add(mark, CLOCK.monotonic())
        return True

    async def keys(self, user: str, host: str, hash_name: str) -> ScramKeys | None:
        """The account's keys for "SHA-1", "SHA-256" or "SHA-512", be it disabled or not; None: no account, or no such
        keys."""
        account = await store.read(tables.ACCOUNT, (host, user))
        if account is None or hash_name not in HASHES:
            return None
        return from_text(_texts(account)[HASHES.index(hash_name)])

    async def create(self, user: str, host: str, password: str, now: int, created_by: str = "") -> None:
        """Make an account; committed when this returns. Raises AccountExists, BadPassword, AuthBusy, StoreError."""
        if await store.read(tables.ACCOUNT, (host, user)) is not None:
            raise AccountExists(user)
        made = tables.Account(host, user, *await self._derive(password), created_at=now, created_by=created_by)

        def insert(tx: Tx) -> None:
            if tx.read(tables.ACCOUNT, (host, user)) is not None:
                raise AccountExists(user)
            tx.write(made)

        await store.transaction(insert)

    async def set_password(self, user: str, host: str, password: str) -> None:
        """Replace the account's keys. Raises NoAccount, BadPassword, AuthBusy, StoreError."""
        if await store.read(tables.ACCOUNT, (host, user)) is None:
            raise NoAccount(user)
        sha_1, sha_256, sha_512 = await self._derive(password)

        def update(tx: Tx) -> None:
            account = tx.read(tables.ACCOUNT, (host, user))
            if account is None:
                raise NoAccount(user)
            tx.write(replace(account, scram_sha_1=sha_1, scram_sha_256=sha_256, scram_sha_512=sha_512))

        await store.transaction(update)

    async def set_disabled(self, user: str, host: str, disabled: bool, reason: str) -> None:
        """Lock or unlock an account. Raises NoAccount, StoreError."""

        def update(tx: Tx) -> None:
            account = tx.read(tables.ACCOUNT, (host, user))
            if account is None:
                raise NoAccount(user)
            tx.write(replace(account, disabled=disabled, reason=reason))

        await store.transaction(update)

    async def _derive(self, password: str) -> tuple[str, str, str]:
        if len(password) > MAX_PASSWORD:
            raise BadPassword("too long")
        try:
            return await self._on_thread(derive_texts, password, secrets.token_bytes(16), self._iterations)
        except ValueError as exc:
            raise BadPassword(str(exc)) from exc

    async def _on_thread(self, fn: Callable[..., T], *args: Any) -> T:
        deadline = CLOCK.monotonic() + PATIENCE
        while self._waiting >= MAX_WAITING:
            if CLOCK.monotonic() > deadline:
                limits_hit.LOGIN_QUEUE.n += 1
                raise AuthBusy("too many passwords are being checked")
            await process.sleep(0.05)
        self._waiting += 1
        try:
            return await blocking.run_blocking(fn, *args)
        except blocking.Busy as exc:
            limits_hit.LOGIN_QUEUE.n += 1
            raise AuthBusy(str(exc)) from exc
        finally:
            self._waiting -= 1

    def _fake(self, hash_name: str, user: str, host: str) -> ScramKeys:
        return scram_keys.fake(hash_name, f"{user}@{host}", self._secret, self._iterations)


def derive_texts(password: str, seed: bytes, iterations: int) -> tuple[str, str, str]:
    """The stored texts of a password for each of HASHES. Slow on purpose; each hash has a salt of its own.

    Raises ValueError as scram_keys.derive does.
    """
    made = []
    for name in HASHES:
        salt = hmac.digest(seed, name.encode(), "sha256")[:16]
        made.append(to_text(name, scram_keys.derive(name, password, salt, iterations)))
    return made[0], made[1], made[2]


def _texts(account: tables.Account) -> tuple[str, str, str]:
    return account.scram_sha_1, account.scram_sha_256, account.scram_sha_512
