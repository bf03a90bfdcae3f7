"""api — nodes of accounts for code of the server: modules that keep cards, bookmarks and the like in step with them.

Way:      mods → [api] → service
Process:  runs in the caller
XEP:      0163; 0084, 0402, 0490 (what it is for)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from xmpp_core import parser
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.pubsub import node_config
from xmpp_core.pubsub.node_config import NodeConfig
from xmpp_core.pubsub.publishing import Publication
from xmppd.pubsub import node_store, service
from xmppd.pubsub.node_store import Realm
from xmppd.pubsub.tables import ITEM, ITEM_ID, NODE, PubsubItem
from xmppd.store import store
from xmppd.store.backend import Tx

Options = Mapping[str, str | tuple[str, ...]]
_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class StoredItem:
    """An item as it stands in a node: `xml` the payload as text, `stamp` when it was published (seconds)."""

    id: str
    publisher: str
    stamp: float
    xml: str = field(repr=False)

    @property
    def payload(self) -> Element | None:
        """The payload. Raises Unreadable if the store has something else."""
        return service.payload_of(PubsubItem("", "", "", 0, self.id, self.publisher, self.xml))


@dataclass(frozen=True, slots=True)
class NodeSize:
    """How many items a node has, and how many octets their payloads are."""

    items: int
    octets: int


def pep(owner: JID) -> Realm:
    """The nodes of an account of ours."""
    return Realm(owner.bare_jid(), owner.domain, owner.local)


async def publish(
    owner: JID,
    node: str,
    payload: Element,
    *,
    id: str = "current",
    options: Options | None = None,
    publisher: JID | None = None,
) -> str:
    """Publishes as the owner does; the item's id. `options` are for a node that is not there yet:
    `{"pubsub#access_model": "open"}`. Raises StanzaError."""
    realm = pep(owner)
    given = _read(realm, options)
    done = await service.publish(
        realm, publisher or realm.jid, node, Publication(id, payload), given, may_create=True, by_server=True
    )
    return done.id


async def retract(owner: JID, node: str, id_: str) -> bool:
    """Deletes an item; False if it is not there."""
    realm = pep(owner)
    try:
        await service.retract(realm, realm.jid, node, id_, tell=True, by_server=True)
    except StanzaError as error:
        if error.condition == "item-not-found":
            return False
        raise
    return True


async def delete_node(owner: JID, node: str) -> bool:
    """Deletes a node; False if it is not there."""
    realm = pep(owner)
    if await config(owner, node) is None:
        return False
    await service.delete(realm, await service.owned(realm, node, realm.jid), by_server=True)
    return True


async def configure(owner: JID, node: str, options: Options) -> None:
    """Changes the configuration of a node. Raises StanzaError item-not-found, not-acceptable."""
    realm = pep(owner)
    await service.configure(realm, await service.owned(realm, node, realm.jid), _read(realm, options))


async def config(owner: JID, node: str) -> NodeConfig | None:
    """The configuration of a node, None if it is not there."""
    row = await store.read(NODE, pep(owner).key(node))
    return node_store.config_of(row) if row is not None else None


async def item(owner: JID, node: str, id_: str = "") -> StoredItem | None:
    """An item, or without an id the newest; None if it is not there."""
    realm = pep(owner)

    def read(tx: Tx) -> PubsubItem | None:
        if not id_:
            return tx.last(ITEM, realm.key(node))
        where = tx.read(ITEM_ID, realm.key(node, id_))
        return tx.read(ITEM, realm.key(node, where.seq)) if where is not None else None

    if await store.read(NODE, realm.key(node)) is None:  # so of most accounts; a transaction waits for the writer
        return None
    found = await store.transaction(read)
    return _stored(found) if found is not None else None


async def items(owner: JID, node: str) -> list[StoredItem]:
    """All items of a node, oldest first."""
    return [_stored(row) for row in await store.select(ITEM, pep(owner).key(node))]


async def payloads(owner: JID, node: str) -> list[tuple[str, Element]]:
    """(id, payload) of all items of a node, oldest first; those without a payload are left out."""
    found = [row for row in await store.select(ITEM, pep(owner).key(node)) if row.xml]
    read = parser.parse_all_written([row.xml for row in found])
    return [(row.id, el) for row, el in zip(found, read, strict=True) if isinstance(el, Element)]


async def size(owner: JID, node: str) -> NodeSize | None:
    """How much is in a node, None if it is not there."""
    row = await store.read(NODE, pep(owner).key(node))
    return NodeSize(row.items, row.octets) if row is not None else None


def _stored(row: PubsubItem) -> StoredItem:
    return StoredItem(row.id, row.publisher, row.seq / 1e6, row.xml)


def _read(realm: Realm, options: Options | None) -> dict[str, Any]:
    return node_config.read_fields(node_config.of_mapping(options or {}), realm.limits.node, strict=True)
