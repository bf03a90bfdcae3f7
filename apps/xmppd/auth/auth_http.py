"""auth_http — accounts whose passwords an HTTP service knows: it is asked at each login, and nothing of it is kept.

OTP:      cf. ejabberd_auth_external.erl, ejabberd_auth_http of MongooseIM
Way:      auth → [auth_http] → http_service, and store: an account is made here by its first login
Process:  runs in the c2s
RFC:      9110 (status codes), 8259 (JSON)

The protocol is in docs/login.md: one POST for each login, and of the answer only the status counts.
"""

from __future__ import annotations

from typing import Final

import msgspec

from otp.erts.clock import CLOCK
from xmppd.auth import tables
from xmppd.auth.auth_internal import AuthError
from xmppd.auth.http_service import Endpoint, HttpService
from xmppd.auth.service_fails import ServiceFails
from xmppd.store import store
from xmppd.store.backend import Tx

_RIGHT: Final = frozenset({200, 204})
_WRONG: Final = frozenset({401, 403, 404})


class Elsewhere(AuthError):
    """What is asked for is the business of the service: a password, or an account."""

    condition = "not-allowed"


def question(user: str, host: str, password: str) -> bytes:
    """What asks whether this is the password of user@host."""
    return msgspec.json.encode({"user": user, "host": host, "password": password})


def verdict(status: int) -> bool:
    """Whether the password is right. Raises ServiceFails for a status that says nothing of it."""
    if status in _RIGHT:
        return True
    if status in _WRONG:
        return False
    raise ServiceFails(f"it answers with status {status}")


async def make_known(user: str, host: str) -> None:
    """Make the account that a service vouches for, if there is none yet. Raises StoreError."""
    made = tables.Account(host, user, "", "", "", created_at=int(CLOCK.time()), created_by=tables.SERVICE)

    def make(tx: Tx) -> None:
        if tx.read(tables.ACCOUNT, (host, user)) is None:
            tx.write(made)

    if await store.read(tables.ACCOUNT, (host, user)) is None:
        await store.transaction(make)


class HttpAccounts:
    """The accounts of a host whose passwords a service knows. Names are canonical; auth.py sees to that."""

    __slots__ = ("_service",)

    def __init__(self, endpoint: Endpoint) -> None:
        self._service = HttpService(endpoint)

    async def check(self, user: str, host: str, password: str) -> bool:
        """Whether the service says that this is the password; the account is made if there is none yet. Raises
        ServiceFails, StoreError."""
        try:
            status, _ = await self._service.post("application/json", question(user, host, password))
            if not verdict(status):
                return False
        except ServiceFails as error:
            self._service.told.tell(host, error)
            raise
        await make_known(user, host)
        return True

    def close(self) -> None:
        """Nothing is kept: a question has a connection of its own."""
