"""subscription_requests — subscriptions and affiliations: what everybody may ask of the own ones, and owners of all.

Way:      mod_pep, mod_pubsub → [subscription_requests] → subscribing → the answer
XEP:      0060 §5.6, §5.7, §6.1–§6.4, §8.8, §8.9
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID, JidError
from xmpp_core.pubsub.access import Affiliation, Subscribed
from xmpp_core.pubsub.pubsub_errors import pubsub_error
from xmpp_core.stanza import Iq
from xmppd.pubsub import service, subscribing
from xmppd.pubsub.requests import Asked, Handler
from xmppd.pubsub.tables import ENTITY, PubsubEntity
from xmppd.store import store


async def subscribe(asked: Asked, child: Element) -> Iq:
    """An address of whoever asks."""
    node, jid = _node(child), subscribing.own_jid(child.get("jid") or "", asked.who)
    state = await subscribing.subscribe(asked.realm, asked.who, node, jid)
    told = {"node": node, "jid": jid.full, "subscription": state.value}
    return asked.result(el("subscription", ns.PUBSUB, told))


async def unsubscribe(asked: Asked, child: Element) -> Iq:
    """The same."""
    if not child.get("jid"):
        raise pubsub_error("jid-required")
    try:
        jid = subscribing.own_jid(child.get("jid") or "", asked.who)
    except StanzaError:
        raise StanzaError("forbidden", "this subscription is another's") from None
    await subscribing.unsubscribe(asked.realm, asked.who, _node(child), jid, child.get("subid") or "")
    return asked.result()


async def options(asked: Asked, child: Element) -> Iq:
    """Subscriptions have none."""
    raise pubsub_error("unsupported", feature="subscription-options")


async def default(asked: Asked, child: Element) -> Iq:
    """The same."""
    raise pubsub_error("unsupported", feature="retrieve-default-sub")


async def own_subscriptions(asked: Asked, child: Element) -> Iq:
    """Those of whoever asks."""
    rows = await subscribing.of_somebody(asked.realm, asked.who, child.get("node") or "")
    shown = [_subscription(row, ns.PUBSUB, named=True) for row in rows if row.subscription != "none"]
    return asked.result(el("subscriptions", ns.PUBSUB, {"node": child.get("node")}, *shown))


async def own_affiliations(asked: Asked, child: Element) -> Iq:
    """The same."""
    rows = await subscribing.of_somebody(asked.realm, asked.who, child.get("node") or "")
    shown = [
        el("affiliation", ns.PUBSUB, {"node": row.node, "affiliation": row.affiliation})
        for row in rows
        if row.affiliation != "none"
    ]
    return asked.result(el("affiliations", ns.PUBSUB, {"node": child.get("node")}, *shown))


def _subscription(row: PubsubEntity, space: str, *, named: bool = False) -> Element:
    told = {"node": row.node if named else None, "jid": row.jid, "subscription": row.subscription}
    return el("subscription", space, told)


def _node(child: Element) -> str:
    node = child.get("node") or ""
    if not node:
        raise pubsub_error("nodeid-required")
    return node


# --- owners


async def all_affiliations(asked: Asked, child: Element) -> Iq:
    """Of everybody."""
    found = await service.owned(asked.realm, _node(child), asked.who)
    rows = await store.select(ENTITY, asked.realm.key(found.row.node))
    told = {row.jid: row.affiliation for row in rows if row.affiliation != "none"}
    if asked.realm.is_pep:
        told[asked.realm.jid.bare] = Affiliation.OWNER.value
    shown = [el("affiliation", ns.PUBSUB_OWNER, {"jid": jid, "affiliation": told[jid]}) for jid in sorted(told)]
    return asked.result(el("affiliations", ns.PUBSUB_OWNER, {"node": found.row.node}, *shown))


async def all_subscriptions(asked: Asked, child: Element) -> Iq:
    """Of everybody."""
    found = await service.owned(asked.realm, _node(child), asked.who)
    rows = await store.select(ENTITY, asked.realm.key(found.row.node))
    shown = [_subscription(row, ns.PUBSUB_OWNER) for row in rows if row.subscription != "none"]
    return asked.result(el("subscriptions", ns.PUBSUB_OWNER, {"node": found.row.node}, *shown))


async def set_affiliations(asked: Asked, child: Element) -> Iq:
    """Each of a list."""
    found = await service.owned(asked.realm, _node(child), asked.who)
    changes = []
    for one, jid in _changes(child, "affiliation"):
        try:
            changes.append((jid.bare, Affiliation(one.get("affiliation") or "")))
        except ValueError:
            raise StanzaError("bad-request", "there is no such affiliation") from None
    await subscribing.affiliate(asked.realm, found, changes)
    return asked.result()


async def set_subscriptions(asked: Asked, child: Element) -> Iq:
    """Each of a list."""
    found = await service.owned(asked.realm, _node(child), asked.who)
    changes = []
    for one, jid in _changes(child, "subscription"):
        try:
            changes.append((jid, Subscribed(one.get("subscription") or "")))
        except ValueError:
            raise StanzaError("not-acceptable", "there is no such state") from None
    await subscribing.set_subscriptions(asked.realm, found, changes)
    return asked.result()


def _changes(child: Element, name: str) -> list[tuple[Element, JID]]:
    found = list(child.elements(name, ns.PUBSUB_OWNER))
    if not 0 < len(found) <= subscribing.MOST_CHANGES:
        raise StanzaError("bad-request", f"at least one, and at most {subscribing.MOST_CHANGES} at a time")
    try:
        return [(one, JID.parse(one.get("jid") or "")) for one in found]
    except JidError:
        raise pubsub_error("invalid-jid") from None


HANDLERS: Final[Mapping[tuple[str, str], Handler]] = {
    ("set", "subscribe"): subscribe,
    ("set", "unsubscribe"): unsubscribe,
    ("get", "options"): options,
    ("set", "options"): options,
    ("get", "default"): default,
    ("get", "subscriptions"): own_subscriptions,
    ("get", "affiliations"): own_affiliations,
}
OWNER_HANDLERS: Final[Mapping[tuple[str, str], Handler]] = {
    ("get", "affiliations"): all_affiliations,
    ("set", "affiliations"): set_affiliations,
    ("get", "subscriptions"): all_subscriptions,
    ("set", "subscriptions"): set_subscriptions,
}
