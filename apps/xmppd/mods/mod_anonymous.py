"""mod_anonymous — lets guests in who have no account (SASL ANONYMOUS); on a host where it is named, and nowhere else.

A host with this module is for guests only: no other mechanism is offered there, and modules that keep something of an
account do not run there, unless `also` names them (config.guests). What they keep goes with the session.

Way:  c2s → GuestHook → [mod_anonymous]; UserSendPacketHook → [mod_anonymous] → the stanza or a refusal;
      SessionClosedHook, SessionLostHook → [mod_anonymous] → AccountRemovedHook, auth.forget
XEP:  0175
RFC:  4505
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Final

from otp.erts.clock import CLOCK
from xmpp_core import prep
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.stanza import Stanza
from xmppd.auth import auth
from xmppd.auth.throttle import address_key, hourly, is_loopback
from xmppd.config.schema import ALL_MODULES
from xmppd.gen_mod import Mod, every, on
from xmppd.mods.anonymous.rules import ANYWHERE, refusal
from xmppd.routing import hooks, router
from xmppd.routing.hook_points import AccountRemovedHook, SessionClosedHook, SessionLostHook, UserSendPacketHook
from xmppd.routing.login_hook_points import GuestHook
from xmppd.routing.routes import ServiceRoute
from xmppd.routing.sm import sm

XEP = {175: "1.2"}
#: how often is looked for what guests have left whose sessions nobody could end in order
_SWEEP: Final = 3600.0
#: after all other modules have said goodbye
_LAST: Final = 95


@dataclass(frozen=True)
class Options:
    """`reach`: domains beside the host and its services that guests may write to, "*" for all. `rate`: guests an hour
    from one IPv4 address or one /64 of IPv6, on each worker; the loopback has no limit; 0: nobody has. `also`: modules
    that are to run there although they keep something of an account."""

    reach: tuple[str, ...] = ()
    rate: int = 60
    also: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for domain in self.reach:
            if domain != ANYWHERE and not _is_domain(domain):
                raise ValueError(f'reach must be domain names, or "*" for all, not "{domain}"')
        if self.rate < 0:
            raise ValueError(f"rate must be 0 or more, not {self.rate}")
        for name in self.also:
            if name not in ALL_MODULES:
                raise ValueError(f'also must name modules: there is no "{name}"')


def _is_domain(text: str) -> bool:
    try:
        return prep.domain(text) == text
    except prep.PrepError:
        return False


@on(GuestHook)
def let_in(found: str, point: GuestHook, mod: Mod) -> str:
    """A name that nobody has had, unless too many have come from there. XEP: 0175 §3 (a UUID)"""
    options: Options = mod.options
    if options.rate and point.ip and not is_loopback(point.ip):
        key = f"guest:{address_key(point.ip)}"
        if not hourly(mod.owner, options.rate).take(key, CLOCK.monotonic()):
            return ""
    return str(uuid.uuid4())


@on(UserSendPacketHook, seq=5)
def sent(stanza: Stanza | None, point: UserSendPacketHook, mod: Mod) -> Stanza | None:
    """What a guest may send goes on, the rest is refused. XEP: 0175 §3"""
    if stanza is None:
        return None
    domain = stanza.to.domain if stanza.to is not None else mod.host
    near = domain == mod.host or _is_own_service(domain, mod.host)
    why = refusal(stanza, near, mod.options.reach)
    if why:
        raise StanzaError("not-allowed", why)
    return stanza


def _is_own_service(domain: str, host: str) -> bool:
    route = router.route_of(domain)
    return type(route) is ServiceRoute and route.host == host


@on(SessionClosedHook, seq=_LAST)
async def closed(point: SessionClosedHook, mod: Mod) -> None:
    """The guest has gone, and nothing of it stays."""
    await _forget(point.session.user)


@on(SessionLostHook, seq=_LAST)
async def lost(point: SessionLostHook, mod: Mod) -> None:
    """Likewise, in whatever way."""
    await _forget(point.session.jid.bare_jid())


async def _forget(guest: JID) -> None:
    if sm.sessions(guest.bare) or await auth.user_exists(guest.local, guest.domain):
        return
    await hooks.run(guest.domain, AccountRemovedHook(guest))
    await auth.forget(guest.local, guest.domain)


@every(_SWEEP)
async def sweep(mod: Mod) -> None:
    """Nothing stays of guests whose worker died with them either."""
    for user in await auth.without_account(mod.host):
        await _forget(JID(user, mod.host))
