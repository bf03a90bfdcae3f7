"""relations — what somebody is to the owner of nodes: seen by, in which groups, with which affiliation.

Way:      service, events → [relations] → the roster's hooks, store
XEP:      0060 §4.5, 0163 §1.1
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from xmpp_core.jid import JID
from xmpp_core.pubsub.access import Affiliation, Asker, Subscribed
from xmpp_core.pubsub.node_config import NodeConfig
from xmppd.pubsub.node_store import Realm
from xmppd.pubsub.tables import ENTITY
from xmppd.routing import hooks, router
from xmppd.routing.hook_points import MaySeePresenceHook, SubscriptionListsHook
from xmppd.routing.pubsub_hook_points import RosterGroupsHook
from xmppd.store import store

OWNER: Final = Asker(Affiliation.OWNER, sees=True)


async def froms_of(owner: JID) -> set[str]:
    """The bare JIDs that may see the owner's presence."""
    return (await hooks.run_fold(owner.domain, SubscriptionListsHook(owner), (set(), set())))[0]


async def sees(owner: JID, who: JID) -> bool:
    """Whether somebody may see the presence of an account of ours."""
    return await hooks.run_fold(owner.domain, MaySeePresenceHook(owner, who), False)


async def asker_of(realm: Realm, node: str, config: NodeConfig, who: JID, owner: JID | None = None) -> Asker:
    """What somebody is to a node. `owner`: whose presence and roster count, for a service that of the node's maker."""
    if who.bare in realm.admins or (realm.is_pep and who.bare == realm.jid.bare):
        return OWNER
    found = await _known(realm, node, who) if node else Asker()
    owner = realm.jid if realm.is_pep else owner
    if owner is None or not owner.local or not router.serves(owner.domain):
        return found
    match config.access_model:
        case "presence":
            return replace(found, sees=await sees(owner, who))
        case "roster":
            groups = await hooks.run_fold(owner.domain, RosterGroupsHook(owner, who.bare_jid()), frozenset())
            return replace(found, groups=groups)
    return found


async def _known(realm: Realm, node: str, who: JID) -> Asker:
    own = await store.read(ENTITY, realm.key(node, who.bare))
    full = await store.read(ENTITY, realm.key(node, who.full)) if who.resource else None
    states = {row.subscription for row in (own, full) if row is not None}
    best = next((state for state in reversed(Subscribed) if state.value in states), Subscribed.NONE)
    return Asker(Affiliation(own.affiliation) if own is not None else Affiliation.NONE, best)
