"""mod_bookmarks — a user's rooms are the same for all clients, in whichever of the three places these keep them.

The truth are the items of the node urn:xmpp:bookmarks:1, one for each room. What clients write as one list, as private
XML or into the node storage:bookmarks, becomes items; they read a list that is made of the items.

Way:      pubsub.service → PubsubPublishedHook, PubsubRetractedHook → [mod_bookmarks] → pubsub.api;
          mod_private → PrivateSetHook, PrivateGetHook → [mod_bookmarks]
Process:  runs in the c2s of whoever writes, before it is answered
XEP:      0402 §5.2; 0048, 0049 (what it is in step with)
Differs:  more than MOST_ROOMS rooms stand in no list; nor does a node that is deleted take rooms away, if it is the
          older one: clients that have moved to items do so
"""

from __future__ import annotations

import logging
from typing import Final

from xmpp_core import ns, parser
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError, Unreadable
from xmpp_core.jid import JID
from xmppd.gen_mod import Mod, on
from xmppd.mods.bookmarks import lists
from xmppd.pubsub import api
from xmppd.routing import hooks, iq
from xmppd.routing.hook_points import DiscoFeaturesHook, SessionOpenedHook
from xmppd.routing.private_hook_points import PrivateGetHook, PrivateSetHook, PrivateStoredHook
from xmppd.routing.pubsub_hook_points import PubsubPublishedHook, PubsubRetractedHook

XEP = {48: "1.2", 402: "1.2.0"}
#: rooms, and octets of them, that stand in a list
MOST_ROOMS: Final = 500
MOST_OCTETS: Final = 131_072
#: how a node is configured that is for its owner alone (XEP-0402 §3.3, 0223)
_PRIVATE: Final = {
    "pubsub#persist_items": "true",
    "pubsub#max_items": "max",
    "pubsub#send_last_published_item": "never",
    "pubsub#access_model": "whitelist",
}
#: likewise, of one list: the older clients that want it publish one item, and are sent it when they come
_LIST: Final = {"pubsub#persist_items": "true", "pubsub#access_model": "whitelist"}
#: how often the list follows the items if they change meanwhile: who changed them last sees to it too
_TRIES: Final = 3
_log = logging.getLogger("xmppd.bookmarks")


@on(DiscoFeaturesHook)
def features(acc: tuple[str, ...], point: DiscoFeaturesHook, mod: Mod) -> tuple[str, ...]:
    """Announced by accounts, where there is what is kept in step. XEP: 0402 §6"""
    served = iq.features(mod.host, iq.SM) if point.to.local and not point.node else []
    if ns.PUBSUB not in served:
        return acc
    compat = (f"{ns.BOOKMARKS}#compat",) if ns.PRIVATE in served else ()
    return (*acc, *compat, f"{ns.BOOKMARKS}#compat-pep")


# --- private XML


@on(PrivateGetHook)
async def shown(text: str | None, point: PrivateGetHook, mod: Mod) -> str | None:
    """The list is made of the items; what else was stored with it stays in it."""
    if (point.ns, point.name) != (ns.BOOKMARKS_OLD, "storage"):
        return text
    items = await _items(point.owner)
    return text if items is None else lists.to_list(items, _read(text)).to_xml("")


@on(PrivateSetHook)
async def written(point: PrivateSetHook, mod: Mod) -> None:
    """Each room is an item before the list is stored. XEP: 0402 §5.2.2"""
    if lists.is_list(point.element):
        await _take_over(point.owner, point.element)
        await _follow(point.owner)


def _read(text: str | None) -> Element | None:
    try:
        return None if text is None else parser.parse_written(text)
    except Unreadable:
        return None


# --- nodes


@on(PubsubPublishedHook)
async def published(point: PubsubPublishedHook, mod: Mod) -> None:
    """An item for a room; or a list. XEP: 0402 §5.2"""
    if point.by_server or not point.owner.local:
        return
    if point.node == ns.BOOKMARKS:
        await _follow(point.owner)
    elif point.node == ns.BOOKMARKS_OLD and point.payload is not None and lists.is_list(point.payload):
        try:
            await _take_over(point.owner, point.payload)
        except StanzaError as error:
            _log.info("the bookmarks of %s are not taken over: %s", point.owner, error.condition)


