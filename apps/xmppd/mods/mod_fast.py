"""mod_fast — a client that has logged in once comes back by a token instead of the password, in one message.

Way:      c2s_login → LoginHook → [mod_fast] → store; c2s_auth → TokensHook → [mod_fast]; access.revoke →
          AccessRevokedHook → [mod_fast]
XEP:      0484
Process:  runs in the c2s
Differs:  what is stored opens nothing: a token is made of the server's secret and what stands in its row
"""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from otp.erts.clock import CLOCK
from xmpp_core import ns, stamp
from xmpp_core.element import Element, el
from xmpp_core.sasl import ht
from xmppd.auth import auth
from xmppd.gen_mod import Mod, on
from xmppd.routing import faults
from xmppd.routing.login_hook_points import AccessRevokedHook, LoginFeatures, LoginFeaturesHook, LoginHook, TokensHook
from xmppd.store import store
from xmppd.store.backend import StoreError, Table, Tx
from xmppd.store.schema import create_table

XEP = {484: "0.2.0"}
_NEW: Final = "new"
_CURRENT: Final = "current"
_DAY: Final = 86400


@dataclass(frozen=True)
class Options:
    """`days`: for which a token is good; half of them, and its client is given another. `clients`: of an account that
    have tokens; the one that came longest ago gives way."""

    days: int = 30
    clients: int = 20


@dataclass(frozen=True, slots=True)
class FastToken:
    """One of the two tokens of a user's client: the one it has used, and the one that it was given since. Times in
    seconds since 1970."""

    host: str
    user: str
    client: str
    slot: str
    mechanism: str
    serial: bytes = field(repr=False)
    issued: int = 0
    expires: int = 0


TOKEN: Final = Table("fast_token", FastToken, ("host", "user", "client", "slot"))
MIGRATIONS: Final = (
    create_table(
        "fast_token",
        ("host", "user", "client", "slot"),
        host=str,
        user=str,
        client=str,
        slot=str,
        mechanism=str,
        serial=bytes,
        issued=int,
        expires=int,
    ),
)


def _offer(*names: str) -> str:
    mechanisms = [el("mechanism", ns.FAST, None, name) for name in names]
    return el("fast", ns.FAST, None, *mechanisms).to_xml()


_BOUND: Final = _offer(*ht.MECHANISMS)
_UNBOUND: Final = _offer(*[name for name in ht.MECHANISMS if not ht.is_bound(name)])


@on(LoginFeaturesHook)
def offered(acc: LoginFeatures, point: LoginFeaturesHook, mod: Mod) -> LoginFeatures:
    """Both kinds where there is something to bind to."""
    return LoginFeatures((*acc.inline, _BOUND if point.channel_binding else _UNBOUND), acc.bind)


def token_of(row: FastToken) -> bytes:
    """The token of a row. Another mechanism, client or account makes another one."""
    text = f"fast\0{row.host}\0{row.user}\0{row.client}\0{row.mechanism}\0".encode()
    return urlsafe_b64encode(hmac.digest(auth.server_secret(), text + row.serial, "sha256"))


@on(TokensHook)
async def good(acc: tuple[bytes, ...], point: TokensHook, mod: Mod) -> tuple[bytes, ...]:
    """The new one first, then the one in use; none for an account that is locked. XEP: 0484 §6.2"""
    if not point.client:
        return acc
    user = point.user
    rows = await store.select(TOKEN, (user.domain, user.local, point.client))
    now = CLOCK.time()
    fitting = [row for row in rows if row.mechanism == point.mechanism and row.expires > now]
    if not fitting:
        return acc
    account = await auth.account(user.local, user.domain)
    if account is None or account.disabled:
        return acc
    return (*acc, *[token_of(row) for row in sorted(fitting, key=lambda row: row.slot, reverse=True)])


@on(LoginHook)
async def logged_in(said: tuple[Element, ...], point: LoginHook, mod: Mod) -> tuple[Element, ...]:
    """A new token that was used is the one in use from now on; another one, if it is asked for or time for it."""
    if not point.client:
        return said
    asked = point.request.child("request-token", ns.FAST)
    fast = point.request.child("fast", ns.FAST)
    wanted = asked.get("mechanism") if asked is not None else None
    if not point.token and wanted not in ht.MECHANISMS:
        return said
    ends = fast is not None and (fast.get("invalidate") in ("true", "1"))
    try:
        made = await store.transaction(lambda tx: _turn(tx, point, mod.options, wanted or "", ends))
    except StoreError as error:
        faults.log(error, f"keeping a token of {point.user}")
        return said
    if made is None:
        return said
    expiry = stamp.format_datetime(datetime.fromtimestamp(made.expires, UTC))
    return (*said, el("token", ns.FAST, {"token": token_of(made).decode(), "expiry": expiry}))


def _turn(tx: Tx, point: LoginHook, options: Options, wanted: str, ends: bool) -> FastToken | None:
    """The slots after this login; the token that is given out, if one is. XEP: 0484 §6.2"""
    host, user, client, now = point.user.domain, point.user.local, point.client, int(CLOCK.time())
    used = None
    for slot in (_NEW, _CURRENT):
        row = tx.read(TOKEN, (host, user, client, slot))
        if used is None and row is not None and point.token and hmac.compare_digest(token_of(row), point.token):
            used = row
    if used is not None and ends:
        tx.delete(TOKEN, (host, user, client, used.slot))
        return None
    if used is not None and used.slot == _NEW:
        tx.delete(TOKEN, (host, user, client, _NEW))
        tx.write(FastToken(host, user, client, _CURRENT, used.mechanism, used.serial, used.issued, used.expires))
    if used is not None and not wanted and now - used.issued > options.days * _DAY // 2:
        wanted = used.mechanism
    if wanted not in ht.MECHANISMS:
        return None
    _make_room(tx, point, options)
    made = FastToken(host, user, client, _NEW, wanted, secrets.token_bytes(16), now, now + options.days * _DAY)
    tx.write(made)
    return made


def _make_room(tx: Tx, point: LoginHook, options: Options) -> None:
    host, user = point.user.domain, point.user.local
    latest: dict[str, int] = {}
    for row in tx.select(TOKEN, (host, user)):
        if row.client != point.client:
            latest[row.client] = max(latest.get(row.client, 0), row.issued)
    surplus = max(len(latest) + 1 - options.clients, 0)
    for client in sorted(latest, key=lambda client: latest[client])[:surplus]:
        tx.clear(TOKEN, (host, user, client))


@on(AccessRevokedHook)
async def revoked(point: AccessRevokedHook, mod: Mod) -> None:
    """Of the account, or of one client of it."""
    key = (point.user.domain, point.user.local, *([point.client] if point.client else []))
    await store.transaction(lambda tx: tx.clear(TOKEN, key))
