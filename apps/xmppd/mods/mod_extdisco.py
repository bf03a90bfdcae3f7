"""mod_extdisco — tells the host's users of services elsewhere, such as the TURN server that their calls go by.

Way:  router → iq → [mod_extdisco] → extdisco.services
XEP:  0215
Differs: nothing is pushed when the configuration changes (§3.2 allows that): clients ask before each call
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from otp.erts.clock import CLOCK
from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.stanza import Iq
from xmppd.gen_mod import Mod, iq_handler, on
from xmppd.mods.extdisco.services import ExternalService, credentials, matches, parsed, service_element
from xmppd.routing.hook_points import DiscoFeaturesHook
from xmppd.routing.iq import LOCAL

XEP = {215: "1.0.0"}


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
    found = [one for one in known if type_ is None or one.type == type_]
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


def _known(iq: Iq, mod: Mod) -> tuple[tuple[ExternalService, ...], str]:
    """The services, and the user's local part. Raises StanzaError: strangers could let others pay for their calls."""
    options: Options = mod.options
    if not options.services:
        raise StanzaError("service-unavailable")
    if iq.from_ is None or not iq.from_.local or iq.from_.domain != mod.host:
        raise StanzaError("forbidden", "only users of this host")
    return parsed(options.services), iq.from_.local


def _told(one: ExternalService, user: str, mod: Mod) -> Element:
    return service_element(one, credentials(one, user, CLOCK.time(), mod.options.credentials_seconds))
