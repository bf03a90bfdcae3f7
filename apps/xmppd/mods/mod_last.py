"""mod_last — how long a user has been away, for those who may see them; how long the server has been up, for all.

Way:  router → iq → [mod_last]; commands → [mod_last]; UserUnavailableHook → [mod_last] → store
XEP:  0012
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from otp.erts.clock import CLOCK
from xmpp_core import ns, stamp
from xmpp_core.element import el
from xmpp_core.errors import StanzaError
from xmpp_core.stanza import Iq
from xmppd.auth import auth
from xmppd.commands import Account, CommandError, command
from xmppd.gen_mod import Mod, iq_handler, on
from xmppd.routing.hook_points import LastSeenHook, SessionLostHook, UserUnavailableHook
from xmppd.routing.iq import LOCAL, SM
from xmppd.routing.session import Session
from xmppd.routing.sm import sm
from xmppd.store import store
from xmppd.store.backend import Table
from xmppd.store.schema import add_columns, create_table

XEP = {12: "2.0"}


@dataclass(frozen=True, slots=True)
class LastActivity:
    """When a user's last resource went, in seconds since 1970, and the text it went with (XEP-0012); `login`: when the
    last session that has gone had begun, 0: it is not known."""

    host: str
    user: str
    seconds: int
    status: str = field(default="", repr=False)
    login: int = 0


LAST: Final = Table("last", LastActivity, ("host", "user"))
MIGRATIONS: Final = (
    create_table("last", ("host", "user"), host=str, user=str, seconds=int, status=str),
    add_columns("last", login=(int, 0)),
)
_STARTED = CLOCK.monotonic()


@iq_handler(ns.LAST, "query", at=(LOCAL,), only="get")
def uptime(iq: Iq, mod: Mod) -> Iq:
    """Seconds since the server began."""
    return _seconds(iq, int(CLOCK.monotonic() - _STARTED))


@iq_handler(ns.LAST, "query", at=(SM,), only="get", strangers="forbidden")
async def idle(iq: Iq, mod: Mod) -> Iq:
    """Seconds since the user's last resource went, 0 while one is there."""
    assert iq.to is not None
    owner = iq.to.bare_jid()
    if sm.available(owner.bare):
        return _seconds(iq, 0)
    last = await store.read(LAST, (owner.domain, owner.local))
    if last is None:
        raise StanzaError("item-not-found", "never seen")
    return _seconds(iq, max(0, int(CLOCK.time()) - last.seconds), last.status)


def _seconds(iq: Iq, seconds: int, status: str = "") -> Iq:
    return iq.result(el("query", ns.LAST, {"seconds": str(seconds)}, status or None))


@on(UserUnavailableHook)
async def went(point: UserUnavailableHook, mod: Mod) -> None:
    """The time, and the words of the goodbye, if it was the last resource."""
    status = point.presence.status if point.presence is not None else None
    await _record(point.session.entry, (status or "")[:1000])


@on(SessionLostHook)
async def lost(point: SessionLostHook, mod: Mod) -> None:
    """The same without words."""
    if point.session.available:
        await _record(point.session, "")


async def _record(session: Session, status: str) -> None:
    owner = session.jid.bare_jid()
    if not sm.available(owner.bare):
        row = LastActivity(owner.domain, owner.local, int(CLOCK.time()), status, begun(session))
        await store.transaction(lambda tx: tx.write(row))


def begun(session: Session) -> int:
    """When it was opened, in seconds since 1970."""
    return int(session.sid[0] / 1e9)


@command("user last", "when an account logged in last, and when it was there last", text=lambda found: _words(found))
async def last_login(account: Account, mod: Mod) -> dict[str, Any]:
    """Return {"jid", "login", "seen" (seconds since 1970, None: never, or not known), "online"}."""
    if not await auth.user_exists(account.local, account.domain):
        raise CommandError(f"there is no account {account.bare}")
    last = await store.read(LAST, (account.domain, account.local))
    known = [last.login] if last is not None and last.login else []
    known += [begun(row) for row in sm.sessions(account.bare)]
    online = bool(sm.available(account.bare))
    seen = int(CLOCK.time()) if online else last.seconds if last is not None else None
    return {"jid": account.bare, "login": max(known, default=None), "seen": seen, "online": online}


def _words(found: dict[str, Any]) -> str:
    login = "never, as far as is known" if found["login"] is None else stamp.from_epoch(found["login"])
    seen = "now" if found["online"] else "never" if found["seen"] is None else stamp.from_epoch(found["seen"])
    return f"{found['jid']}: last login {login}, last seen {seen}"


@on(LastSeenHook)
async def last_seen(acc: int | None, point: LastSeenHook, mod: Mod) -> int | None:
    """The time for whatever asks, such as the answer to a probe."""
    last = await store.read(LAST, (point.owner.domain, point.owner.local))
    return last.seconds if last is not None else acc
