"""Nodes and items in the store, against a model."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xmpp_core.element import Element
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.pubsub.node_config import NodeConfig, NodeLimits
from xmpp_core.pubsub.publishing import Publication
from xmppd.pubsub import node_store
from xmppd.pubsub.node_store import PubsubLimits, Realm
from xmppd.pubsub.tables import ITEM, ITEM_ID, NODE, SCHEMA, TOTALS
from xmppd.store.backend import StoreConfig
from xmppd.store.store import open_backend

ROMEO = JID.parse("romeo@localhost")
REALM = Realm(ROMEO, "localhost", "romeo", PubsubLimits(NodeLimits(items=5), nodes=2, octets=60))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.sampled_from("abcdefgh"), st.integers(1, 12)),
        st.tuples(st.just("retract"), st.sampled_from("abcdefgh"), st.just(0)),
        st.tuples(st.just("configure"), st.just(""), st.integers(1, 5)),
        st.tuples(st.just("purge"), st.just(""), st.just(0)),
    ),
    max_size=25,
)


def run(fn: Any) -> Any:
    """In one transaction of a store in memory."""
    backend = open_backend(StoreConfig("memory"), [SCHEMA])
    coroutine = backend.transaction(fn)
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("the store in memory waits")


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_items_and_totals_are_those_of_a_model(steps: list[tuple[str, str, int]]) -> None:
    def play(tx: Any) -> None:
        node_store.create(tx, REALM, "n", NodeConfig(max_items=3), ROMEO, 0)
        model: dict[str, int] = {}
        most = 3
        for now, (step, id_, number) in enumerate(steps):
            row = node_store.node_of(tx, REALM, "n")
            match step:
                case "publish":
                    after = {**{k: v for k, v in model.items() if k != id_}, id_: number}
                    while len(after) > most:
                        del after[next(iter(after))]
                    node_store.publish(
                        tx, REALM, row, Publication(id_, Element("urn:x", "x")), "romeo@localhost", now, "x" * number
                    )
                    model = after
                case "retract":
                    assert (node_store.retract(tx, REALM, row, id_) is not None) == (id_ in model)
                    model.pop(id_, None)
                case "configure":
                    most = number
                    gone = node_store.configure(tx, REALM, row, NodeConfig(max_items=most))
                    assert list(gone) == list(model)[: max(len(model) - most, 0)]
                    model = {k: model[k] for k in list(model)[max(len(model) - most, 0) :]}
                case "purge":
                    assert set(node_store.purge(tx, REALM, row)) == set(model)
                    model = {}
            row, totals = node_store.node_of(tx, REALM, "n"), node_store.totals_of(tx, REALM)
            assert [item.id for item in tx.select(ITEM, REALM.key("n"))] == list(model)
            assert {where.id for where in tx.select(ITEM_ID, REALM.key("n"))} == set(model)
            assert row.items == len(model)
            assert row.octets == totals.octets == sum(model.values())
            assert totals.said == (("n",) if model else ())
        node_store.delete(tx, REALM, node_store.node_of(tx, REALM, "n"))
        assert not tx.select(NODE)
        assert not tx.select(ITEM)
        assert not tx.select(ITEM_ID)
        assert tx.select(TOTALS)[0].nodes == 0

    run(play)


def test_bounds() -> None:
    def play(tx: Any) -> None:
        for name in "ab":
            row = node_store.create(tx, REALM, name, NodeConfig(), ROMEO, 0)
        with pytest.raises(StanzaError, match="policy-violation"):
            node_store.create(tx, REALM, "c", NodeConfig(), ROMEO, 0)
        with pytest.raises(StanzaError, match="conflict"):
            node_store.create(tx, REALM, "a", NodeConfig(), ROMEO, 0)
        with pytest.raises(StanzaError, match="resource-constraint"):
            node_store.publish(tx, REALM, row, Publication("1", None), "romeo@localhost", 0, "x" * 61)

    run(play)


def test_items_that_are_too_old_go() -> None:
    def play(tx: Any) -> None:
        node_store.create(tx, REALM, "n", NodeConfig(item_expire=10), ROMEO, 0)
        for second in (1, 2, 12):
            row = node_store.node_of(tx, REALM, "n")
            node_store.publish(tx, REALM, row, Publication(str(second), None), "romeo@localhost", second * 10**6, "x")
        assert [item.id for item in tx.select(ITEM, REALM.key("n"))] == ["12"]
        assert node_store.oldest_allowed(NodeConfig(item_expire=10), 12 * 10**6) == 2 * 10**6 + 1

    run(play)
