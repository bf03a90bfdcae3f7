"""node_store — nodes and items as they are read and written in one transaction.

Way:      service, api → [node_store] → tables
Process:  functions of a transaction: they may run on another thread, and again after a conflict
XEP:      0060 §7, §8
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.pubsub import node_config, publishing
from xmpp_core.pubsub.node_config import MAX, NodeConfig, NodeLimits
from xmpp_core.pubsub.publishing import Publication
from xmpp_core.pubsub.pubsub_errors import pubsub_error
from xmppd.pubsub.tables import (
    ENTITY,
    ENTITY_NODE,
    ITEM,
    ITEM_ID,
    NODE,
    TOTALS,
    PubsubEntity,
    PubsubEntityNode,
    PubsubItem,
    PubsubItemId,
    PubsubNode,
    PubsubTotals,
)
from xmppd.store.backend import Key, Tx

#: rows that are read or deleted at a time
_PIECE: Final = 500


@dataclass(frozen=True, slots=True)
class PubsubLimits:
    """What one account or service may keep: `nodes` of one creator, `octets` of payloads (in all, of an account; of
    one node, of a service), `subscriptions` of one node, `name` characters of a node or an item id."""

    node: NodeLimits = field(default_factory=NodeLimits)
    nodes: int = 500
    octets: int = 33_554_432
    subscriptions: int = 10_000
    name: int = 512


@dataclass(frozen=True, slots=True)
class Realm:
    """Whose nodes they are: an account (PEP) or a service; `user` is "" for the latter, and `admins` (bare JIDs) own
    all of its nodes."""

    jid: JID
    host: str
    user: str
    limits: PubsubLimits = field(default_factory=PubsubLimits)
    admins: frozenset[str] = frozenset()

    @property
    def is_pep(self) -> bool:
        """Whether it is an account."""
        return bool(self.user)

    @property
    def default(self) -> NodeConfig:
        """The configuration of a node of which nothing is said."""
        return node_config.PEP_DEFAULT if self.user else node_config.SERVICE_DEFAULT

    def key(self, *more: str | int) -> Key:
        """Of its rows."""
        return (self.host, self.user, *more)


@dataclass(frozen=True, slots=True)
class PublishDone:
    """What a publication has done: the node as it is, the item's id, ids that were evicted; `created` the node."""

    config: NodeConfig
    id: str
    evicted: tuple[str, ...] = ()
    created: bool = False


def config_of(row: PubsubNode) -> NodeConfig:
    """The configuration of a stored node."""
    return _config(row.config, bool(row.user))


@lru_cache(512)
def _config(text: str, is_pep: bool) -> NodeConfig:
    return node_config.from_pairs(json.loads(text), node_config.PEP_DEFAULT if is_pep else node_config.SERVICE_DEFAULT)


def config_text(config: NodeConfig, realm: Realm) -> str:
    """As it is stored."""
    return json.dumps(node_config.to_pairs(config, realm.default))


def totals_of(tx: Tx, realm: Realm) -> PubsubTotals:
    """The realm's totals."""
    return tx.read(TOTALS, realm.key()) or PubsubTotals(realm.host, realm.user)


def node_of(tx: Tx, realm: Realm, node: str) -> PubsubNode:
    """The stored node. Raises StanzaError item-not-found."""
    row = tx.read(NODE, realm.key(node))
    if row is None:
        raise StanzaError("item-not-found", "there is no such node")
    return row


def create(tx: Tx, realm: Realm, node: str, config: NodeConfig, creator: JID, now: int) -> PubsubNode:
    """Makes a node. Raises StanzaError conflict if it is there, max-nodes-exceeded."""
    if tx.read(NODE, realm.key(node)) is not None:
        raise StanzaError("conflict", "the node exists")
    totals = totals_of(tx, realm)
    made = totals.nodes if realm.is_pep else len(tx.values(ENTITY_NODE, realm.key(creator.bare)))
    if made >= realm.limits.nodes:
        raise pubsub_error("max-nodes-exceeded", f"at most {realm.limits.nodes} nodes")
    row = PubsubNode(realm.host, realm.user, node, config_text(config, realm), creator.bare, now)
    tx.write(row)
    tx.write(replace(totals, nodes=totals.nodes + 1))
    if not realm.is_pep:
        tx.write(PubsubEntity(realm.host, realm.user, node, creator.bare, "owner"))
        tx.write(PubsubEntityNode(realm.host, realm.user, creator.bare, node, creator.bare))
    return row


def configure(tx: Tx, realm: Realm, row: PubsubNode, config: NodeConfig) -> tuple[str, ...]:
    """Replaces the configuration; the ids of items for which there is no room any more, and which go."""
    over = max(row.items - node_config.limit_of_items(config, realm.limits.node), 0)
    gone = tx.select(ITEM, realm.key(row.node), limit=over) if over else []
    row = _without(tx, realm, replace(row, config=config_text(config, realm)), gone)
    tx.write(row)
    _say(tx, realm, row, config)
    return tuple([item.id for item in gone])


