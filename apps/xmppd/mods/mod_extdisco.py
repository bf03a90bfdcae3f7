"""mod_extdisco — tells the host's users of services elsewhere, such as the TURN server that their calls go by.

Way:      router → iq → [mod_extdisco] → extdisco.services; a reload → @started → ServicesChanged → SessionInfoHook →
          what has changed, to clients that have asked
Process:  runs in the c2s that asks; a process of its own goes round them after a change
XEP:      0215
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from otp.erts import process
from otp.erts.clock import CLOCK
from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.stanza import Iq, make_iq
from xmppd.gen_mod import Mod, iq_handler, on, started
from xmppd.mods.extdisco.services import (
    ExternalService,
    changes,
    credentials,
    matches,
    of_type,
    parsed,
    service_element,
)
from xmppd.routing.deliver import Deliver
from xmppd.routing.fairly import fairly
from xmppd.routing.hook_points import DiscoFeaturesHook, SessionInfoHook
from xmppd.routing.iq import LOCAL
from xmppd.routing.sm import sm

XEP = {215: "1.0.0"}
NAME: Final = "mod_extdisco"


@dataclass(frozen=True)
class Options:
    """`services`: a list of tables, each with `type` ("stun", "turn", "turns" …) and `host`, and if need be `port`,
    `transport` ("udp" or "tcp"), `name`, and `secret` that the TURN server has too (coturn: `static-auth-secret`), or
    `username` and `password`. `credentials_seconds`: for which credentials made with a secret are good."""

    services: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    credentials_seconds: int = 43_200

    def __post_init__(self) -> None:
        """Raises ValueError."""
        parsed(self.services)
        if not 60 <= self.credentials_seconds <= 31_536_000:
            raise ValueError("credentials_seconds must be 60 to 31536000")


@dataclass(frozen=True, slots=True)
class ServicesChanged:
    """To a c2s: the services may be others than its client was told."""


@dataclass(frozen=True, slots=True)
class KnownServices:
    """What a client knows: the services of a type (None: of any)."""

    type: str | None
    services: tuple[ExternalService, ...] = field(repr=False)


@on(DiscoFeaturesHook)
def features(acc: tuple[str, ...], point: DiscoFeaturesHook, mod: Mod) -> tuple[str, ...]:
    """Only where there are services."""
    return acc if point.to.local or point.node or not mod.options.services else (*acc, ns.EXTDISCO)


@iq_handler(ns.EXTDISCO, "services", at=(LOCAL,), only="get", announce=())
def services(iq: Iq, mod: Mod) -> Iq:
    """All of them, or those of one type, with what lets the user in who asks. §3.1, §3.2"""
    known, user = _known(iq, mod)
    assert iq.payload is not None
    type_ = iq.payload.get("type")
    found = of_type(known, type_)
    session = sm.own_session()
    if session is not None and session.jid == iq.from_:
        session.module_states[NAME] = KnownServices(type_, found)
    return iq.result(el("services", ns.EXTDISCO, {"type": type_}, *[_told(one, user, mod) for one in found]))


@iq_handler(ns.EXTDISCO, "credentials", at=(LOCAL,), only="get", announce=())
def credentials_of(iq: Iq, mod: Mod) -> Iq:
    """What lets the user into the services that are named. §3.3"""
    known, user = _known(iq, mod)
    assert iq.payload is not None
    asked = list(iq.payload.elements("service", ns.EXTDISCO))
    if not asked or not all(one.get("host") and one.get("type") for one in asked):
        raise StanzaError("bad-request", "a service has a host and a type")
    found = [one for one in known if one.has_credentials and any(matches(one, this) for this in asked)]
    if not found:
        raise StanzaError("item-not-found", "there is no such service that needs credentials")
    return iq.result(el("credentials", ns.EXTDISCO, None, *[_told(one, user, mod) for one in found]))


@started
async def look_again(mod: Mod) -> None:
    """Clients on this worker that know services hear of what has changed. §3.2"""
    async for pid in fairly(sm.sessions_here()):
        process.send(pid, ServicesChanged())


@on(SessionInfoHook)
def changed(point: SessionInfoHook, mod: Mod) -> None:
    """What is added, removed and modified, if this client has asked before. XEP: 0215 §3.2"""
    session = point.session
    told: KnownServices | None = session.module_states.get(NAME)
    if told is None or not isinstance(point.message, ServicesChanged):
        return
    now = of_type(parsed(mod.options.services), told.type)
    news = changes(told.services, now)
    if not news:
        return
    session.module_states[NAME] = KnownServices(told.type, now)
    said = [_told(one, session.user.local, mod, action) for action, one in news]
    pushed = el("services", ns.EXTDISCO, {"type": told.type}, *said)
    iq = make_iq("set", f"extdisco-{secrets.token_hex(4)}", pushed, to=session.jid, from_=JID("", mod.host))
    process.send(session.pid, Deliver(iq))


def _known(iq: Iq, mod: Mod) -> tuple[tuple[ExternalService, ...], str]:
    """The services, and the user's local part. Raises StanzaError: strangers could let others pay for their calls."""
    options: Options = mod.options
    if not options.services:
        raise StanzaError("service-unavailable")
    if iq.from_ is None or not iq.from_.local or iq.from_.domain != mod.host:
        raise StanzaError("forbidden", "only users of this host")
    return parsed(options.services), iq.from_.local


def _told(one: ExternalService, user: str, mod: Mod, action: str | None = None) -> Element:
    granted = credentials(one, user, CLOCK.time(), mod.options.credentials_seconds) if action != "delete" else None
    return service_element(one, granted, action)
