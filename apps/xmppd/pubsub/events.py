"""events — who is told what of a node, and how it is written.

Way:      service → [events] → router (of the account's stages, so that blocked contacts get nothing) → recipients
Process:  runs in the process of whoever publishes
XEP:      0060 §7.1.2, §12 (notifications), 0163 §3, §4 (who gets them)
Differs:  an event is written once, however many get it
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.jid import JID
from xmpp_core.pubsub.access import Affiliation, may_read
from xmpp_core.pubsub.node_config import NodeConfig
from xmpp_core.stamp import delay
from xmpp_core.stanza import make_message
from xmppd.pubsub import interest
from xmppd.pubsub.node_store import Realm
from xmppd.pubsub.relations import asker_of, froms_of
from xmppd.pubsub.tables import ENTITY, PubsubEntity
from xmppd.routing import router
from xmppd.routing.context import Context, Origin
from xmppd.routing.fairly import fairly
from xmppd.routing.routes import HostRoute
from xmppd.routing.serialized_message import SerializedMessage
from xmppd.routing.sm import sm
from xmppd.store import store

#: ids of evicted items that one event names
MOST_RETRACTED: Final = 50
_ALLOWED: Final = (Affiliation.OWNER.value, Affiliation.PUBLISHER.value, Affiliation.MEMBER.value)


def items(node: str, *children: Element) -> Element:
    """`<items/>` of an event: what was published, or `<retract/>`s."""
    return el("items", ns.PUBSUB_EVENT, {"node": node}, *children)


def item(id_: str, payload: Element | None, publisher: str = "") -> Element:
    """`<item/>` of an event."""
    return el("item", ns.PUBSUB_EVENT, {"id": id_, "publisher": publisher or None}, payload)


def retracted(id_: str) -> Element:
    """`<retract/>` of an event."""
    return el("retract", ns.PUBSUB_EVENT, {"id": id_})


def message(realm: Realm, config: NodeConfig, *content: Element, stamp: int = 0) -> SerializedMessage:
    """An event to nobody yet; `stamp` (microseconds): when what it tells of was published, if that is not now."""
    made = [el("event", ns.PUBSUB_EVENT, None, *content)]
    if stamp:
        made.append(delay(realm.jid.full, datetime.fromtimestamp(stamp / 1e6, UTC)))
    type_, id_ = config.notification_type, secrets.token_hex(8)
    return SerializedMessage(make_message(None, None, *made, type_=type_, id_=id_, from_=realm.jid).el, realm.jid)


async def send(realm: Realm, event: SerializedMessage, to: JID) -> None:
    """To one recipient: from an account by way of its stages, from a service as the service."""
    addressed = event.addressed(to=to)
    if realm.is_pep:
        await router.route_of_account(addressed)
    else:
        await router.route(addressed, Context(Origin.SERVICE))


async def notify(realm: Realm, node: str, config: NodeConfig, *content: Element) -> None:
    """Tells all who are to be told of a node. It does not matter to the publisher if some cannot be."""
    if config.deliver_notifications:
        await tell(realm, config, await recipients(realm, node, config), *content)


async def tell(realm: Realm, config: NodeConfig, to: Iterable[JID], *content: Element) -> None:
    """The same event to each of these."""
    event = message(realm, config, *content)
    async for jid in fairly(to):
        await send(realm, event, jid)


async def recipients(realm: Realm, node: str, config: NodeConfig) -> list[JID]:
    """Each once: resources that want to be told and may read, and those who have subscribed."""
    found: dict[str, JID] = {}
    entities = await store.select(ENTITY, realm.key(node))
    if realm.is_pep:
        for bare in await _candidates(realm, config, entities):
            for jid in await interest.interested(bare, node):
                found[jid.full] = jid
    for row in entities:
        if row.subscription == "subscribed":
            await _subscriber(found, realm, node, config, row)
    return list(found.values())


async def _candidates(realm: Realm, config: NodeConfig, entities: Iterable[PubsubEntity]) -> list[str]:
    """The owner, and the contacts that may read: bare JIDs."""
    own = realm.jid.bare
    froms = await froms_of(realm.jid)
    known = {row.jid: row for row in entities}
    match config.access_model:
        case "whitelist":
            bares = [jid for jid, row in known.items() if row.affiliation in _ALLOWED and jid in froms]
        case "authorize":
            bares = [
                jid
                for jid, row in known.items()
                if jid in froms and (row.affiliation in _ALLOWED or row.subscription == "subscribed")
            ]
        case "roster":
            bares = [jid for jid in froms if may_read(config, await asker_of(realm, "", config, JID.parse(jid)))]
        case _:
            bares = list(froms)
    shut = {jid for jid, row in known.items() if row.affiliation in ("outcast", "publish-only")}
    return [own, *[bare for bare in bares if bare != own and bare not in shut]]


async def _subscriber(found: dict[str, JID], realm: Realm, node: str, config: NodeConfig, row: PubsubEntity) -> None:
    """One who has subscribed, if it still may read; resources that are told already are told once."""
    jid = JID.parse(row.jid)
    if row.jid in found or not may_read(config, await asker_of(realm, node, config, jid)):
        return
    ours = isinstance(router.route_of(jid.domain), HostRoute) and jid.local
    if jid.resource or not ours:
        told = not jid.resource and any(other.bare == jid.bare for other in found.values())
        there = not ours or any(session.jid == jid for session in sm.sessions(jid.bare))
        if not told and there:
            found[jid.full] = jid
    elif config.presence_based_delivery or any(other.bare == jid.bare for other in found.values()):
        found.update({session.jid.full: session.jid for session in sm.available(jid.bare)})
    else:
        found[jid.full] = jid
