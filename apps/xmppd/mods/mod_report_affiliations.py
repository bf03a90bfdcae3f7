"""mod_report_affiliations — tells those to whom an account is new how the server knows it, and since which day.

A room, or a user, that is asked for something by a stranger can tell an account that somebody was given from one that
anybody made this morning, and need not judge the whole server by it.

Way:      c2s → UserSendPresenceHook → [mod_report_affiliations] → mod_roster, mod_presence; router → users → iq →
          [mod_report_affiliations]
Process:  runs in the c2s of the user, or of whoever asks
XEP:      0489
Differs:  in messages it is not embedded; by default it is told to nobody who has not asked
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Final

from xmpp_core import ns, stamp
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.stanza import Iq, Presence
from xmppd.auth import auth
from xmppd.auth.tables import OPERATOR, Account
from xmppd.gen_mod import Mod, iq_handler, on
from xmppd.routing import hooks, router
from xmppd.routing.hook_points import (
    DiscoFeaturesHook,
    MaySeePresenceHook,
    SubscriptionListsHook,
    UserSendPresenceHook,
)
from xmppd.routing.iq import LOCAL, SERVED, SM
from xmppd.routing.routes import Fallback
from xmppd.routing.session import C2sSession

XEP = {489: "0.1.0"}
#: where it is embedded, if it is: what clients say there of themselves is taken out
_EMBEDDED: Final = tuple([f"{ns.AFFILIATIONS}#embed-presence-{kind}" for kind in ("sub", "directed")])
_DAY: Final = 86_400


@dataclass(frozen=True)
class Options:
    """`embed`: whether it stands in requests for a subscription, and in presence for those who are no contacts, such as
    rooms; else only those hear it who ask and may. `tell_admins`: whether an account is said to be an administrator's;
    else it is a member's."""

    embed: bool = False
    tell_admins: bool = False


@dataclass(slots=True)
class OwnInfo:
    """Of a session: what is said of its account, once it has been needed."""

    info: Element | None = None


def info_of(account: Account, is_admin: bool) -> Element:
    """`<info/>` of an account. Who has made it himself is registered since a day; so is one of which nobody knows who
    has made it. XEP: 0489 §3, §5"""
    if is_admin:
        return el("info", ns.AFFILIATIONS, {"affiliation": "admin"})
    if account.created_by == OPERATOR:
        return el("info", ns.AFFILIATIONS, {"affiliation": "member"})
    since = stamp.from_epoch(account.created_at // _DAY * _DAY)
    return el("info", ns.AFFILIATIONS, {"affiliation": "registered", "since": since})


async def _info(user: JID, mod: Mod) -> Element | None:
    account = await auth.account(user.local, user.domain)
    if account is None:
        return None
    is_admin = mod.options.tell_admins and mod.config is not None and mod.config.is_admin(user.bare_jid())
    return info_of(account, is_admin)


@on(DiscoFeaturesHook)
def features(acc: tuple[str, ...], point: DiscoFeaturesHook, mod: Mod) -> tuple[str, ...]:
    """The server says where it is embedded. XEP: 0489 §6"""
    return (*acc, *_EMBEDDED) if mod.options.embed and not point.to.local and not point.node else acc


@iq_handler(ns.AFFILIATIONS, "query", at=(SM,), only="get", strangers=SERVED, announce=(LOCAL,))
async def query(iq: Iq, mod: Mod) -> Iq:
    """For those who may see the account, and for services and components of ours; to all others an account is none.
    XEP: 0489 §4.2"""
    assert iq.to is not None
    assert iq.from_ is not None
    owner = iq.to.bare_jid()
    if not _is_service(iq.from_) and iq.from_.bare != owner.bare:
        may = await hooks.run_fold(owner.domain, MaySeePresenceHook(owner, iq.from_), False)
        if not may:
            raise StanzaError("forbidden")
    found = await _info(owner, mod)
    if found is None:
        raise StanzaError("item-not-found")
    return iq.result(found)


def _is_service(who: JID) -> bool:
    return not who.local and not isinstance(router.route_of(who.domain), Fallback)


@on(UserSendPresenceHook, seq=20)
def sent(presence: Presence | None, point: UserSendPresenceHook, mod: Mod) -> Presence | Awaitable[Presence] | None:
    """In requests for a subscription, and in presence that is directed to somebody who is no contact. XEP: 0489 §4.3"""
    if presence is None or not mod.options.embed:
        return presence
    presence = _without(presence)
    is_directed = presence.type == "" and presence.to is not None and presence.to.bare != point.session.user.bare
    if presence.type != "subscribe" and not is_directed:
        return presence
    return _embedded(presence, point.session, mod)


def _without(presence: Presence) -> Presence:
    """What a client says of itself is no word of the server's."""
    if not any(child.ns == ns.AFFILIATIONS for child in presence.el.elements()):
        return presence
    kept = [child for child in presence.el.children if isinstance(child, str) or child.ns != ns.AFFILIATIONS]
    return presence.with_el(presence.el.with_children(*kept))


async def _embedded(presence: Presence, session: C2sSession, mod: Mod) -> Presence:
    if presence.type == "" and presence.to is not None:
        lists: tuple[set[str], set[str]] = (set(), set())
        _, sees = await hooks.run_fold(session.host, SubscriptionListsHook(session.user), lists)
        if presence.to.bare in sees:
            return presence
    own = session.module_state("mod_report_affiliations", OwnInfo)
    if own.info is None:
        own.info = await _info(session.user, mod)
    return (
        presence if own.info is None else presence.with_el(presence.el.with_children(*presence.el.children, own.info))
    )
