"""access — who may read, subscribe, publish, manage: one table of affiliations, and the access models.

Way:  the service asks who it is → [access] → None, or the StanzaError that answers
XEP:  0060 §4.1 (affiliations), §4.5 (access models), §6.1.3, §6.5.9, §7.1.3
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from xmpp_core.errors import StanzaError
from xmpp_core.pubsub.node_config import NodeConfig
from xmpp_core.pubsub.pubsub_errors import pubsub_error


class Affiliation(StrEnum):
    """What an entity (a bare JID) is to a node."""

    OWNER = "owner"
    PUBLISHER = "publisher"
    PUBLISH_ONLY = "publish-only"
    MEMBER = "member"
    NONE = "none"
    OUTCAST = "outcast"


class Subscribed(StrEnum):
    """Whether an address is subscribed to a node."""

    NONE = "none"
    PENDING = "pending"
    SUBSCRIBED = "subscribed"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who wants something of a node, as far as it matters: `subscription` the best of its addresses', `sees` whether
    it may see the owner's presence, `groups` of the owner's roster that it is in."""

    affiliation: Affiliation = Affiliation.NONE
    subscription: Subscribed = Subscribed.NONE
    sees: bool = False
    groups: frozenset[str] = field(default=frozenset(), repr=False)


#: may it read and subscribe, may it publish, whatever the models say; None: they say
_READS: Final[Mapping[Affiliation, bool | None]] = {
    Affiliation.OWNER: True, Affiliation.PUBLISHER: True, Affiliation.MEMBER: True,
    Affiliation.PUBLISH_ONLY: False, Affiliation.OUTCAST: False, Affiliation.NONE: None,
}  # fmt: skip
_PUBLISHES: Final[Mapping[Affiliation, bool | None]] = {
    Affiliation.OWNER: True, Affiliation.PUBLISHER: True, Affiliation.PUBLISH_ONLY: True,
    Affiliation.OUTCAST: False, Affiliation.MEMBER: None, Affiliation.NONE: None,
}  # fmt: skip


def read_error(config: NodeConfig, asker: Asker) -> StanzaError | None:
    """Why it may not read the node's items; None if it may. XEP: 0060 §6.5.9"""
    error = _access_error(config, asker)
    if error is None and config.access_model == "authorize" and _READS[asker.affiliation] is None:
        if asker.subscription is Subscribed.PENDING:
            return pubsub_error("pending-subscription")
        if asker.subscription is Subscribed.NONE:
            return pubsub_error("not-subscribed", condition="not-authorized")
    return error


def may_read(config: NodeConfig, asker: Asker) -> bool:
    """Whether it may read the node's items, and be told of new ones."""
    return read_error(config, asker) is None


def subscription_of(config: NodeConfig, asker: Asker) -> Subscribed | StanzaError:
    """What becomes of it when it asks to be subscribed: subscribed, pending, or why it may not. XEP: 0060 §6.1"""
    error = _access_error(config, asker)
    if error is not None:
        return error
    if not config.subscribe and asker.affiliation is not Affiliation.OWNER:
        return pubsub_error("unsupported", feature="subscribe")
    if config.access_model != "authorize" or _READS[asker.affiliation] or asker.subscription is Subscribed.SUBSCRIBED:
        return Subscribed.SUBSCRIBED
    if asker.subscription is Subscribed.PENDING:
        return pubsub_error("pending-subscription")
    return Subscribed.PENDING


def publish_error(config: NodeConfig, asker: Asker) -> StanzaError | None:
    """Why it may not publish to the node; None if it may. XEP: 0060 §7.1.3.1"""
    may = _PUBLISHES[asker.affiliation]
    if may is None:
        match config.publish_model:
            case "open":
                may = True
            case "subscribers":
                may = asker.subscription is Subscribed.SUBSCRIBED
    return None if may else StanzaError("forbidden")


def retract_error(config: NodeConfig, asker: Asker, *, is_own: bool) -> StanzaError | None:
    """Why it may not delete an item, which is its own or another's; None if it may. XEP: 0060 §4.1, §7.2.3.1"""
    if asker.affiliation in (Affiliation.OWNER, Affiliation.PUBLISHER):
        return None
    return publish_error(config, asker) if is_own else StanzaError("forbidden")


def owner_error(asker: Asker) -> StanzaError | None:
    """Why it may not manage the node; None if it may."""
    return None if asker.affiliation is Affiliation.OWNER else StanzaError("forbidden")


def _access_error(config: NodeConfig, asker: Asker) -> StanzaError | None:
    may = _READS[asker.affiliation]
    if may is not None:
        return None if may else StanzaError("forbidden")
    match config.access_model:
        case "presence" if not asker.sees:
            return pubsub_error("presence-subscription-required")
        case "roster" if not asker.groups.intersection(config.roster_groups_allowed):
            return pubsub_error("not-in-roster-group")
        case "whitelist":
            return pubsub_error("closed-node")
    return None
