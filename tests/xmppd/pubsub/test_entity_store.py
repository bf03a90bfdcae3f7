"""Affiliations and subscriptions in the store."""

from __future__ import annotations

from typing import Any

import pytest

from tests.xmppd.pubsub.test_node_store import run
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.pubsub.access import Affiliation, Subscribed
from xmppd.pubsub import entity_store
from xmppd.pubsub.node_store import PubsubLimits, Realm
from xmppd.pubsub.tables import ENTITY, ENTITY_NODE

REALM = Realm(JID.parse("pubsub.localhost"), "localhost", "", PubsubLimits(subscriptions=2))
ANNA, DESK = "anna@localhost", "anna@localhost/desk"


def test_both_ways_round_say_the_same() -> None:
    def play(tx: Any) -> None:
        entity_store.subscribe(tx, REALM, "n", ANNA, Subscribed.SUBSCRIBED, "1")
        again = entity_store.subscribe(tx, REALM, "n", ANNA, Subscribed.SUBSCRIBED, "2")
        assert again.subid == "1"
        entity_store.subscribe(tx, REALM, "n", DESK, Subscribed.PENDING, "3")
        with pytest.raises(StanzaError, match="policy-violation"):
            entity_store.subscribe(tx, REALM, "n", "bert@localhost", Subscribed.SUBSCRIBED, "4")
        assert [row.jid for row in entity_store.of_bare(tx, REALM, ANNA)] == [ANNA, DESK]
        with pytest.raises(StanzaError, match="not-acceptable"):
            entity_store.unsubscribe(tx, REALM, "n", ANNA, "9")
        entity_store.unsubscribe(tx, REALM, "n", ANNA, "1")
        with pytest.raises(StanzaError, match="unexpected-request"):
            entity_store.unsubscribe(tx, REALM, "n", ANNA)
        entity_store.affiliate(tx, REALM, "n", ANNA, Affiliation.OUTCAST)
        [row] = entity_store.of_bare(tx, REALM, ANNA, "n")
        assert (row.jid, row.affiliation, row.subscription) == (ANNA, "outcast", "none")
        entity_store.affiliate(tx, REALM, "n", ANNA, Affiliation.NONE)
        assert not tx.select(ENTITY)
        assert not tx.select(ENTITY_NODE)

    run(play)
