"""Access, cell by cell against the tables of the XEP."""

from __future__ import annotations

from itertools import product

from xmpp_core.errors import StanzaError
from xmpp_core.pubsub.access import (
    Affiliation,
    Asker,
    Subscribed,
    may_read,
    owner_error,
    publish_error,
    read_error,
    retract_error,
    subscription_of,
)
from xmpp_core.pubsub.node_config import ACCESS_MODELS, PUBLISH_MODELS, NodeConfig

ASKERS = [
    Asker(affiliation, subscription, sees, groups)
    for affiliation, subscription, sees, groups in product(
        Affiliation, Subscribed, (False, True), (frozenset[str](), frozenset({"Friends"}))
    )
]


def named(error: StanzaError | None) -> str:
    """The most exact name of what is wrong."""
    if error is None:
        return ""
    return error.app.name if error.app is not None else error.condition


def expected_read(model: str, asker: Asker) -> str:
    """§4.1, §4.5 and §6.5.9 in other words: a decision list, not the code's tables."""
    if asker.affiliation in ("outcast", "publish-only"):
        return "forbidden"
    if asker.affiliation != "none" or model == "open":
        return ""
    if model == "presence":
        return "" if asker.sees else "presence-subscription-required"
    if model == "roster":
        return "" if "Friends" in asker.groups else "not-in-roster-group"
    if model == "whitelist":
        return "closed-node"
    return {"subscribed": "", "pending": "pending-subscription", "none": "not-subscribed"}[asker.subscription]


def test_who_may_read_cell_by_cell() -> None:
    for model, asker in product(ACCESS_MODELS, ASKERS):
        config = NodeConfig(access_model=model, roster_groups_allowed=("Friends",))
        error = read_error(config, asker)
        assert named(error) == expected_read(model, asker), (model, asker)
        assert may_read(config, asker) == (error is None)


def test_who_may_subscribe_cell_by_cell() -> None:
    for model, asker, allowed in product(ACCESS_MODELS, ASKERS, (True, False)):
        config = NodeConfig(access_model=model, roster_groups_allowed=("Friends",), subscribe=allowed)
        found = subscription_of(config, asker)
        shut = expected_read(model, asker)
        if shut and model != "authorize":
            assert isinstance(found, StanzaError)
            assert named(found) == shut
        elif asker.affiliation in ("outcast", "publish-only"):
            assert isinstance(found, StanzaError)
        elif not allowed and asker.affiliation != "owner":
            assert isinstance(found, StanzaError)
            assert named(found) == "unsupported"
        elif model == "authorize" and asker.affiliation == "none" and asker.subscription == "none":
            assert found is Subscribed.PENDING
        elif model == "authorize" and asker.affiliation == "none" and asker.subscription == "pending":
            assert isinstance(found, StanzaError)
            assert named(found) == "pending-subscription"
        else:
            assert found is Subscribed.SUBSCRIBED


def test_who_may_publish_cell_by_cell() -> None:
    for model, asker in product(PUBLISH_MODELS, ASKERS):
        error = publish_error(NodeConfig(publish_model=model), asker)
        may = asker.affiliation in ("owner", "publisher", "publish-only")
        if model == "open" or (model == "subscribers" and asker.subscription == "subscribed"):
            may = asker.affiliation != "outcast"
        assert (error is None) == may, (model, asker)
        assert error is None or error.condition == "forbidden"


def test_owners_and_publishers_delete_all_items_others_their_own() -> None:
    for model, asker, is_own in product(PUBLISH_MODELS, ASKERS, (False, True)):
        config = NodeConfig(publish_model=model)
        may = asker.affiliation in ("owner", "publisher") or (is_own and publish_error(config, asker) is None)
        assert (retract_error(config, asker, is_own=is_own) is None) == may


def test_only_owners_manage() -> None:
    for asker in ASKERS:
        assert (owner_error(asker) is None) == (asker.affiliation == "owner")
