"""mod_pep — nodes of publish-subscribe on every account: avatars, bookmarks, keys, moods and what else clients publish.

Way:      router → users → iq → [mod_pep] → pubsub.service → store, events; what clients want to be told: mod_caps
XEP:      0163, 0060, 0223
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, replace
from typing import Final

from xmpp_core import ns
from xmpp_core.dataforms import Form
from xmpp_core.element import Element, el
from xmpp_core.jid import JID
from xmpp_core.pubsub.node_config import NodeLimits
from xmpp_core.stanza import Iq, Message, Stanza
from xmppd.gen_mod import Mod, iq_handler, on
from xmppd.pubsub import api, node_disco, owner_requests, requests, subscribing, subscription_requests
from xmppd.pubsub.node_store import PubsubLimits, Realm
from xmppd.pubsub.requests import Asked
from xmppd.routing.hook_points import AccountReceivesHook, DiscoIdentitiesHook, DiscoItemsHook, Stage
from xmppd.routing.iq import SERVED, SM

XEP = {163: "1.2.2", 60: "1.30.0", 223: "1.1.1"}
_SERVED: Final = (
    "access-authorize", "access-open", "access-presence", "access-roster", "access-whitelist", "auto-create",
    "auto-subscribe", "config-node", "config-node-max", "create-and-configure", "create-nodes", "delete-items",
    "delete-nodes", "filtered-notifications", "item-ids", "last-published", "manage-subscriptions",
    "member-affiliation", "meta-data", "modify-affiliations", "multi-items", "outcast-affiliation",
    "persistent-items", "presence-notifications", "presence-subscribe", "publish", "publish-node-full",
    "publish-only-affiliation", "publish-options", "publisher-affiliation", "purge-nodes", "retract-items",
    "retrieve-affiliations", "retrieve-default", "retrieve-items", "retrieve-subscriptions", "rsm", "subscribe",
    "subscription-notifications",
)  # fmt: skip
FEATURES = {ns.PUBSUB: (SM,), ns.RSM: (SM,)} | {f"{ns.PUBSUB}#{name}": (SM,) for name in _SERVED}
_HANDLERS: Final = {**requests.HANDLERS, **subscription_requests.HANDLERS}
_OWNER_HANDLERS: Final = {**owner_requests.HANDLERS, **subscription_requests.OWNER_HANDLERS}
_IDENTITY: Final = el("identity", ns.DISCO_INFO, {"category": "pubsub", "type": "pep"})


@dataclass(frozen=True)
class Options:
    """What one account may keep: `max_nodes`, `max_items` of a node, `max_octets` of all payloads; `max_payload`:
    octets of one. `max_subscriptions`: addresses that one node knows."""

    max_nodes: int = 500
    max_items: int = 10_000
    max_octets: int = 33_554_432
    max_payload: int = 196_608
    max_subscriptions: int = 1000


@iq_handler(ns.PUBSUB, "pubsub", at=(SM,), strangers=SERVED, announce=())
async def pubsub(iq: Iq, mod: Mod) -> Iq:
    """What everybody may ask of an account's nodes."""
    return await requests.answer(_asked(iq, mod), _HANDLERS)


@iq_handler(ns.PUBSUB_OWNER, "pubsub", at=(SM,), strangers=SERVED, announce=())
async def owner(iq: Iq, mod: Mod) -> Iq:
    """What the owner may."""
    return await requests.answer(_asked(iq, mod), _OWNER_HANDLERS)


def _asked(iq: Iq, mod: Mod) -> Asked:
    assert iq.to is not None
    assert iq.from_ is not None
    return Asked(_realm(iq.to, mod), iq, iq.from_, iq.from_.bare == iq.to.bare)


def _realm(owner: JID, mod: Mod) -> Realm:
    options: Options = mod.options
    node = NodeLimits(options.max_items, options.max_payload)
    limits = PubsubLimits(node, options.max_nodes, options.max_octets, options.max_subscriptions)
    return replace(api.pep(owner), limits=limits)


@on(AccountReceivesHook, seq=Stage.MODULES, kind="message")
def heard(left: Stanza | None, point: AccountReceivesHook, mod: Mod) -> Stanza | Awaitable[Stanza | None] | None:
    """The owner decides who may subscribe: an answer to the account's own form. XEP: 0060 §8.6"""
    if left is None or left.to is None or left.to.resource or left.kind != "message":
        return left  # the way of nearly all
    from_, own = left.from_, left.to
    if from_ is None or from_.bare != own.bare or not isinstance(left, Message):
        return left
    form = subscribing.approval_of(left)
    return left if form is None else _decided(form, from_, _realm(own, mod))


async def _decided(form: Form, who: JID, realm: Realm) -> None:
    await subscribing.decide(realm, who, form)


@on(DiscoIdentitiesHook)
async def identity(acc: tuple[Element, ...], point: DiscoIdentitiesHook, mod: Mod) -> tuple[Element, ...]:
    """Accounts have nodes (0163 §6.1); one that the asker may read is a leaf, with its description."""
    if not point.to.local:
        return acc
    if not point.node:
        return (*acc, _IDENTITY)
    form = await node_disco.meta_data(_realm(point.to, mod), point.from_, point.node)
    return acc if form is None else (*acc, node_disco.LEAF, form)


@on(DiscoItemsHook)
async def items(acc: tuple[Element, ...], point: DiscoItemsHook, mod: Mod) -> tuple[Element, ...]:
    """The nodes that the asker may read; the items of one."""
    if not point.to.local:
        return acc
    if point.node:
        return (*acc, *await node_disco.items(_realm(point.to, mod), point.from_, point.node))
    return (*acc, *await node_disco.nodes(_realm(point.to, mod), point.from_))
