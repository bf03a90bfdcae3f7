"""tables — what publish-subscribe keeps: nodes, items, who is what to a node, and what clients want to be told.

Way:      node_store, entity_store, interest → [tables] → store
Differs:  the tables are the server's, as those of the accounts are: two modules use them (PEP and the service), and
          both may be switched off. Rows of a service have no user. A node's items lie in the order in which they were
          published, so the oldest and the newest are found without a sort
XEP:      0060, 0163
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from xmppd.store.backend import Table
from xmppd.store.schema import Schema, create_table


@dataclass(frozen=True, slots=True)
class PubsubTotals:
    """What one account, or service, has: nodes, octets of payloads; `said`: nodes whose last item is for those who
    come online."""

    host: str
    user: str
    nodes: int = 0
    octets: int = 0
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PubsubNode:
    """One node: `config` is what differs from the default, as JSON; `items` and `octets` are totals of its items."""

    host: str
    user: str
    node: str
    config: str = "{}"
    creator: str = ""
    created: int = 0
    items: int = 0
    octets: int = 0


@dataclass(frozen=True, slots=True)
class PubsubItem:
    """One item; `seq` is when it was published (microseconds since 1970), and greater than all before it."""

    host: str
    user: str
    node: str
    seq: int
    id: str
    publisher: str
    xml: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PubsubItemId:
    """Where the item of an id lies."""

    host: str
    user: str
    node: str
    id: str
    seq: int


@dataclass(frozen=True, slots=True)
class PubsubEntity:
    """What an address is to a node: its affiliation, if it is a bare JID; and its subscription."""

    host: str
    user: str
    node: str
    jid: str
    affiliation: str = "none"
    subscription: str = "none"
    subid: str = ""


@dataclass(frozen=True, slots=True)
class PubsubEntityNode:
    """The same the other way round: of which nodes somebody (a bare JID) has a PubsubEntity."""

    host: str
    user: str
    bare: str
    node: str
    jid: str


@dataclass(frozen=True, slots=True)
class CapsNotify:
    """The nodes that a kind of clients wants to be told of, by the verified hash of its capabilities."""

    key: str
    nodes: tuple[str, ...]
    seen: int = 0


_NODE: Final = ("host", "user", "node")
TOTALS: Final = Table("pubsub_totals", PubsubTotals, ("host", "user"))
NODE: Final = Table("pubsub_node", PubsubNode, _NODE)
ITEM: Final = Table("pubsub_item", PubsubItem, (*_NODE, "seq"))
ITEM_ID: Final = Table("pubsub_item_id", PubsubItemId, (*_NODE, "id"))
ENTITY: Final = Table("pubsub_entity", PubsubEntity, (*_NODE, "jid"))
ENTITY_NODE: Final = Table("pubsub_entity_node", PubsubEntityNode, ("host", "user", "bare", "node", "jid"))
CAPS: Final = Table("caps_notify", CapsNotify, ("key",))
SCHEMA: Final = Schema(
    "pubsub",
    (
        create_table("pubsub_totals", TOTALS.key, host=str, user=str, nodes=int, octets=int, said=tuple[str, ...]),
        create_table(
            "pubsub_node", NODE.key,
            host=str, user=str, node=str, config=str, creator=str, created=int, items=int, octets=int,
        ),
        create_table("pubsub_item", ITEM.key, host=str, user=str, node=str, seq=int, id=str, publisher=str, xml=str),
        create_table("pubsub_item_id", ITEM_ID.key, host=str, user=str, node=str, id=str, seq=int),
        create_table(
            "pubsub_entity", ENTITY.key,
            host=str, user=str, node=str, jid=str, affiliation=str, subscription=str, subid=str,
        ),
        create_table("pubsub_entity_node", ENTITY_NODE.key, host=str, user=str, bare=str, node=str, jid=str),
        create_table("caps_notify", CAPS.key, key=str, nodes=tuple[str, ...], seen=int),
    ),
)  # fmt: skip
