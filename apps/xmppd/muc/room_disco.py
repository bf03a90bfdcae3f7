"""room_disco — answers to service discovery: which rooms there are, what a room is, who is in it.

Way:      mod_muc → [room_disco] → ROOMS.call → room_server; the list of rooms: store
XEP:      0045 §6.3 to §6.5, §7.12, §18.1.1; 0030, 0059, 0128
Differs:  who is in a room is told to its occupants only; hidden rooms are in nobody's list
"""

from __future__ import annotations

from typing import Final

from xmpp_core import ns, parser, rsm
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError, Unreadable
from xmpp_core.jid import JID, JidError
from xmpp_core.rsm import Page
from xmpp_core.stanza import Iq
from xmppd.gen_mod import Mod
from xmppd.muc.room_requests import RoomLook, RoomSeen
from xmppd.muc.room_server import ROOMS
from xmppd.muc.tables import CARD, LISTED, ROOM, MucRoom
from xmppd.routing import iq as iq_table
from xmppd.store import store
from xmppd.store.backend import Range

#: rooms of one page
MOST: Final = 500
_OWN_NICK: Final = "x-roomuser-item"
_TRAFFIC: Final = f"{ns.MUC}#traffic"


async def look(iq: Iq, mod: Mod) -> RoomSeen:
    """The room that a request is for, as its sender sees it. Raises StanzaError item-not-found."""
    assert iq.to is not None
    assert iq.from_ is not None
    seen: RoomSeen | None = await ROOMS.call(mod, iq.to.bare, RoomLook(iq.from_.full))
    if seen is None:
        raise StanzaError("item-not-found", "there is no such room")
    return seen


async def info(iq: Iq, mod: Mod) -> Iq:
    """disco#info of a room. Raises StanzaError."""
    assert iq.payload is not None
    node, seen = iq.payload.get("node") or "", await look(iq, mod)
    query = el("query", ns.DISCO_INFO, {"node": node or None})
    if node == _OWN_NICK:
        return iq.result(query.add(*_read(seen.reserved)))
    if node == _TRAFFIC:
        raise StanzaError("service-unavailable", "nothing is taken out of what is said")  # §18.1.1
    if node:
        raise StanzaError("item-not-found")
    announced = {*iq_table.features(mod.domain, iq_table.ENTITY), *iq_table.features(mod.host, iq_table.SERVICE)}
    names = sorted(announced | set(seen.features))
    query.add(*_read(seen.identity))
    query.add(*[el("feature", ns.DISCO_INFO, {"var": name}) for name in names])
    return iq.result(query.add(*_read(seen.form)))


def _read(xml: str) -> tuple[Element, ...]:
    if not xml:
        return ()
    found = parser.parse_written(xml)
    return () if isinstance(found, Unreadable) else (found,)


async def card(iq: Iq, mod: Mod) -> Iq:
    """The card of a room, an empty one if it has none. Raises StanzaError."""
    assert iq.to is not None
    await look(iq, mod)
    row = await store.read(CARD, (mod.host, iq.to.local))
    found = _read(row.xml) if row is not None else ()
    return iq.result(found[0] if found else el("vCard", ns.VCARD))


async def items(iq: Iq, mod: Mod) -> Iq:
    """disco#items of the service, or of a room. Raises StanzaError."""
    assert iq.payload is not None
    assert iq.to is not None
    if iq.payload.get("node"):
        raise StanzaError("item-not-found")
    if not iq.to.local:
        return iq.result(await _rooms(iq.payload, mod))
    seen = await look(iq, mod)
    names = [f"{iq.to.bare}/{nick}" for nick in seen.nicks] if seen.there else []
    found = [el("item", ns.DISCO_ITEMS, {"jid": name}) for name in names]
    return iq.result(el("query", ns.DISCO_ITEMS, None, *found))


async def _rooms(query: Element, mod: Mod) -> Element:
    """A page of the list of rooms, by their addresses."""
    asked = rsm.parse(query)
    if asked.index is not None:
        raise StanzaError("feature-not-implemented", "pages are asked for by ids")
    limit = asked.limit(MOST)
    after, before = _name(asked.after), _name(asked.before)
    piece = Range((mod.host, 1), after or None, before or None, limit + 1, asked.backwards, LISTED)
    rows: list[MucRoom] = await store.find(ROOM, piece) if limit else []
    shown = rows[:limit][::-1] if asked.backwards else rows[:limit]
    found = [_item(row, mod) for row in shown]
    made = el("query", ns.DISCO_ITEMS, None, *found)
    if query.child("set", ns.RSM) is not None or len(rows) > limit:
        ids = [item.get("jid") or "" for item in found]
        page = Page(found, ids[0] if ids else "", ids[-1] if ids else "", len(rows) <= limit)
        made.add(page.to_element())
    return made


def _name(id_: str | None) -> str:
    try:
        return JID.parse(id_).local if id_ else ""
    except JidError:
        raise StanzaError("item-not-found") from None


def _item(row: MucRoom, mod: Mod) -> Element:
    return el("item", ns.DISCO_ITEMS, {"jid": f"{row.room}@{mod.domain}", "name": row.name or row.room})
