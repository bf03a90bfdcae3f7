"""mod_disco — tells what the server, its accounts and its services can do: what is registered, and nothing else.

Way:  router → iq → [mod_disco] → the IQ table itself, hooks DiscoFeaturesHook, DiscoIdentitiesHook, DiscoItemsHook
XEP:  0030
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.stanza import Iq
from xmppd.gen_mod import Mod, iq_handler
from xmppd.routing import hooks, iq, router
from xmppd.routing.hook_points import DiscoFeaturesHook, DiscoIdentitiesHook, DiscoItemsHook, MaySeePresenceHook
from xmppd.routing.routes import ServiceRoute
from xmppd.routing.serialized_iq import SerializedIq
from xmppd.routing.sm import sm

XEP = {30: "2.5.0", 128: "1.0.1"}
LOCAL, SM, SERVICE = iq.LOCAL, iq.SM, iq.SERVICE


@iq_handler(ns.DISCO_INFO, "query", at=(LOCAL, SM, SERVICE), only="get")
async def info(iq: Iq, mod: Mod) -> Iq:
    """Identities and features of the server, of an account, or of a service and what is there."""
    to, from_, node = _asked(iq)
    service = _service(to)
    identities = await hooks.run_fold(to.domain, DiscoIdentitiesHook(to, from_, node), _identities(to, node, service))
    features = await hooks.run_fold(to.domain, DiscoFeaturesHook(to, from_, node), _features(to, node, service))
    if not identities and (service is not None or (node and not features)):
        raise StanzaError("item-not-found")
    named = tuple([one.to_xml(ns.DISCO_INFO) for one in identities if one.name == "identity"])
    more = tuple([one.to_xml(ns.DISCO_INFO) for one in identities if one.name != "identity"])
    return SerializedIq(iq, _info(node, named, features, more))


@lru_cache(256)
def _info(node: str, identities: tuple[str, ...], features: tuple[str, ...], more: tuple[str, ...]) -> str:
    """The payload as text; nearly all ask for the same."""
    query = el("query", ns.DISCO_INFO, {"node": node or None}).to_xml("")
    named = [el("feature", ns.DISCO_INFO, {"var": feature}).to_xml(ns.DISCO_INFO) for feature in sorted(set(features))]
    content = "".join((*identities, *named, *more))
    return f"{query[:-2]}>{content}</query>" if content else query


@iq_handler(ns.DISCO_ITEMS, "query", at=(LOCAL, SM, SERVICE), only="get", strangers=iq.SERVED)
async def items(iq: Iq, mod: Mod) -> Iq:
    """The services that belong to the server; the available resources of an account, none for strangers (§8); what a
    service says."""
    to, from_, node = _asked(iq)
    service = _service(to)
    if to.local and service is None and not await hooks.run_fold(mod.host, MaySeePresenceHook(to, from_), False):
        return iq.result(el("query", ns.DISCO_ITEMS, {"node": node or None}))
    known = () if node or service is not None else _items(to)
    found = await hooks.run_fold(to.domain, DiscoItemsHook(to, from_, node), known)
    if node and not found and not await hooks.run_fold(to.domain, DiscoIdentitiesHook(to, from_, node), ()):
        raise StanzaError("item-not-found")  # no such node; one that has an identity may be empty
    return iq.result(el("query", ns.DISCO_ITEMS, {"node": node or None}, *found))


def _asked(iq: Iq) -> tuple[JID, JID, str]:
    """(of whom, by whom, node)."""
    assert iq.to is not None
    assert iq.from_ is not None
    assert iq.payload is not None
    return iq.to.bare_jid(), iq.from_, iq.payload.get("node") or ""


_ACCOUNT: Final = el("identity", ns.DISCO_INFO, {"category": "account", "type": "registered"})
_SERVER: Final = el("identity", ns.DISCO_INFO, {"category": "server", "type": "im", "name": "xmppd"})


def _service(to: JID) -> ServiceRoute | None:
    route = router.route_of(to.domain)
    return route if isinstance(route, ServiceRoute) else None


def _identities(to: JID, node: str, service: ServiceRoute | None) -> tuple[Element, ...]:
    """What is there at an entity of a service only its module knows (DiscoIdentitiesHook at its domain)."""
    if node or (to.local and service is not None):
        return ()
    if service is not None:
        category, type_, name = service.identity or ("component", "generic", service.domain)
        return (el("identity", ns.DISCO_INFO, {"category": category, "type": type_, "name": name}),)
    return (_ACCOUNT,) if to.local else (_SERVER,)


def _features(to: JID, node: str, service: ServiceRoute | None) -> tuple[str, ...]:
    """What modules announce there (gen_mod)."""
    if node:
        return ()
    if service is not None:
        own = iq.features(to.domain, iq.ENTITY if to.local else iq.DOMAIN)
        return (*own, *iq.features(service.host, SERVICE))
    return tuple(iq.features(to.domain, SM if to.local else LOCAL))


def _items(to: JID) -> tuple[Element, ...]:
    if to.local:
        names = [session.jid.full for session in sm.available(to.bare)]
    else:
        components = [domain for domain in router.domains() if domain.endswith(f".{to.domain}")]
        names = [*components, *router.services_of(to.domain)]
    return tuple([el("item", ns.DISCO_ITEMS, {"jid": name}) for name in sorted(names)])
