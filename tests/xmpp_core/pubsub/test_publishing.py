"""What is published, evicted, and shown page by page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_core import ns
from xmpp_core.element import Element, el
from xmpp_core.errors import StanzaError
from xmpp_core.pubsub.node_config import MAX, NodeConfig, NodeLimits
from xmpp_core.pubsub.publishing import (
    Publication,
    check_publication,
    evicted,
    read_publication,
)

LIMITS = NodeLimits(items=7, payload=100)


def of(*children: Element | str, id_: str | None = None, count: int = 1) -> Element:
    item = el("item", ns.PUBSUB, {"id": id_}, *children)
    return el("publish", ns.PUBSUB, {"node": "n"}, *[item] * count)


def refused(config: NodeConfig, item: Publication | None, size: int = 0) -> str:
    try:
        check_publication(config, item, size, LIMITS)
    except StanzaError as error:
        return error.app.name if error.app is not None else error.condition
    return ""


def test_one_item_with_one_payload() -> None:
    x = Element("urn:x", "x")
    assert read_publication(of(x, id_="1"), 10) == Publication("1", x)
    assert read_publication(of(x), 10) == Publication("", x)
    assert read_publication(of("\n", x, "\n"), 10) == Publication("", x)
    assert read_publication(of(), 10) == Publication("", None)
    assert read_publication(of(count=0), 10) is None
    for wrong, app in ((of(x, x), "invalid-payload"), (of("text"), "invalid-payload"), (of("a", x), "invalid-payload")):
        with pytest.raises(StanzaError) as error:
            read_publication(wrong, 10)
        assert error.value.app is not None
        assert error.value.app.name == app
    with pytest.raises(StanzaError, match="not-acceptable"):
        read_publication(of(x, id_="x" * 11), 10)
    with pytest.raises(StanzaError, match="not-allowed"):
        read_publication(of(x, count=2), 10)


def test_the_four_kinds_of_nodes() -> None:
    full, empty = Publication("1", Element("urn:x", "x")), Publication("1", None)
    for persist in (False, True):
        for payloads in (False, True):
            config = NodeConfig(persist_items=persist, deliver_payloads=payloads)
            assert refused(config, None) == ("item-required" if persist or payloads else "")
            assert refused(config, empty) == ("payload-required" if persist and payloads else "")
            assert refused(config, full) == ("" if persist or payloads else "item-forbidden")


@given(st.integers(0, 200), st.one_of(st.just(MAX), st.integers(0, 150)))
def test_the_size_of_a_payload_is_the_smaller_bound(size: int, most: int) -> None:
    found = refused(NodeConfig(max_payload_size=most), Publication("1", Element("urn:x", "x")), size)
    assert (found == "payload-too-big") == (size > (100 if most == MAX else min(most, 100)))


@given(
    st.lists(st.text("abc", min_size=1, max_size=1), max_size=30),
    st.one_of(st.just(MAX), st.integers(0, 9)),
    st.sampled_from(["retract-oldest", "discard-oldest", "reject"]),
    st.booleans(),
)
def test_the_newest_stay_and_no_more_than_there_is_room_for(
    published: list[str], most: int, full: str, persist: bool
) -> None:
    """Against a model: a dict in the order of the last publication."""
    config = NodeConfig(max_items=most, publish_node_full=full, persist_items=persist)
    room = (LIMITS.items if most == MAX else min(most, LIMITS.items)) if persist else 1
    model: dict[str, None] = {}
    for id_ in published:
        is_new = id_ not in model
        if full == "reject" and persist and is_new and len(model) >= room:
            with pytest.raises(StanzaError, match="conflict"):
                evicted(config, len(model), is_new, LIMITS)
            continue
        gone = evicted(config, len(model), is_new, LIMITS)
        model.pop(id_, None)
        for old in list(model)[:gone]:
            del model[old]
        if room:
            model[id_] = None
        assert len(model) <= room
        assert not room or list(model)[-1] == id_
