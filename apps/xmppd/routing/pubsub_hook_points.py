"""pubsub_hook_points — the hook points of publish-subscribe; see hook_points.

OTP:      cf. the hooks pubsub_publish_item and pubsub_delete_node of ejabberd
Way:      pubsub.service → hooks.run → handlers of modules that keep something else in step (cards, bookmarks);
          pubsub.relations → hooks.run_fold → mod_roster
XEP:      0060 §7
"""

from __future__ import annotations

from dataclasses import dataclass

from xmpp_core.element import Element
from xmpp_core.jid import JID
from xmppd.routing.hook_kinds import Fold, Run


@dataclass(frozen=True, slots=True)
class PubsubPublishedHook(Run["PubsubPublishedHook"]):
    """An item stands in a node of `owner`, an account or a service. In the publisher's process, after the commit and
    before anybody is notified. `by_server`: by code of the server (pubsub.api)."""

    owner: JID
    node: str
    id: str
    payload: Element | None
    access_model: str
    by_server: bool = False


@dataclass(frozen=True, slots=True)
class PubsubRetractedHook(Run["PubsubRetractedHook"]):
    """Items of a node were deleted: one, or all of them with a purge or the node itself; `gone`: the node is too. In
    the process of whoever did it, after the commit. `by_server`: by code of the server (pubsub.api)."""

    owner: JID
    node: str
    ids: tuple[str, ...]
    gone: bool = False
    by_server: bool = False


@dataclass(frozen=True, slots=True)
class RosterGroupsHook(Fold["RosterGroupsHook", frozenset[str]]):
    """The groups of `owner`'s roster, a local account's, that `contact` (both bare) is in; the accumulator starts
    empty."""

    NEEDED = True
    owner: JID
    contact: JID
