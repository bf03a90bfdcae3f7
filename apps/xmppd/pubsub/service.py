"""service — what is done to nodes and their items, for whoever may: the one engine behind PEP, the service, and server
code.

Way:      requests, owner_requests, api → [service] → node_store (one transaction), hooks, events
Process:  runs in the process of whoever asks
XEP:      0060 §6.5, §7, §8; 0163
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from otp.erts.clock import CLOCK
from xmpp_core import ns, parser, rsm
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.pubsub import access, node_config, publishing
from xmpp_core.pubsub.access import Asker
from xmpp_core.pubsub.node_config import NodeConfig
from xmpp_core.pubsub.publishing import Publication
from xmpp_core.pubsub.pubsub_errors import pubsub_error
from xmpp_core.rsm import PageRequest
from xmppd.pubsub import events, node_store, relations
from xmppd.pubsub.node_store import PublishDone, Realm
from xmppd.pubsub.tables import ITEM, ITEM_ID, NODE, PubsubItem, PubsubNode
from xmppd.routing import hooks
from xmppd.routing.pubsub_hook_points import PubsubPublishedHook, PubsubRetractedHook
from xmppd.store import store
from xmppd.store.backend import Tx

#: octets of items in one answer: what does not fit is fetched page by page (XEP-0059)
ANSWER_OCTETS: Final = 786_432
#: items in one answer
ANSWER_ITEMS: Final = 500


@dataclass(frozen=True, slots=True)
class ItemsFound:
    """Items, oldest first; `page`: which of how many, if that is to be said."""

    items: tuple[PubsubItem, ...] = ()
    page: rsm.Page[PubsubItem] | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """A node, and what somebody is to it."""

    row: PubsubNode
    config: NodeConfig
    asker: Asker


def now() -> int:
    """Microseconds since 1970."""
    return CLOCK.time_ns() // 1000


async def known(realm: Realm, node: str, who: JID) -> Known:
    """A node as somebody comes to it. Raises StanzaError item-not-found, nodeid-required; to a stranger to an account
    it says of all that is not for it the same, so that nobody learns who has an account."""
    if not node:
        raise pubsub_error("nodeid-required")
    row = await store.read(NODE, realm.key(node))
    if row is None:
        await _hide(realm, who)
        raise StanzaError("item-not-found", "there is no such node")
    config = node_store.config_of(row)
    return Known(row, config, await relations.asker_of(realm, node, config, who, JID.parse(row.creator)))


async def _hide(realm: Realm, who: JID) -> None:
    if realm.is_pep and who.bare != realm.jid.bare and not await relations.sees(realm.jid, who):
        raise pubsub_error("presence-subscription-required")


async def refuse(realm: Realm, who: JID, error: StanzaError | None) -> None:
    """Raises the error, if it is one; to strangers likewise."""
    if error is not None:
        await _hide(realm, who)
        raise error


# --- publishing


async def publish(
    realm: Realm,
    who: JID,
    node: str,
    item: Publication | None,
    options: Mapping[str, Any] | None = None,
    *,
    may_create: bool = False,
    by_server: bool = False,
) -> PublishDone:
    """Publishes an item to a node, which is made if it is not there and `may_create`; `options`: preconditions, and
    the configuration of a node that is made. Raises StanzaError. XEP: 0060 §7.1"""
    xml = item.payload.to_xml("") if item is not None and item.payload is not None else ""
    asker = relations.OWNER if by_server else await _publisher(realm, who, node, may_create)
    stamp, made = now(), secrets.token_hex(8)

    def write(tx: Tx) -> PublishDone:
        row, created = tx.read(NODE, realm.key(node)), False
        if row is None:
            if not may_create:
                raise StanzaError("item-not-found", "there is no such node")
            row, created = node_store.create(tx, realm, node, _made(realm, options), who, stamp), True
        config = node_store.config_of(row)
        if not created and options and not by_server:
            node_config.check_preconditions(config, options)
        error = None if created else access.publish_error(config, asker)
        if error is not None:
            raise error
        publishing.check_publication(config, item, len(xml.encode()), realm.limits.node)
        if item is None:
            return PublishDone(config, "", (), created)
        named = item if item.id else replace(item, id=made)
        return node_store.publish(tx, realm, row, named, who.bare, stamp, xml, created)

    done = await store.transaction(write)
    payload = item.payload if item is not None else None
    await hooks.run(
        realm.host, PubsubPublishedHook(realm.jid, node, done.id, payload, done.config.access_model, by_server)
    )
    await _tell_published(realm, who, node, done, payload)
    return done


def _made(realm: Realm, options: Mapping[str, Any] | None) -> NodeConfig:
    return replace(realm.default, **(options or {}))


async def _publisher(realm: Realm, who: JID, node: str, may_create: bool) -> Asker:
    if realm.is_pep and who.bare == realm.jid.bare:
        return relations.OWNER
    try:
        found = await known(realm, node, who)
    except StanzaError as error:
        if may_create and error.condition == "item-not-found":
            return relations.OWNER
        raise
    await refuse(realm, who, access.publish_error(found.config, found.asker))
    return found.asker


async def _tell_published(realm: Realm, who: JID, node: str, done: PublishDone, payload: Element | None) -> None:
    config = done.config
    shown = "" if realm.is_pep and who.bare == realm.jid.bare else who.bare
    content = [events.item(done.id, payload if config.deliver_payloads else None, shown)] if done.id else []
    gone = []
    if (
        done.evicted
        and config.notify_retract
        and config.publish_node_full == "retract-oldest"
        and config.max_items != 1
    ):
        gone = [events.retracted(id_) for id_ in done.evicted[-events.MOST_RETRACTED :]]
    await events.notify(realm, node, config, events.items(node, *content))
    if gone:
        await events.notify(realm, node, config, events.items(node, *gone))


async def retract(realm: Realm, who: JID, node: str, id_: str, *, tell: bool = False, by_server: bool = False) -> None:
    """Deletes an item; `tell`: subscribers hear of it whatever the node says. Raises StanzaError. XEP: 0060 §7.2"""
    found = await known(realm, node, who)
    asker = relations.OWNER if by_server else found.asker
    if not found.config.persist_items:
        raise pubsub_error("unsupported", feature="persistent-items")

    def delete(tx: Tx) -> StanzaError | None:
        row = node_store.node_of(tx, realm, node)
        where = tx.read(ITEM_ID, realm.key(node, id_))
        item = tx.read(ITEM, realm.key(node, where.seq)) if where is not None else None
        is_own = item is not None and item.publisher == who.bare
        error = access.retract_error(found.config, asker, is_own=is_own)
        if error is not None:
            return error
        if item is None:
            return StanzaError("item-not-found", "there is no such item")
        node_store.retract(tx, realm, row, id_)
        return None

    await refuse(realm, who, await store.transaction(delete))
    await hooks.run(realm.host, PubsubRetractedHook(realm.jid, node, (id_,), by_server=by_server))
    if tell or found.config.notify_retract:
        await events.notify(realm, node, found.config, events.items(node, events.retracted(id_)))


# --- reading


async def items(
    realm: Realm, who: JID, node: str, asked: PageRequest, ids: Sequence[str] = (), newest: int | None = None
) -> ItemsFound:
    """Items of a node: those of these ids, the newest so many, or a page. Raises StanzaError. XEP: 0060 §6.5"""
    found = await known(realm, node, who)
    await refuse(realm, who, access.read_error(found.config, found.asker))
    since = node_store.oldest_allowed(found.config, now())
    if ids:
        return await _of_ids(realm, node, ids, since)
    if newest is not None:
        asked = PageRequest(newest, before="")
    order, asked = await store.transaction(lambda tx: _order(tx, realm, node, since, asked))
    return await _page(realm, node, order, asked)


def _order(tx: Tx, realm: Realm, node: str, since: int, asked: PageRequest) -> tuple[list[int], PageRequest]:
    """The `seq` of a node's items, oldest first, and the request with these in place of ids."""
    seqs = [int(seq) for seq in tx.values(ITEM, realm.key(node)) if int(seq) >= since]
    after, before = [id_ and _seq(tx, realm, node, id_) for id_ in (asked.after, asked.before)]
    return seqs, PageRequest(asked.max, after, before, asked.index)


