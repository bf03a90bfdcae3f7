"""mod_pubsub — publish-subscribe at a domain of its own: nodes that belong to no account.

Way:      router → services → iq → [mod_pubsub] → pubsub.service → store, events
XEP:      0060
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from xmpp_core import ns
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.pubsub.node_config import NodeLimits
from xmpp_core.stanza import Iq, Message, Stanza
from xmppd.gen_mod import Mod, iq_handler, on, stanza_handler
from xmppd.pubsub import node_disco, owner_requests, requests, subscribing, subscription_requests
from xmppd.pubsub.node_store import PubsubLimits, Realm
from xmppd.pubsub.requests import Asked
from xmppd.routing import iq, router
from xmppd.routing.hook_points import DiscoIdentitiesHook, DiscoItemsHook
from xmppd.routing.iq import DOMAIN as AT_DOMAIN

XEP = {60: "1.30.0"}
DOMAIN: Final = "pubsub.{host}"
IDENTITY: Final = ("pubsub", "service", "Publish-Subscribe")
_SERVED: Final = (
    "access-authorize", "access-open", "access-presence", "access-roster", "access-whitelist", "auto-create",
    "config-node", "config-node-max", "create-and-configure", "create-nodes", "delete-items", "delete-nodes",
    "instant-nodes", "item-ids", "last-published", "manage-subscriptions", "member-affiliation", "meta-data",
    "modify-affiliations", "multi-items", "multi-subscribe", "outcast-affiliation", "persistent-items", "publish",
    "publish-node-full", "publish-only-affiliation", "publish-options", "publisher-affiliation", "purge-nodes",
    "retract-items", "retrieve-affiliations", "retrieve-default", "retrieve-items", "retrieve-subscriptions", "rsm",
    "subscribe", "subscription-notifications",
)  # fmt: skip
FEATURES = {ns.PUBSUB: (AT_DOMAIN,), ns.RSM: (AT_DOMAIN,)} | {f"{ns.PUBSUB}#{name}": (AT_DOMAIN,) for name in _SERVED}
_CREATORS: Final = ("accounts", "admins", "everybody")
_HANDLERS: Final = {**requests.HANDLERS, **subscription_requests.HANDLERS}
_OWNER_HANDLERS: Final = {**owner_requests.HANDLERS, **subscription_requests.OWNER_HANDLERS}


@dataclass(frozen=True)
class Options:
    """`create`: who may make nodes, "accounts" of our hosts, "admins" or "everybody"; `max_nodes` that one of them
    makes, `max_items` of a node, `max_octets` of all payloads of a node, `max_payload`: octets of one,
    `max_subscriptions`: addresses that one node knows."""

    create: str = "accounts"
    max_nodes: int = 100
    max_items: int = 10_000
    max_octets: int = 33_554_432
    max_payload: int = 196_608
    max_subscriptions: int = 10_000

    def __post_init__(self) -> None:
        if self.create not in _CREATORS:
            raise ValueError(f"create is one of {', '.join(_CREATORS)}")


@iq_handler(ns.PUBSUB, "pubsub", at=(AT_DOMAIN,), announce=())
async def pubsub(iq: Iq, mod: Mod) -> Iq:
    """What everybody may ask."""
    return await requests.answer(_asked(iq, mod), _HANDLERS)


@iq_handler(ns.PUBSUB_OWNER, "pubsub", at=(AT_DOMAIN,), announce=())
async def owner(iq: Iq, mod: Mod) -> Iq:
    """What owners may."""
    return await requests.answer(_asked(iq, mod), _OWNER_HANDLERS)


def _asked(iq: Iq, mod: Mod) -> Asked:
    assert iq.from_ is not None
    return Asked(realm_of(mod), iq, iq.from_, _may_create(iq.from_, mod))


def realm_of(mod: Mod) -> Realm:
    """The nodes of the service."""
    options: Options = mod.options
    node = NodeLimits(options.max_items, options.max_payload)
    limits = PubsubLimits(node, options.max_nodes, options.max_octets, options.max_subscriptions)
    admins = frozenset(mod.config.admins) if mod.config is not None else frozenset()
    return Realm(JID("", mod.domain), mod.host, "", limits, admins)


def _may_create(who: JID, mod: Mod) -> bool:
    if mod.config is not None and who.bare in mod.config.admins:
        return True
    create = mod.options.create
    return create == "everybody" or (create == "accounts" and bool(who.local) and router.serves(who.domain))


@stanza_handler
async def heard(stanza: Stanza, mod: Mod) -> Stanza | None:
    """What owners decide. XEP: 0060 §8.6"""
    if isinstance(stanza, Message) and stanza.from_ is not None and stanza.type not in ("error", "headline"):
        form = subscribing.approval_of(stanza)
        if form is not None:
            await subscribing.decide(realm_of(mod), stanza.from_, form)
            return None
    if isinstance(stanza, Message) and not stanza.is_error and stanza.type != "headline":
        raise StanzaError("service-unavailable")
    if isinstance(stanza, Iq) and stanza.is_request:
        raise StanzaError("service-unavailable")
    return None


@on(DiscoIdentitiesHook, at=iq.DOMAIN)
async def identities(acc: tuple[Element, ...], point: DiscoIdentitiesHook, mod: Mod) -> tuple[Element, ...]:
    """A node that the asker may read is a leaf."""
    if not point.node or point.to.local:
        return acc
    found = await node_disco.meta_data(realm_of(mod), point.from_, point.node)
    return acc if found is None else (*acc, node_disco.LEAF, found)


@on(DiscoItemsHook, at=iq.DOMAIN)
async def items(acc: tuple[Element, ...], point: DiscoItemsHook, mod: Mod) -> tuple[Element, ...]:
    """The nodes that the asker may read; the items of one."""
    if point.to.local:
        return acc
    if point.node:
        return (*acc, *await node_disco.items(realm_of(mod), point.from_, point.node))
    return (*acc, *await node_disco.nodes(realm_of(mod), point.from_))
