"""subscribing — who is subscribed to a node, and what somebody is to it; approvals.

Way:      subscription_requests, mod_pep, mod_pubsub (forms that come back) → [subscribing] → entity_store → events
Process:  runs in the process of whoever asks
XEP:      0060 §6.1, §6.2, §8.6–§8.9
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from xmpp_core import dataforms, ns
from xmpp_core.dataforms import Field, Form
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID, JidError
from xmpp_core.pubsub import access
from xmpp_core.pubsub.access import Affiliation, Subscribed
from xmpp_core.pubsub.pubsub_errors import pubsub_error
from xmpp_core.stanza import Message, make_message
from xmppd.pubsub import entity_store, events, last_items, service
from xmppd.pubsub.node_store import Realm
from xmppd.pubsub.service import Known
from xmppd.pubsub.tables import ENTITY, ENTITY_NODE, PubsubEntity
from xmppd.routing import router
from xmppd.routing.context import Context, Origin
from xmppd.store import store
from xmppd.store.backend import Tx

AUTHORIZATION: Final = f"{ns.PUBSUB}#subscribe_authorization"
#: rows of somebody that one answer holds, and changes that one request asks for
MOST_SHOWN: Final = 1000
MOST_CHANGES: Final = 200


def own_jid(text: str, who: JID) -> JID:
    """The address that somebody subscribes: the own bare JID or the own full one. Raises StanzaError invalid-jid."""
    try:
        jid = JID.parse(text)
    except JidError:
        raise pubsub_error("invalid-jid") from None
    if jid.bare != who.bare or (jid.resource and jid != who):
        raise pubsub_error("invalid-jid", "nobody subscribes another")
    return jid


async def subscribe(realm: Realm, who: JID, node: str, jid: JID) -> Subscribed:
    """Subscribes an address of whoever asks, or lets the owners decide. Raises StanzaError. XEP: 0060 §6.1"""
    found = await service.known(realm, node, who)
    state = access.subscription_of(found.config, found.asker)
    if isinstance(state, StanzaError):
        await service.refuse(realm, who, state)
    assert isinstance(state, Subscribed)
    row = await store.transaction(lambda tx: entity_store.subscribe(tx, realm, node, jid.full, state, ""))
    if state is Subscribed.PENDING:
        await _ask_owners(realm, found, jid)
        return state
    await _tell_owners(realm, found, row)
    if found.config.send_last_published_item != "never":
        await last_items.send(realm, node, jid)
    return state


async def unsubscribe(realm: Realm, who: JID, node: str, jid: JID, subid: str) -> None:
    """Ends a subscription. Raises StanzaError not-subscribed, invalid-subid. XEP: 0060 §6.2"""
    found = await service.known(realm, node, who)
    row = await store.transaction(lambda tx: entity_store.unsubscribe(tx, realm, node, jid.full, subid))
    await _tell_owners(realm, found, replace(row, subscription="none"))


async def of_somebody(realm: Realm, who: JID, node: str) -> list[PubsubEntity]:
    """What the addresses of whoever asks are to all nodes, or to one; the other resources' are not told."""

    def read(tx: Tx) -> list[PubsubEntity]:
        key = realm.key(who.bare, node) if node else realm.key(who.bare)
        found = tx.select(ENTITY_NODE, key, limit=MOST_SHOWN)
        return tx.read_many(ENTITY, [realm.key(row.node, row.jid) for row in found])

    return [row for row in await store.transaction(read) if row.jid in (who.bare, who.full)]


# --- owners


async def affiliate(realm: Realm, found: Known, changes: list[tuple[str, Affiliation]]) -> None:
    """Changes affiliations, all or none: an owner stays. Raises StanzaError not-acceptable. XEP: 0060 §8.9"""
    node = found.row.node

    def write(tx: Tx) -> None:
        for jid, affiliation in changes:
            if realm.is_pep and jid == realm.jid.bare and affiliation is not Affiliation.OWNER:
                raise StanzaError("not-acceptable", "these nodes are the account's")
            entity_store.affiliate(tx, realm, node, jid, affiliation)
        if not realm.is_pep and not any(row.affiliation == "owner" for row in tx.select(ENTITY, realm.key(node))):
            raise StanzaError("not-acceptable", "a node has an owner")

    await store.transaction(write)


