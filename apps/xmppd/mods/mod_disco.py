"""mod_disco — tells what the server and its accounts can do: what is registered, and nothing else.

Way:  router → iq → [mod_disco] → the IQ table itself, hooks DiscoFeatures, DiscoIdentities, DiscoItems
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
from xmppd.routing.hook_points import DiscoFeatures, DiscoIdentities, DiscoItems, MaySeePresence
from xmppd.routing.serialized_iq import SerializedIq
from xmppd.routing.sm import sm

XEP = {30: "2.5rc3"}
LOCAL, SM = iq.LOCAL, iq.SM


@iq_handler(ns.DISCO_INFO, "query", at=(LOCAL, SM), only="get")
async def info(iq: Iq, mod: Mod) -> Iq:
    """Identities and features of the server, or of an account."""
    to, from_, node = _asked(iq)
    identities = await hooks.run_fold(mod.host, DiscoIdentities(to, from_, node), _identities(to, node))
    features = await hooks.run_fold(mod.host, DiscoFeatures(to, from_, node), _features(to, node))
    if node and not identities and not features:
        raise StanzaError("item-not-found")
    written = tuple([identity.to_xml(ns.DISCO_INFO) for identity in identities])
    return SerializedIq(iq, _info(node, written, features))


@lru_cache(256)
def _info(node: str, identities: tuple[str, ...], features: tuple[str, ...]) -> str:
    """The payload as text; nearly all ask for the same."""
    query = el("query", ns.DISCO_INFO, {"node": node or None}).to_xml("")
    named = [el("feature", ns.DISCO_INFO, {"var": feature}).to_xml(ns.DISCO_INFO) for feature in sorted(set(features))]
    return f"{query[:-2]}>{''.join(identities)}{''.join(named)}</query>" if identities or named else query


@iq_handler(ns.DISCO_ITEMS, "query", at=(LOCAL, SM), only="get", strangers=iq.SERVED)
async def items(iq: Iq, mod: Mod) -> Iq:
    """The services that belong to the server; the available resources of an account, none for strangers (§8)."""
    to, from_, node = _asked(iq)
    if to.local and not await hooks.run_fold(mod.host, MaySeePresence(to, from_), False):
        return iq.result(el("query", ns.DISCO_ITEMS, {"node": node or None}))
    found = await hooks.run_fold(mod.host, DiscoItems(to, from_, node), () if node else _items(to))
    if node and not found:
        raise StanzaError("item-not-found")
    return iq.result(el("query", ns.DISCO_ITEMS, {"node": node or None}, *found))


def _asked(iq: Iq) -> tuple[JID, JID, str]:
    """(of whom, by whom, node)."""
    assert iq.to is not None
    assert iq.from_ is not None
    assert iq.payload is not None
    return iq.to.bare_jid(), iq.from_, iq.payload.get("node") or ""


_ACCOUNT: Final = el("identity", ns.DISCO_INFO, {"category": "account", "type": "registered"})
_SERVER: Final = el("identity", ns.DISCO_INFO, {"category": "server", "type": "im", "name": "xmppd"})


def _identities(to: JID, node: str) -> tuple[Element, ...]:
    if node:
        return ()
    return (_ACCOUNT,) if to.local else (_SERVER,)


def _features(to: JID, node: str) -> tuple[str, ...]:
    """What modules announce there (gen_mod)."""
    return () if node else tuple(iq.features(to.domain, SM if to.local else LOCAL))


def _items(to: JID) -> tuple[Element, ...]:
    if to.local:
        names = [session.jid.full for session in sm.available(to.bare)]
    else:
        names = [domain for domain in router.domains() if domain.endswith(f".{to.domain}")]
    return tuple([el("item", ns.DISCO_ITEMS, {"jid": name}) for name in sorted(names)])
