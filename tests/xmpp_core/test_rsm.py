"""test_rsm — pages: whoever goes through them in either direction sees each item once, in order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_core import ns, rsm
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.rsm import Page, PageRequest


def query(*children: Element) -> Element:
    return el("query", ns.DISCO_ITEMS, None, el("set", ns.RSM, None, *children))


def said(name: str, text: str = "") -> Element:
    return el(name, ns.RSM, None, text or None)


def test_without_a_set_everything_is_asked_for() -> None:
    assert rsm.parse(el("query", ns.DISCO_ITEMS)) == PageRequest()
    assert PageRequest().limit(50) == 50


@pytest.mark.parametrize(
    ("children", "request_"),
    [
        ((said("max", "10"),), PageRequest(10)),
        ((said("max", " 10 "), said("after", "a@b")), PageRequest(10, after="a@b")),
        ((said("max", "10"), said("before")), PageRequest(10, before="")),
        ((said("before", "x"), said("max", "0")), PageRequest(0, before="x")),
        ((said("index", "371"), said("max", "10")), PageRequest(10, index=371)),
    ],
)
def test_what_is_asked_for(children: tuple[Element, ...], request_: PageRequest) -> None:
    assert rsm.parse(query(*children)) == request_


@pytest.mark.parametrize(
    ("children", "condition"),
    [
        ((said("max", "-1"),), "bad-request"),
        ((said("max", "many"),), "bad-request"),
        ((said("max", "\u0661"),), "bad-request"),
        ((said("index", "1"), said("after", "x")), "bad-request"),
        ((said("after", "x" * 4000),), "item-not-found"),
    ],
)
def test_what_is_refused(children: tuple[Element, ...], condition: str) -> None:
    with pytest.raises(StanzaError) as refused:
        rsm.parse(query(*children))
    assert refused.value.condition == condition


def test_an_id_that_is_not_there_is_said_to_be_gone() -> None:
    for request in (PageRequest(after="gone"), PageRequest(before="gone")):
        with pytest.raises(StanzaError) as refused:
            rsm.cut(["a"], request, str, 10)
        assert refused.value.condition == "item-not-found"


def test_how_a_page_is_written() -> None:
    page = rsm.cut(list("abcdef"), PageRequest(2, after="b"), str, 50)
    assert page.to_element().to_xml() == (
        "<set xmlns='http://jabber.org/protocol/rsm'><first index='2'>c</first><last>d</last><count>6</count></set>"
    )
    assert not page.complete
    assert Page(("x",), "x", "x").to_element().to_xml().count("count") == 0


def test_zero_asks_for_the_count() -> None:
    page = rsm.cut(list("abc"), PageRequest(0), str, 50)
    assert (list(page.items), page.count, page.complete) == ([], 3, False)
    assert page.to_element().child("first") is None
    assert rsm.cut([], PageRequest(0), str, 50).complete


def test_an_index_beyond_the_end_gives_an_empty_page() -> None:
    assert list(rsm.cut(list("abc"), PageRequest(2, index=3), str, 50).items) == []
    assert list(rsm.cut(list("abc"), PageRequest(2, index=1), str, 50).items) == ["b", "c"]


ITEMS = st.lists(st.text("abcdefgh", min_size=1, max_size=4), unique=True, max_size=40)


@given(ITEMS, st.integers(1, 12), st.integers(1, 12))
def test_forwards_each_item_comes_once(items: list[str], max_: int, most: int) -> None:
    seen: list[str] = []
    request = PageRequest(max_)
    while True:
        page = rsm.cut(items, request, str, most)
        assert len(page.items) <= min(max_, most)
        assert page.index in (None, len(seen))
        seen += page.items
        if page.complete:
            break
        request = PageRequest(max_, after=page.last)
    assert seen == items


@given(ITEMS, st.integers(1, 12), st.integers(1, 12))
def test_backwards_too(items: list[str], max_: int, most: int) -> None:
    seen: list[str] = []
    request = PageRequest(max_, before="")
    while True:
        page = rsm.cut(items, request, str, most)
        seen[:0] = page.items
        if page.complete:
            break
        request = PageRequest(max_, before=page.first)
    assert seen == items


@given(ITEMS, st.data())
def test_both_ends_may_be_said(items: list[str], data: st.DataObject) -> None:
    if len(items) < 2:
        return
    after, before = sorted(data.draw(st.tuples(*[st.integers(0, len(items) - 1)] * 2)))
    page = rsm.cut(items, PageRequest(after=items[after], before=items[before]), str, 100)
    assert list(page.items) == items[after + 1 : before]
    assert page.complete