async def set_subscriptions(realm: Realm, found: Known, changes: list[tuple[JID, Subscribed]]) -> None:
    """Changes subscriptions; who is concerned is told. Raises StanzaError. XEP: 0060 §8.8"""
    node = found.row.node

    def write(tx: Tx) -> None:
        for jid, state in changes:
            if state is not Subscribed.NONE:
                entity_store.subscribe(tx, realm, node, jid.full, state, "")
            elif entity_store.entity(tx, realm, node, jid.full).subscription != "none":
                entity_store.unsubscribe(tx, realm, node, jid.full)

    await store.transaction(write)
    for jid, state in changes:
        await _tell(realm, found, [jid], jid.full, state.value)


async def _tell(realm: Realm, found: Known, to: Iterable[JID], jid: str, state: str) -> None:
    told = {"node": found.row.node, "jid": jid, "subscription": state}
    await events.tell(realm, found.config, to, el("subscription", ns.PUBSUB_EVENT, told))


async def _tell_owners(realm: Realm, found: Known, row: PubsubEntity) -> None:
    if found.config.notify_sub:
        await _tell(realm, found, await _owners(realm, found), row.jid, row.subscription)


async def _owners(realm: Realm, found: Known) -> list[JID]:
    rows = await store.select(ENTITY, realm.key(found.row.node))
    owners = [JID.parse(row.jid) for row in rows if row.affiliation == "owner"]
    return [realm.jid, *owners] if realm.is_pep else owners


# --- approval


async def _ask_owners(realm: Realm, found: Known, jid: JID) -> None:
    """A form to each owner. XEP: 0060 §8.6"""
    node = found.row.node
    fields = (
        Field("FORM_TYPE", (AUTHORIZATION,), "hidden"),
        Field("pubsub#node", (node,), "text-single", "Node"),
        Field("pubsub#subscriber_jid", (jid.full,), "jid-single", "Who wants to subscribe"),
        Field("pubsub#allow", ("false",), "boolean", "Allow it?"),
    )
    form = Form("form", fields, title="A subscription wants your approval").to_element()
    for owner in await _owners(realm, found):
        message = make_message(owner, None, form, id_=secrets.token_hex(8), from_=realm.jid)
        if realm.is_pep:
            await router.route_of_account(message)
        else:
            await router.route(message, Context(Origin.SERVICE))


def approval_of(message: Message) -> Form | None:
    """The form of an owner who has decided, if the message is one."""
    x = message.el.child("x", ns.DATA_FORMS)
    if x is None or x.get("type") not in ("submit", "cancel") or not _is_authorization(x):
        return None
    try:
        return dataforms.parse(x)
    except StanzaError:
        return None


def _is_authorization(x: Element) -> bool:
    return any(one.get("var") == "FORM_TYPE" and one.child_text("value") == AUTHORIZATION for one in x.elements())


async def decide(realm: Realm, who: JID, form: Form) -> None:
    """Does what an owner has decided. Raises StanzaError forbidden, item-not-found. XEP: 0060 §8.6"""
    found = await service.owned(realm, form.value("pubsub#node"), who)
    allow = form.get("pubsub#allow")
    if form.type == "cancel" or allow is None:
        return
    try:
        jid = JID.parse(form.value("pubsub#subscriber_jid"))
    except JidError:
        raise pubsub_error("invalid-jid") from None
    row = await store.read(ENTITY, realm.key(found.row.node, jid.full))
    if row is None or row.subscription != "pending":
        raise StanzaError("item-not-found", "nobody waits for this")
    allowed = allow.as_bool
    await set_subscriptions(realm, found, [(jid, Subscribed.SUBSCRIBED if allowed else Subscribed.NONE)])
    if allowed and found.config.send_last_published_item != "never":
        await last_items.send(realm, found.row.node, jid)
