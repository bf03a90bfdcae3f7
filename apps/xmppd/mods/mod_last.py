"""mod_last — how long a user has been away, for those who may see them; how long the server has been up, for all.

Way:  router → iq → [mod_last]; UserUnavailableHook → [mod_last] → store
XEP:  0012
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from otp.erts.clock import CLOCK
from xmpp_core import ns
from xmpp_core.element import el
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.stanza import Iq
from xmppd.gen_mod import Mod, iq_handler, on
from xmppd.routing.hook_points import LastSeenHook, SessionLostHook, UserUnavailableHook
from xmppd.routing.iq import LOCAL, SM
from xmppd.routing.sm import sm
from xmppd.store import store
from xmppd.store.backend import Table
from xmppd.store.schema import create_table

XEP = {12: "2.0"}


@dataclass(frozen=True, slots=True)
class LastActivity:
    """When a user's last resource went, in seconds since 1970, and the text it went with (XEP-0012)."""

    host: str
    user: str
    seconds: int
    status: str = field(default="", repr=False)


LAST: Final = Table("last", LastActivity, ("host", "user"))
MIGRATIONS: Final = (create_table("last", ("host", "user"), host=str, user=str, seconds=int, status=str),)
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
    await _record(point.session.user, (status or "")[:1000])


@on(SessionLostHook)
async def lost(point: SessionLostHook, mod: Mod) -> None:
    """The same without words."""
    if point.session.available:
        await _record(point.session.jid.bare_jid(), "")


async def _record(owner: JID, status: str) -> None:
    if not sm.available(owner.bare):
        row = LastActivity(owner.domain, owner.local, int(CLOCK.time()), status)
        await store.transaction(lambda tx: tx.write(row))


@on(LastSeenHook)
async def last_seen(acc: int | None, point: LastSeenHook, mod: Mod) -> int | None:
    """The time for whatever asks, such as the answer to a probe."""
    last = await store.read(LAST, (point.owner.domain, point.owner.local))
    return last.seconds if last is not None else acc
