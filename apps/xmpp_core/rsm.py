"""rsm — pages of long results: what is asked for, which items that is, what the answer says.

    request = rsm.parse(query)                     # a PageRequest; without a <set/> for all of it
    page = rsm.cut(items, request, str, most=50)   # of a list in memory
    answer.add(page.to_element())

Way:      archive, pubsub, disco, rooms → [rsm] → <set xmlns='http://jabber.org/protocol/rsm'/>
XEP:      0059
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError

T = TypeVar("T")
_NUMBER = re.compile(r"[0-9]{1,18}")
#: characters of an id that somebody may send: ours are shorter, and so are names of nodes and items
LONGEST_ID = 3071


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What a <set/> asks for. `max`: how many, None if it does not say; 0 asks for the count only (§2.7). `after`: the
    id behind which the page begins; `before`: the id before which it ends, "" for the last page (§2.5); `index`: the
    number of its first item (§2.6). None: not said."""

    max: int | None = None
    after: str | None = None
    before: str | None = None
    index: int | None = None

    @property
    def backwards(self) -> bool:
        """Whether the page is the last before something."""
        return self.before is not None

    def limit(self, most: int) -> int:
        """How many items the page has at most, where nobody gets more than `most` at once."""
        return most if self.max is None else min(self.max, most)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page: its items, the ids of the first and the last, whether nothing is beyond it in the direction in which it
    was asked for; `count` of all items and `index` of the first one, where they are known."""

    items: Sequence[T] = field(repr=False)
    first: str = ""
    last: str = ""
    complete: bool = True
    count: int | None = None
    index: int | None = None

    def to_element(self) -> Element:
        """<set/>. An empty page has no first and no last (§2.2)."""
        children: list[Element] = []
        if self.items:
            index = None if self.index is None else str(self.index)
            children.append(el("first", ns.RSM, {"index": index}, self.first))
            children.append(el("last", ns.RSM, None, self.last))
        if self.count is not None:
            children.append(el("count", ns.RSM, None, str(self.count)))
        return el("set", ns.RSM, None, *children)


def parse(parent: Element) -> PageRequest:
    """What the <set/> in `parent` asks for, everything if there is none. Raises StanzaError bad-request for what is no
    number, or no direction."""
    found = parent.child("set", ns.RSM)
    if found is None:
        return PageRequest()
    texts = {child.name: child.text() for child in found.elements(ns=ns.RSM)}
    request = PageRequest(_number(texts, "max"), texts.get("after"), texts.get("before"), _number(texts, "index"))
    if request.index is not None and (request.after is not None or request.before is not None):
        raise StanzaError("bad-request", "a page begins at a number, or at an id")
    if any(len(id_ or "") > LONGEST_ID for id_ in (request.after, request.before)):
        raise StanzaError("item-not-found")
    return request


def _number(texts: dict[str, str], name: str) -> int | None:
    text = texts.get(name)
    if text is None:
        return None
    if not _NUMBER.fullmatch(text.strip()):
        raise StanzaError("bad-request", f"{name} is a number")
    return int(text)


def cut(items: Sequence[T], request: PageRequest, id_of: Callable[[T], str], most: int) -> Page[T]:
    """The page of a list in memory that a request asks for. Raises StanzaError item-not-found for an id that is not
    in it (§2.4)."""
    size, room, ids = len(items), request.limit(most), None
    begin, end = 0, size
    if request.after or request.before:
        ids = {id_of(item): number for number, item in enumerate(items)}
        begin = _place(ids, request.after) + 1 if request.after else 0
        end = _place(ids, request.before) if request.before else size
    elif request.index is not None:
        begin = min(request.index, size)
    whole = max(end - begin, 0)
    if request.backwards:
        begin = max(begin, end - room)
    end = max(begin, min(end, begin + room))
    found = items[begin:end]
    if not found:
        return Page((), complete=whole == 0, count=size)
    return Page(found, id_of(found[0]), id_of(found[-1]), len(found) == whole, size, begin)


def _place(ids: dict[str, int], id_: str) -> int:
    if id_ not in ids:
        raise StanzaError("item-not-found", "there is no such id (any more)")
    return ids[id_]