@on(PubsubRetractedHook)
async def retracted(point: PubsubRetractedHook, mod: Mod) -> None:
    """A room is bookmarked no more."""
    if point.node == ns.BOOKMARKS and point.owner.local and not point.by_server:
        await _follow(point.owner)


@on(SessionOpenedHook)
async def opened(point: SessionOpenedHook, mod: Mod) -> None:
    """Lists from before there were items: taken over before a client looks. XEP: 0411 §4"""
    owner = point.session.user
    if await api.config(owner, ns.BOOKMARKS) is not None:
        return
    item = await api.item(owner, ns.BOOKMARKS_OLD)
    stored = await hooks.run_fold(owner.domain, PrivateStoredHook(owner, ns.BOOKMARKS_OLD, "storage"), None)
    found = [_read(text) for text in (item.xml if item is not None else None, stored)]
    rooms = [room for storage in found if storage is not None for room in storage.elements()]
    if rooms:
        await _take_over(owner, el("storage", ns.BOOKMARKS_OLD, None, *rooms))
        await _follow(owner)


async def _items(owner: JID) -> list[lists.Item] | None:
    """What the items say; None: there is no node. Raises StanzaError resource-constraint: too many for a list."""
    size = await api.size(owner, ns.BOOKMARKS)
    if size is None:
        return None
    if size.items > MOST_ROOMS or size.octets > MOST_OCTETS:
        raise StanzaError("resource-constraint", "there are too many bookmarks for one list", type_="cancel")
    return await api.payloads(owner, ns.BOOKMARKS)


async def _take_over(owner: JID, storage: Element) -> None:
    """Items say what the list says. Raises StanzaError."""
    todo = lists.changes(await _items(owner) or (), storage)
    if todo.rooms > MOST_ROOMS:
        raise StanzaError("resource-constraint", f"at most {MOST_ROOMS} bookmarks", type_="cancel")
    if todo.publish:
        await _make_private(owner, ns.BOOKMARKS, MOST_ROOMS)
    for id_, payload in todo.publish:
        await api.publish(owner, ns.BOOKMARKS, payload, id=id_, options=_PRIVATE)
    for id_ in todo.retract:
        await api.retract(owner, ns.BOOKMARKS, id_)


async def _make_private(owner: JID, node: str, room: int = 1) -> None:
    """What the server puts into a node is for nobody but its owner, and finds `room` items' room. XEP: 0411 §5"""
    config = await api.config(owner, node)
    if config is None:
        return
    wrong = [
        ("pubsub#access_model", config.access_model != "whitelist"),
        ("pubsub#persist_items", not config.persist_items),
        ("pubsub#max_items", 0 <= config.max_items < room),
    ]
    options = {name: _PRIVATE[name] for name, is_wrong in wrong if is_wrong}
    if options:
        await api.configure(owner, node, options)


async def _follow(owner: JID) -> None:
    """The list in the older node says what the items say."""
    try:
        for _ in range(_TRIES):
            size, newest = await api.size(owner, ns.BOOKMARKS), await api.item(owner, ns.BOOKMARKS)
            items = await _items(owner) or []
            current = await api.item(owner, ns.BOOKMARKS_OLD)
            before = _read(current.xml) if current is not None else None
            new = lists.to_list(items, before)
            if new != before and (items or before is not None):
                await _make_private(owner, ns.BOOKMARKS_OLD)
                await api.publish(owner, ns.BOOKMARKS_OLD, new, options=_LIST)
            if (await api.size(owner, ns.BOOKMARKS), await api.item(owner, ns.BOOKMARKS)) == (size, newest):
                return
    except StanzaError as error:
        _log.info("the list of bookmarks of %s is not made: %s", owner, error.condition)
