"""auth_jwt — whose a token is that is a JWT: it is checked here, by keys that its issuer has published (JWKS).

OTP:      cf. ejabberd_auth_jwt.erl
Way:      auth → [auth_jwt] → http_service, for the keys
Process:  runs in the c2s
RFC:      7519 (JWT), 7515 (its signature), 7517 (keys), 8725 (what goes wrong), 9068 §4 (access tokens)

The allowed algorithms are all of public keys, and whatever else is published is no key: so none is taken for a shared
secret, and a token says nothing by itself of how it is to be checked but which of these algorithms it has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import jwt
import msgspec
from jwt.exceptions import PyJWTError

from otp.erts.clock import CLOCK
from xmppd.auth import auth_http
from xmppd.auth.auth_oauth import is_for, local_of
from xmppd.auth.http_service import HttpService
from xmppd.auth.issuer import Issuer
from xmppd.auth.service_fails import ServiceFails

#: bytes of a document with keys, and how many of these count
MOST: Final = 262144
MOST_KEYS: Final = 100
#: seconds by which the clocks of two machines may differ
LEEWAY: Final = 10
#: seconds for which keys are used when no newer ones are to be had
STALE: Final = 3600.0
#: seconds after which keys that could not be had are asked for again
RETRY: Final = 10.0
#: the types of public keys. RFC: 7518 §6.1, 8037 §2
_PUBLIC: Final = frozenset({"RSA", "EC", "OKP"})


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """A key as it was published, and what it is called, "" for nothing."""

    id: str
    data: Mapping[str, Any] = field(repr=False)


def read_keys(document: bytes) -> tuple[PublishedKey, ...]:
    """The keys for signatures in a document; those of kinds that are not for us are left out. Raises ServiceFails.
    RFC: 7517 §5"""
    try:
        said: Any = msgspec.json.decode(document)
    except msgspec.DecodeError:
        said = None
    if not isinstance(said, dict) or not isinstance(said.get("keys"), list):
        raise ServiceFails("what it publishes is no set of keys")
    good = [one for one in said["keys"] if isinstance(one, dict) and one.get("kty") in _PUBLIC]
    signs = [one for one in good if one.get("use", "sig") == "sig" and isinstance(one.get("kid", ""), str)]
    return tuple(PublishedKey(one.get("kid", ""), one) for one in signs[:MOST_KEYS])


def header_of(token: str) -> Mapping[str, Any] | None:
    """The header of a token that has the form of a JWT; None if it has another."""
    try:
        return jwt.get_unverified_header(token)
    except PyJWTError:
        return None


def claims(token: str, key: PublishedKey, algorithm: str, issuer: str) -> Mapping[str, Any]:
    """What a token says, if it was signed with the key by the issuer, and holds now; else nothing. RFC: 8725 §3"""
    if key.data.get("alg", algorithm) != algorithm:
        return {}
    options: Any = {"require": ["exp", "iss"], "verify_aud": False, "strict_aud": False}
    try:
        public = jwt.PyJWK(dict(key.data), algorithm)
        said = jwt.decode(token, public, [algorithm], options, issuer=issuer, leeway=LEEWAY)
    except (PyJWTError, ValueError, TypeError):  # also a key that is none of its kind
        return {}
    return said


class SignedTokens:
    """The tokens that an issuer has signed, for the accounts of a host."""

    __slots__ = ("_got_at", "_issuer", "_keys", "_lock", "_next_at", "_service")

    def __init__(self, issuer: Issuer) -> None:
        self._issuer, self._service = issuer, HttpService(issuer.endpoint)
        self._keys: tuple[PublishedKey, ...] = ()
        self._got_at = self._next_at = float("-inf")
        self._lock = asyncio.Lock()

    def knows(self, token: str) -> bool:
        """Whether the token has the form of those that are checked here."""
        return header_of(token) is not None

    async def owner(self, token: str, host: str) -> str:
        """Whose token it is, of the accounts of `host`, a localpart; the account is made if there is none yet. "": it
        is not good. Raises ServiceFails, StoreError."""
        header, wanted = header_of(token), self._issuer
        algorithm, id_ = (header.get("alg"), header.get("kid", "")) if header is not None else (None, "")
        if header is None or algorithm not in wanted.algorithms or not isinstance(id_, str) or "crit" in header:
            return ""
        try:
            key = await self._key(id_)
        except ServiceFails as error:
            self._service.told.tell(host, error)
            raise
        said = claims(token, key, str(algorithm), wanted.name) if key is not None else {}
        name = said.get(wanted.claim) if is_for(said, wanted.scope, wanted.audience) else None
        user = local_of(name, host) if isinstance(name, str) else ""
        if user:
            await auth_http.make_known(user, host)
        return user

    async def _key(self, id_: str) -> PublishedKey | None:
        """The key of that name; without one the only key there is. Raises ServiceFails if none can be had."""
        found = self._named(id_)
        if found is None or CLOCK.monotonic() - self._got_at >= self._issuer.seconds:
            await self._fetch()
            found = self._named(id_)
        return found

    def _named(self, id_: str) -> PublishedKey | None:
        if not id_:
            return self._keys[0] if len(self._keys) == 1 else None
        return next((key for key in self._keys if key.id == id_), None)

    async def _fetch(self) -> None:
        """Have the keys that are published now, but ask no more often than told, whoever wants it. One who goes away
        while it asks leaves it to the next."""
        async with self._lock:
            if CLOCK.monotonic() < self._next_at:
                if self._usable():
                    return
                raise ServiceFails("its keys could not be had a moment ago")
            try:
                status, document = await self._service.get(MOST)
                if status != 200:
                    raise ServiceFails(f"it answers with status {status}")
                self._keys = read_keys(document)
            except ServiceFails:
                self._next_at = CLOCK.monotonic() + min(RETRY, self._issuer.seconds)
                if not self._usable():
                    raise
            else:
                self._got_at = CLOCK.monotonic()
                self._next_at = self._got_at + self._issuer.seconds

    def _usable(self) -> bool:
        return CLOCK.monotonic() - self._got_at < max(STALE, self._issuer.seconds)
