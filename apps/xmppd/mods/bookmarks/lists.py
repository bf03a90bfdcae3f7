"""lists — bookmarks in their two forms: one item for each room, and one element with all of them. Pure.

Way:  mod_bookmarks → [lists]
XEP:  0402 §2, §5.2 (items), 0048 §2 (the list)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.jid import JID, JidError

_TRUE: Final = ("true", "1")
#: an item: its id, and its payload
Item = tuple[str, Element]


@dataclass(frozen=True, slots=True)
class Bookmark:
    """What both forms say of a room. Two that are equal need no change. None: it is not said."""

    name: str | None = None
    autojoin: bool = False
    nick: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be published and retracted, so that items say what a list says; `rooms`: how many there are then."""

    publish: tuple[Item, ...] = ()
    retract: tuple[str, ...] = ()
    rooms: int = 0


def key_of(jid: str) -> str:
    """The room that an id or an attribute means, however it is written; "" for none."""
    try:
        return JID.parse(jid.strip()).bare
    except JidError:
        return ""


def room_of(conference: Element) -> Bookmark:
    """What a `<conference/>` of either form says."""
    autojoin = (conference.get("autojoin") or "").strip() in _TRUE
    nick, password = conference.child_text("nick"), conference.child_text("password")
    return Bookmark(conference.get("name"), autojoin, nick or None, password or None)


def _by_room(items: Iterable[Item]) -> dict[str, Item]:
    """Those items that are bookmarks of rooms."""
    found = {key_of(item[0]): item for item in items if item[1].name == "conference" and item[1].ns == ns.BOOKMARKS}
    found.pop("", None)
    return found


def is_list(payload: Element | None) -> bool:
    """Whether this is a list of bookmarks."""
    return payload is not None and payload.name == "storage" and payload.ns == ns.BOOKMARKS_OLD


def to_list(items: Iterable[Item], before: Element | None = None) -> Element:
    """The list that says what the items say. What else stood in the list before is kept: addresses of pages, and what
    clients have put beside nick and password."""
    known = {key_of(one.get("jid") or ""): one for one in _conferences(before)}
    rest = [] if before is None else [child for child in before.elements() if child.name != "conference"]
    rooms = [_old(key, room_of(one), known.get(key)) for key, (_, one) in _by_room(items).items()]
    return el("storage", ns.BOOKMARKS_OLD, None, *rest, *rooms)


def _conferences(storage: Element | None) -> Iterable[Element]:
    return () if storage is None else storage.elements("conference", ns.BOOKMARKS_OLD)


def _old(jid: str, room: Bookmark, before: Element | None) -> Element:
    more = [] if before is None else [child for child in before.elements() if child.ns != ns.BOOKMARKS_OLD]
    return _conference(ns.BOOKMARKS_OLD, {"jid": jid}, room, more)


def _conference(space: str, attrs: Mapping[str, str], room: Bookmark, more: Iterable[Element]) -> Element:
    said = {**attrs, "name": room.name, "autojoin": "true" if room.autojoin else None}
    texts = [("nick", room.nick), ("password", room.password)]
    return el("conference", space, said, *[el(name, space, None, text) for name, text in texts if text], *more)


def changes(items: Iterable[Item], storage: Element) -> Changes:
    """What has to be done to items when a client has written this list: rooms that it says nothing new of are left
    alone, and those that it does not name go. XEP: 0402 §5.2.2"""
    known = _by_room(items)
    wanted: dict[str, Bookmark] = {}
    for conference in _conferences(storage):
        key = key_of(conference.get("jid") or "")
        if key:
            wanted.setdefault(key, room_of(conference))
    publish = [_item(key, room, known.get(key)) for key, room in wanted.items() if not _says(known.get(key), room)]
    retract = [id_ for key, (id_, _) in known.items() if key not in wanted]
    return Changes(tuple(publish), tuple(retract), len(wanted))


def _says(item: Item | None, room: Bookmark) -> bool:
    return item is not None and room_of(item[1]) == room


def _item(key: str, room: Bookmark, before: Item | None) -> Item:
    """The new payload, with what the old one had in `<extensions/>`, and beside it."""
    id_, old = before if before is not None else (key, None)
    more = [] if old is None else [child for child in old.elements() if child.name not in ("nick", "password")]
    return id_, _conference(ns.BOOKMARKS, {}, room, more)
