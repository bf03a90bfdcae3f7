"""node_disco — which nodes there are, and what is to be known of one: for whoever may read it.

Way:      mod_pep, mod_pubsub (hooks of mod_disco) → [node_disco] → store
XEP:      0060 §5.2–§5.5; 0030
"""

from __future__ import annotations

from typing import Final

from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.pubsub import node_config
from xmpp_core.pubsub.access import may_read
from xmppd.pubsub import node_store, relations, service
from xmppd.pubsub.node_store import Realm
from xmppd.pubsub.service import Known
from xmppd.pubsub.tables import ITEM_ID, NODE
from xmppd.store import store

#: nodes that one answer names, and items
MOST_SHOWN: Final = 1000
LEAF: Final = el("identity", ns.DISCO_INFO, {"category": "pubsub", "type": "leaf"})


async def nodes(realm: Realm, who: JID) -> tuple[Element, ...]:
    """`<item/>` for each node that somebody may read. XEP: 0060 §5.2"""
    found = []
    for row in await store.select(NODE, realm.key(), limit=MOST_SHOWN):
        config = node_store.config_of(row)
        if may_read(config, await relations.asker_of(realm, row.node, config, who, JID.parse(row.creator))):
            named = {"jid": realm.jid.full, "node": row.node, "name": config.title or None}
            found.append(el("item", ns.DISCO_ITEMS, named))
    return tuple(found)


async def items(realm: Realm, who: JID, node: str) -> tuple[Element, ...]:
    """`<item/>` for each item of a node. XEP: 0060 §5.5"""
    if await _readable(realm, who, node) is None:
        return ()
    rows = await store.select(ITEM_ID, realm.key(node), limit=MOST_SHOWN)
    return tuple([el("item", ns.DISCO_ITEMS, {"jid": realm.jid.full, "name": row.id}) for row in rows])


async def meta_data(realm: Realm, who: JID, node: str) -> Element | None:
    """The form that describes a node; None if it is not there, or not for whoever asks. XEP: 0060 §5.4"""
    found = await _readable(realm, who, node)
    if found is None:
        return None
    form = node_config.to_form(found.config, "result").to_element()
    form.children[0] = _field("FORM_TYPE", f"{ns.PUBSUB}#meta-data", "hidden")
    form.add(
        _field("pubsub#num_items", str(found.row.items)),
        _field("pubsub#creator", found.row.creator, "jid-single"),
        _field("pubsub#owner", found.row.creator, "jid-multi"),
    )
    return form


def _field(var: str, value: str, type_: str = "text-single") -> Element:
    return el("field", ns.DATA_FORMS, {"var": var, "type": type_}, el("value", ns.DATA_FORMS, None, value))


async def _readable(realm: Realm, who: JID, node: str) -> Known | None:
    try:
        found = await service.known(realm, node, who)
    except StanzaError:
        return None
    return found if may_read(found.config, found.asker) else None