def _seq(tx: Tx, realm: Realm, node: str, id_: str) -> str:
    row = tx.read(ITEM_ID, realm.key(node, id_))
    if row is None:
        raise StanzaError("item-not-found", "there is no such id (any more)")
    return str(row.seq)


async def _of_ids(realm: Realm, node: str, ids: Sequence[str], since: int) -> ItemsFound:
    def read(tx: Tx) -> list[PubsubItem]:
        where = tx.read_many(ITEM_ID, [realm.key(node, id_) for id_ in ids[:ANSWER_ITEMS]])
        return tx.read_many(ITEM, [realm.key(node, row.seq) for row in where if row.seq >= since])

    items = await store.transaction(read)
    if not items:
        raise StanzaError("item-not-found", "there is no such item")
    return ItemsFound(tuple(_that_fit(items)))


async def _page(realm: Realm, node: str, order: list[int], asked: PageRequest) -> ItemsFound:
    """A page; without a word about one the newest items, as many as fit into an answer."""
    plain = asked == PageRequest()
    page = rsm.cut(order, PageRequest(before="") if plain else asked, str, ANSWER_ITEMS)
    keys = [realm.key(node, seq) for seq in page.items]
    rows = await store.transaction(lambda tx: tx.read_many(ITEM, keys)) if keys else []
    index = page.index or 0
    if plain or asked.backwards:
        fit = list(reversed(_that_fit(list(reversed(rows)))))
        index += len(rows) - len(fit)
    else:
        fit = _that_fit(rows)
    if plain and len(fit) == page.count:
        return ItemsFound(tuple(fit))
    first, last = (fit[0].id, fit[-1].id) if fit else ("", "")
    return ItemsFound(tuple(fit), rsm.Page(fit, first, last, count=page.count, index=index))


