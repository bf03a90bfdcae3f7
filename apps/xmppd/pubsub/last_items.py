"""last_items — what a resource that has come is told of: the newest item of each node it wants to hear of.

Way:      mod_caps → [last_items] → events → the resource
Process:  one of its own for each resource that comes
XEP:      0163 §4.3.1, 0060 §12.20 (send_last_published_item)
Differs:  of each account it is known, in one row, which nodes have something for those who come; so contacts without
          any cost one look-up among many
"""

from __future__ import annotations

from functools import partial
from typing import Final

from xmpp_core.jid import JID
from xmpp_core.pubsub.access import may_read
from xmppd.pubsub import api, events, interest, node_store, relations, service
from xmppd.pubsub.node_store import Realm
from xmppd.pubsub.tables import ITEM, NODE, TOTALS, PubsubTotals
from xmppd.routing import hooks, router
from xmppd.routing.fairly import fairly
from xmppd.routing.hook_points import SubscriptionListsHook
from xmppd.routing.sm import sm
from xmppd.store import store
from xmppd.store.backend import Tx

#: accounts that are looked up at a time
_PIECE: Final = 200


async def send_to(full: JID, key: str) -> None:
    """The last items of the own account, and of the contacts that the account sees, to one of its resources."""
    wanted = await interest.nodes_of(key)
    if not wanted:
        return
    empty: tuple[set[str], set[str]] = (set(), set())
    tos = (await hooks.run_fold(full.domain, SubscriptionListsHook(full.bare_jid()), empty))[1]
    names = [full.bare, *sorted(tos - {full.bare})]
    owners = [jid for name in names if (jid := JID.parse(name)).local and router.serves(jid.domain)]
    for i in range(0, len(owners), _PIECE):
        piece = owners[i : i + _PIECE]
        keys = [(owner.domain, owner.local) for owner in piece]
        rows = await store.transaction(partial(_totals, keys=keys))
        async for row in fairly(rows):
            for node in row.said:
                if node in wanted and _is_there(full):
                    await send(api.pep(JID(row.user, row.host)), node, full)


def _totals(tx: Tx, keys: list[tuple[str, str]]) -> list[PubsubTotals]:
    return tx.read_many(TOTALS, keys)


def _is_there(full: JID) -> bool:
    return any(row.jid == full for row in sm.available(full.bare))


async def send(realm: Realm, node: str, to: JID) -> None:
    """The last item of one node, if there is one that it may read."""
    row = await store.read(NODE, realm.key(node))
    if row is None or not row.items:
        return
    config = node_store.config_of(row)
    if not may_read(config, await relations.asker_of(realm, node, config, to, JID.parse(row.creator))):
        return
    item = await store.transaction(lambda tx: tx.last(ITEM, realm.key(node)))
    if item is None or item.seq < node_store.oldest_allowed(config, service.now()):
        return
    payload = service.payload_of(item) if config.deliver_payloads else None
    shown = "" if item.publisher == realm.jid.bare else item.publisher
    content = events.items(node, events.item(item.id, payload, shown))
    await events.send(realm, events.message(realm, config, content, stamp=item.seq), to)
