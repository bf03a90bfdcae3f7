"""auth_oauth — whose an OAuth token is: the service that has given it is asked at each login.

OTP:      cf. ejabberd_oauth.erl
Way:      auth → [auth_oauth] → http_service
Process:  runs in the c2s
RFC:      7662 (token introspection), 6749 §2.3.1 (who asks)
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec

from otp.erts.clock import CLOCK
from xmpp_core.jid import JID, JidError
from xmppd.auth import auth_http
from xmppd.auth.http_service import Endpoint, HttpService
from xmppd.auth.service_fails import ServiceFails

#: bytes of an answer
_MOST: Final = 65536


@dataclass(frozen=True, slots=True)
class Introspection:
    """Where tokens are looked at; which member of the answer is the account's name; what a token must be for, "" for
    anything: one of its scopes, one of its audiences."""

    endpoint: Endpoint
    claim: str = "username"
    scope: str = ""
    audience: str = ""


def basic(client: str, secret: str) -> str:
    """What a client of OAuth shows as Authorization, with a secret alone a bearer's token. RFC: 6749 §2.3.1"""
    if not client:
        return f"Bearer {secret}" if secret else ""
    both = ":".join(quote(text, safe="") for text in (client, secret))
    return f"Basic {b64encode(both.encode()).decode()}"


def owner(answer: bytes, wanted: Introspection, host: str, now: float) -> str:
    """The localpart of the token's owner at `host`; "" if the token is not good, or for something else. Raises
    ServiceFails if the answer says nothing. RFC: 7662 §2.2"""
    try:
        said: Any = msgspec.json.decode(answer)
    except msgspec.DecodeError:
        said = None
    if not isinstance(said, dict) or not isinstance(said.get("active"), bool):
        raise ServiceFails("its answer is not that of a token introspection")
    if not said["active"] or not is_for(said, wanted.scope, wanted.audience) or not _is_timely(said, now):
        return ""
    name = said.get(wanted.claim)
    return local_of(name, host) if isinstance(name, str) else ""


def is_for(said: Mapping[str, Any], scope: str, audience: str) -> bool:
    """Whether what is said of a token has a scope, and means an audience; "" for any."""
    scopes, audiences = said.get("scope", ""), said.get("aud", [])
    scoped = not scope or (isinstance(scopes, str) and scope in scopes.split())
    meant = [audiences] if isinstance(audiences, str) else audiences
    return scoped and (not audience or (isinstance(meant, list) and audience in meant))


def _is_timely(said: Mapping[str, Any], now: float) -> bool:
    begins, ends = said.get("nbf", 0), said.get("exp", now + 1)
    return isinstance(begins, int | float) and isinstance(ends, int | float) and begins <= now < ends


def local_of(name: str, host: str) -> str:
    """The localpart of the account of `host` that NAME or NAME@HOST means; "" if it means none."""
    try:
        jid = JID.parse(name if "@" in name else f"{name}@{host}")
    except JidError:
        return ""
    return jid.local if jid.domain == host and not jid.resource else ""


class TokenService:
    """The service that has given tokens for the accounts of a host."""

    __slots__ = ("_service", "_wanted")

    def __init__(self, wanted: Introspection) -> None:
        self._wanted, self._service = wanted, HttpService(wanted.endpoint)

    async def owner(self, token: str, host: str) -> str:
        """Whose token it is, of the accounts of `host`, a localpart; the account is made if there is none yet. "": it
        is not good. Raises ServiceFails, StoreError."""
        asked = urlencode({"token": token, "token_type_hint": "access_token"}).encode()
        try:
            status, answer = await self._service.post("application/x-www-form-urlencoded", asked, _MOST)
            if status != 200:
                raise ServiceFails(f"it answers with status {status}")
            user = owner(answer, self._wanted, host, CLOCK.time())
        except ServiceFails as error:
            self._service.told.tell(host, error)
            raise
        if user:
            await auth_http.make_known(user, host)
        return user
