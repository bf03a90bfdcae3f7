"""entity_store — affiliations and subscriptions as they are read and written in one transaction.

Way:      service → [entity_store] → tables
Process:  functions of a transaction
XEP:      0060 §6, §8.8, §8.9
"""

from __future__ import annotations

from dataclasses import replace

from xmpp_core.jid import JID
from xmpp_core.pubsub.access import Affiliation, Subscribed
from xmpp_core.pubsub.pubsub_errors import pubsub_error
from xmppd.pubsub.node_store import Realm
from xmppd.pubsub.tables import ENTITY, ENTITY_NODE, PubsubEntity, PubsubEntityNode
from xmppd.store.backend import Tx


def entity(tx: Tx, realm: Realm, node: str, jid: str) -> PubsubEntity:
    """What an address is to a node."""
    return tx.read(ENTITY, realm.key(node, jid)) or PubsubEntity(realm.host, realm.user, node, jid)


def write(tx: Tx, realm: Realm, row: PubsubEntity) -> None:
    """Replaces a row, or deletes one that says nothing any more."""
    bare = JID.parse(row.jid).bare
    if row.affiliation == "none" and row.subscription == "none":
        tx.delete(ENTITY, realm.key(row.node, row.jid))
        tx.delete(ENTITY_NODE, realm.key(bare, row.node, row.jid))
    else:
        tx.write(row)
        tx.write(PubsubEntityNode(realm.host, realm.user, bare, row.node, row.jid))


def subscribe(tx: Tx, realm: Realm, node: str, jid: str, state: Subscribed, subid: str) -> PubsubEntity:
    """Subscribes an address; one that is subscribed stays so. Raises StanzaError too-many-subscriptions."""
    before = entity(tx, realm, node, jid)
    if before.subscription == "none" and tx.count(ENTITY, realm.key(node)) >= realm.limits.subscriptions:
        raise pubsub_error("too-many-subscriptions")
    row = replace(before, subscription=state.value, subid=before.subid or subid)
    write(tx, realm, row)
    return row


def unsubscribe(tx: Tx, realm: Realm, node: str, jid: str, subid: str = "") -> PubsubEntity:
    """Ends the subscription of an address; as it was. Raises StanzaError not-subscribed, invalid-subid."""
    before = entity(tx, realm, node, jid)
    if before.subscription == "none":
        raise pubsub_error("not-subscribed")
    if subid and subid != before.subid:
        raise pubsub_error("invalid-subid")
    write(tx, realm, replace(before, subscription="none", subid=""))
    return before


def affiliate(tx: Tx, realm: Realm, node: str, jid: str, affiliation: Affiliation) -> PubsubEntity:
    """Changes an affiliation; an outcast's subscriptions end. As it was. Raises StanzaError too-many-subscriptions."""
    before = entity(tx, realm, node, jid)
    is_new = before.affiliation == before.subscription == "none"
    if is_new and tx.count(ENTITY, realm.key(node)) >= realm.limits.subscriptions:
        raise pubsub_error("too-many-subscriptions", "too many are known at this node")
    after = replace(before, affiliation=affiliation.value)
    if affiliation is Affiliation.OUTCAST:
        after = replace(after, subscription="none", subid="")
        for other in of_bare(tx, realm, jid, node):
            if other.jid != jid:
                write(tx, realm, replace(other, subscription="none", subid=""))
    write(tx, realm, after)
    return before


def of_bare(tx: Tx, realm: Realm, bare: str, node: str = "") -> list[PubsubEntity]:
    """What the addresses of somebody are to the realm's nodes, or to one."""
    found = tx.select(ENTITY_NODE, realm.key(bare, node) if node else realm.key(bare))
    return tx.read_many(ENTITY, [realm.key(row.node, row.jid) for row in found])
