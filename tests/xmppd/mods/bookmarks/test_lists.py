"""Bookmarks in their two forms."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from xmpp_core import ns
from xmpp_core.element import Element, el
from xmppd.mods.bookmarks import lists
from xmppd.mods.bookmarks.lists import Bookmark, Item

OLD = ns.BOOKMARKS_OLD
WORDS = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=6)
ROOMS = st.builds(Bookmark, st.none() | WORDS, st.booleans(), st.none() | WORDS, st.none() | WORDS)
BOOKS = st.dictionaries(st.sampled_from([f"r{i}@rooms.example" for i in range(8)]), ROOMS)
EXTENSIONS = el("extensions", ns.BOOKMARKS, None, el("state", "urn:mine", {"minimized": "true"}))
URL = el("url", OLD, {"url": "https://x.example/"})


def item(jid: str, room: Bookmark, *more: Element) -> Item:
    texts = [("nick", room.nick), ("password", room.password)]
    children = [el(name, ns.BOOKMARKS, None, text) for name, text in texts if text]
    attrs = {"name": room.name, "autojoin": "1" if room.autojoin else None}
    return jid, el("conference", ns.BOOKMARKS, attrs, *children, *more)


def items(book: dict[str, Bookmark]) -> list[Item]:
    return [item(jid, room, EXTENSIONS) for jid, room in book.items()]


def storage(book: dict[str, Bookmark]) -> Element:
    return lists.to_list(items(book))


def said(found: list[Item]) -> dict[str, Bookmark]:
    return {jid: lists.room_of(one) for jid, one in found}


def applied(before: list[Item], change: lists.Changes) -> list[Item]:
    book = {**dict(before), **dict(change.publish)}
    for id_ in change.retract:
        del book[id_]
    return list(book.items())


@given(BOOKS)
def test_the_list_says_what_the_items_say(book: dict[str, Bookmark]) -> None:
    whole = storage(book)
    found = {one.get("jid"): lists.room_of(one) for one in whole.elements("conference")}
    assert found == book
    assert lists.changes(items(book), whole) == lists.Changes(rooms=len(book)), "and reading it changes nothing"


@given(BOOKS, BOOKS)
def test_after_a_list_was_written_the_items_say_the_same(
    before: dict[str, Bookmark], after: dict[str, Bookmark]
) -> None:
    start = items(before)
    change = lists.changes(start, storage(after))
    assert said(applied(start, change)) == after
    assert {id_ for id_, _ in change.publish} == {jid for jid in after if before.get(jid) != after[jid]}
    assert set(change.retract) == before.keys() - after.keys()
    for jid, payload in change.publish:
        assert (payload.child("extensions") == EXTENSIONS) == (jid in before), "what others have put there is kept"


def test_what_else_stands_in_a_list_is_kept() -> None:
    mine = el("gajim", "urn:gajim", None, "1")
    jid, room = "r1@rooms.example", Bookmark("One", nick="me")
    before = storage({jid: room}).add(URL)
    next(before.elements("conference")).add(mine)
    after = lists.to_list([item(jid, Bookmark("Two"))], before)
    assert URL in after.children
    [one] = after.elements("conference")
    assert one.child("gajim", "urn:gajim") == mine
    assert (one.get("name"), one.child("nick")) == ("Two", None)


def test_rooms_are_the_same_however_they_are_written() -> None:
    whole = el("storage", OLD, None, el("conference", OLD, {"jid": " R1@Rooms.example ", "autojoin": "true"}))
    assert lists.changes([item("r1@rooms.example", Bookmark(autojoin=True))], whole) == lists.Changes(rooms=1)
    [(id_, _)] = lists.changes([item("R1@rooms.example", Bookmark())], whole).publish
    assert id_ == "R1@rooms.example", "an item keeps its id"
    whole.add(el("conference", OLD, {"jid": "r1@rooms.example", "name": "again"}))
    whole.add(el("conference", OLD, {"jid": "@"}), el("conference", OLD), el("conference", "urn:x", {"jid": "x@y"}))
    [(id_, payload)] = lists.changes([], whole).publish
    assert (id_, payload.get("autojoin"), payload.get("name")) == ("r1@rooms.example", "true", None)


def test_what_is_no_bookmark_is_left_alone() -> None:
    strange = [("@", el("conference", ns.BOOKMARKS)), ("a@b", el("x", ns.BOOKMARKS)), ("a@b", el("conference", "x"))]
    assert list(lists.to_list(strange).elements()) == []
    assert lists.changes(strange, storage({})) == lists.Changes()
    assert not lists.is_list(None)
    assert not lists.is_list(el("storage", "storage:rosternotes"))
    assert lists.is_list(storage({}))


def test_no_repr_has_a_password() -> None:
    assert "secret" not in repr(Bookmark(password="secret"))