def _that_fit(rows: list[PubsubItem]) -> list[PubsubItem]:
    room = ANSWER_OCTETS
    for i, row in enumerate(rows):
        room -= len(row.xml)
        if room < 0 and i:
            return rows[:i]
    return rows


def payload_of(row: PubsubItem) -> Element | None:
    """What was published. Raises Unreadable if the store has something else."""
    return parser.parse_written(row.xml) if row.xml else None


# --- nodes


async def create(realm: Realm, who: JID, node: str, options: Mapping[str, Any] | None = None) -> str:
    """Makes a node ("": the service gives it a name); its name. Raises StanzaError. XEP: 0060 §8.1"""
    name, stamp = node or secrets.token_hex(8), now()
    config = _made(realm, options)
    await store.transaction(lambda tx: node_store.create(tx, realm, name, config, who, stamp))
    return name


async def owned(realm: Realm, node: str, who: JID) -> Known:
    """A node that somebody manages. Raises StanzaError forbidden. XEP: 0060 §8"""
    found = await known(realm, node, who)
    await refuse(realm, who, access.owner_error(found.asker))
    return found


async def configure(realm: Realm, found: Known, given: Mapping[str, Any]) -> NodeConfig:
    """Changes fields of the configuration, whose names are NodeConfig's. Raises StanzaError. XEP: 0060 §8.2"""
    node = found.row.node

    def write(tx: Tx) -> tuple[NodeConfig, tuple[str, ...]]:
        row = node_store.node_of(tx, realm, node)
        config = replace(node_store.config_of(row), **given)
        return config, node_store.configure(tx, realm, row, config)

    config, gone = await store.transaction(write)
    if gone:
        await hooks.run(realm.host, PubsubRetractedHook(realm.jid, node, gone))
    if config.notify_config and config != found.config:
        form = node_config.to_form(config, "result").to_element() if config.deliver_payloads else None
        await events.notify(realm, node, config, el("configuration", ns.PUBSUB_EVENT, {"node": node}, form))
    return config


async def purge(realm: Realm, found: Known) -> None:
    """Deletes all items of a node. Raises StanzaError. XEP: 0060 §8.5"""
    if not found.config.persist_items:
        raise pubsub_error("unsupported", feature="persistent-items")
    node = found.row.node
    ids = await store.transaction(lambda tx: node_store.purge(tx, realm, node_store.node_of(tx, realm, node)))
    await hooks.run(realm.host, PubsubRetractedHook(realm.jid, node, ids))
    await events.notify(realm, node, found.config, el("purge", ns.PUBSUB_EVENT, {"node": node}))


async def delete(realm: Realm, found: Known, *, redirect: str = "", by_server: bool = False) -> None:
    """Deletes a node; those who would be told of its items hear of it. Raises StanzaError. XEP: 0060 §8.4"""
    node = found.row.node
    to = await events.recipients(realm, node, found.config) if found.config.notify_delete else []
    ids = await store.transaction(lambda tx: node_store.delete(tx, realm, node_store.node_of(tx, realm, node)))
    await hooks.run(realm.host, PubsubRetractedHook(realm.jid, node, ids, gone=True, by_server=by_server))
    elsewhere = el("redirect", ns.PUBSUB_EVENT, {"uri": redirect}) if redirect else None
    await events.tell(realm, found.config, to, el("delete", ns.PUBSUB_EVENT, {"node": node}, elsewhere))