def publish(
    tx: Tx, realm: Realm, row: PubsubNode, item: Publication, publisher: str, now: int, xml: str, made: bool = False
) -> PublishDone:
    """Stores an item as the newest, in place of the one of its id; the oldest go if there are too many.

    Raises StanzaError: the node is full, or the account is.
    """
    config, limits = config_of(row), realm.limits
    row = expire(tx, realm, row, config, now)
    same = tx.read(ITEM_ID, realm.key(row.node, item.id))
    old = tx.read(ITEM, realm.key(row.node, same.seq)) if same is not None else None
    over = publishing.evicted(config, row.items, old is None, limits.node)
    newest = tx.last(ITEM, realm.key(row.node))
    if old is not None:
        row = _without(tx, realm, row, [old])
    gone = tx.select(ITEM, realm.key(row.node), limit=min(over, row.items)) if over and row.items else []
    row = _without(tx, realm, row, gone)
    if node_config.limit_of_items(config, limits.node) > 0:
        size = len(xml.encode())
        seq = max(now, newest.seq + 1 if newest is not None else 0)
        row = replace(row, items=row.items + 1, octets=row.octets + size)
        totals = totals_of(tx, realm)
        totals = replace(totals, octets=totals.octets + size)
        if (totals.octets if realm.is_pep else row.octets) > limits.octets:
            raise StanzaError("resource-constraint", "there is no room for more items")
        tx.write(totals)
        tx.write(PubsubItem(realm.host, realm.user, row.node, seq, item.id, publisher, xml))
        tx.write(PubsubItemId(realm.host, realm.user, row.node, item.id, seq))
    tx.write(row)
    _say(tx, realm, row, config)
    return PublishDone(config, item.id, tuple([one.id for one in gone]), made)


def expire(tx: Tx, realm: Realm, row: PubsubNode, config: NodeConfig, now: int) -> PubsubNode:
    """The node without the items that are too old. XEP: 0060 §16.4.4 (item_expire)"""
    if config.item_expire in (MAX, 0):
        return row
    upto = now - config.item_expire * 1_000_000
    while old := [one for one in tx.select(ITEM, realm.key(row.node), limit=_PIECE) if one.seq <= upto]:
        row = _without(tx, realm, row, old)
    return row


def oldest_allowed(config: NodeConfig, now: int) -> int:
    """The `seq` from which on items are not too old."""
    return 0 if config.item_expire in (MAX, 0) else now - config.item_expire * 1_000_000 + 1


def retract(tx: Tx, realm: Realm, row: PubsubNode, id_: str) -> PubsubItem | None:
    """Deletes one item; it, or None if it is not there."""
    where = tx.read(ITEM_ID, realm.key(row.node, id_))
    item = tx.read(ITEM, realm.key(row.node, where.seq)) if where is not None else None
    if item is not None:
        row = _without(tx, realm, row, [item])
        tx.write(row)
        _say(tx, realm, row, config_of(row))
    return item


def purge(tx: Tx, realm: Realm, row: PubsubNode) -> tuple[str, ...]:
    """Deletes all items; their ids."""
    ids = tuple([str(id_) for id_ in tx.values(ITEM_ID, realm.key(row.node))])
    tx.clear(ITEM, realm.key(row.node))
    tx.clear(ITEM_ID, realm.key(row.node))
    totals = totals_of(tx, realm)
    tx.write(replace(totals, octets=max(totals.octets - row.octets, 0)))
    row = replace(row, items=0, octets=0)
    tx.write(row)
    _say(tx, realm, row, config_of(row))
    return ids


def delete(tx: Tx, realm: Realm, row: PubsubNode) -> tuple[str, ...]:
    """Deletes a node with all that is known of it; the ids of its items."""
    ids = purge(tx, realm, row)
    for entity in tx.select(ENTITY, realm.key(row.node)):
        tx.delete(ENTITY_NODE, realm.key(JID.parse(entity.jid).bare, row.node, entity.jid))
    tx.clear(ENTITY, realm.key(row.node))
    tx.delete(NODE, realm.key(row.node))
    totals = totals_of(tx, realm)
    tx.write(replace(totals, nodes=max(totals.nodes - 1, 0)))
    return ids


def _without(tx: Tx, realm: Realm, row: PubsubNode, gone: Sequence[PubsubItem]) -> PubsubNode:
    """The node (not yet written) without these items."""
    if not gone:
        return row
    size = sum([len(item.xml.encode()) for item in gone])
    tx.delete_many(ITEM, [realm.key(row.node, item.seq) for item in gone])
    tx.delete_many(ITEM_ID, [realm.key(row.node, item.id) for item in gone])
    totals = totals_of(tx, realm)
    tx.write(replace(totals, octets=max(totals.octets - size, 0)))
    return replace(row, items=row.items - len(gone), octets=max(row.octets - size, 0))


def _say(tx: Tx, realm: Realm, row: PubsubNode, config: NodeConfig) -> None:
    """Keeps the list of an account's nodes that have something for those who come online."""
    if not realm.is_pep:
        return
    says = row.items > 0 and config.send_last_published_item == "on_sub_and_presence"
    totals = totals_of(tx, realm)
    if says != (row.node in totals.said):
        others = [node for node in totals.said if node != row.node]
        tx.write(replace(totals, said=tuple([*others, row.node] if says else others)))
