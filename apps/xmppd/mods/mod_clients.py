"""mod_clients — which programs have access to an account, since when, and how; and its user takes it from one.

Way:      c2s_login → LoginHook → [mod_clients] → store; router → iq → [mod_clients] → access.revoke
XEP:      0494
Process:  runs in the c2s
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from otp.erts.clock import CLOCK
from xmpp_core import ns, stamp
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.sasl.ht import MECHANISMS as TOKEN_MECHANISMS
from xmpp_core.stanza import Iq
from xmppd.gen_mod import Mod, iq_handler, on
from xmppd.routing import faults
from xmppd.routing.account import access
from xmppd.routing.deliver import Kick
from xmppd.routing.iq import SM
from xmppd.routing.login_hook_points import AccessRevokedHook, LoginHook
from xmppd.routing.sm import sm
from xmppd.store import store
from xmppd.store.backend import StoreError, Table, Tx
from xmppd.store.schema import create_table

XEP = {494: "0.1.0"}
_PASSWORD: Final = "password"
_TOKEN: Final = "fast"
#: characters of what a program says of itself
_LONGEST: Final = 200
#: seconds for which a later login of the same kind is not written down
_FRESH: Final = 3600
_REVOKED: Final = Kick("not-authorized", "the access of this client was revoked")


@dataclass(frozen=True)
class Options:
    """`most`: clients of an account that are remembered; the one that came longest ago gives way."""

    most: int = 50


@dataclass(frozen=True, slots=True)
class UserClient:
    """A program of an account that has said which it is. Times in seconds since 1970; `ways`: of login, with spaces
    between."""

    host: str
    user: str
    client: str
    software: str = field(default="", repr=False)
    device: str = field(default="", repr=False)
    first_seen: int = 0
    last_seen: int = 0
    ways: str = ""


CLIENT: Final = Table("user_client", UserClient, ("host", "user", "client"))
MIGRATIONS: Final = (
    create_table(
        "user_client",
        ("host", "user", "client"),
        host=str,
        user=str,
        client=str,
        software=str,
        device=str,
        first_seen=int,
        last_seen=int,
        ways=str,
    ),
)


@on(LoginHook, seq=90)
async def logged_in(said: tuple[Element, ...], point: LoginHook, mod: Mod) -> tuple[Element, ...]:
    """It was here, and how; one that has just been here by the same way costs no write."""
    if not point.client:
        return said
    user, now = point.user, int(CLOCK.time())
    try:
        known = await store.read(CLIENT, (user.domain, user.local, point.client))
        now_is = _seen(known, point, now, bool(said))
        if known is None or now - known.last_seen >= _FRESH or replace(now_is, last_seen=known.last_seen) != known:
            await store.transaction(lambda tx: _write(tx, now_is, mod.options.most))
    except StoreError as error:
        faults.log(error, f"writing down a client of {user}")
    return said


def _seen(known: UserClient | None, point: LoginHook, now: int, token: bool) -> UserClient:
    agent = point.request.child("user-agent", ns.SASL2)
    software, device = (
        ((agent.child_text(name, ns.SASL2) or "")[:_LONGEST] if agent is not None else "")
        for name in ("software", "device")
    )
    ways = {_TOKEN} if token or point.mechanism in TOKEN_MECHANISMS else set()
    if point.mechanism not in TOKEN_MECHANISMS:
        ways.add(_PASSWORD)
    user = point.user
    if known is None:
        return UserClient(user.domain, user.local, point.client, software, device, now, now, " ".join(sorted(ways)))
    ways |= set(known.ways.split())
    return replace(
        known,
        software=software or known.software,
        device=device or known.device,
        last_seen=now,
        ways=" ".join(sorted(ways)),
    )


def _write(tx: Tx, row: UserClient, most: int) -> None:
    others = [known for known in tx.select(CLIENT, (row.host, row.user)) if known.client != row.client]
    for known in sorted(others, key=lambda known: known.last_seen)[: max(len(others) + 1 - most, 0)]:
        tx.delete(CLIENT, (known.host, known.user, known.client))
    tx.write(row)


@iq_handler(ns.CLIENTS, "list", at=(SM,), only="get")
async def listed(iq: Iq, mod: Mod) -> Iq:
    """The clients of the asker's own account. XEP: 0494 §3.1"""
    rows = await _own(iq)
    return iq.result(el("clients", ns.CLIENTS, None, *[_shown(row) for row in rows]))


async def _own(iq: Iq) -> list[UserClient]:
    assert iq.from_ is not None
    user = iq.from_.bare_jid()
    if iq.to is not None and iq.to.bare != user.bare:
        raise StanzaError("forbidden", "clients are their users' own")
    return await store.select(CLIENT, (user.domain, user.local))


def _shown(row: UserClient) -> Element:
    sessions = sm.sessions(f"{row.user}@{row.host}")
    connected = any(session.client == row.client for session in sessions)
    named = {"software": row.software, "device": row.device}
    return el(
        "client",
        ns.CLIENTS,
        {"connected": "true" if connected else "false", "id": row.client, "type": "session"},
        el("first-seen", ns.CLIENTS, None, stamp.from_epoch(row.first_seen)),
        el("last-seen", ns.CLIENTS, None, stamp.from_epoch(row.last_seen)),
        el("auth", ns.CLIENTS, None, *[el(way, ns.CLIENTS) for way in row.ways.split()]),
        el("permission", ns.CLIENTS, {"status": "unrestricted"}),
        el("user-agent", ns.CLIENTS, None, *[el(k, ns.CLIENTS, None, text) for k, text in named.items() if text]),
    )


@iq_handler(ns.CLIENTS, "revoke", at=(SM,), only="set")
async def revoke(iq: Iq, mod: Mod) -> Iq:
    """Its tokens are void and its sessions end; but one that knows the password has to be locked out by another one.
    XEP: 0494 §3.2"""
    assert iq.payload is not None
    assert iq.from_ is not None
    found = [row for row in await _own(iq) if row.client == iq.payload.get("id")]
    if not found:
        raise StanzaError("item-not-found", "there is no such client")
    if _PASSWORD in found[0].ways.split():
        reset = el("password-reset-required", ns.CLIENTS)
        raise StanzaError("service-unavailable", "it knows the password: set another one", app=reset)
    await access.revoke(iq.from_.bare_jid(), _REVOKED, client=found[0].client)
    return iq.result()


@on(AccessRevokedHook)
async def revoked(point: AccessRevokedHook, mod: Mod) -> None:
    """It has no access any more, or none has."""
    key = (point.user.domain, point.user.local, *([point.client] if point.client else []))
    await store.transaction(lambda tx: tx.clear(CLIENT, key))
