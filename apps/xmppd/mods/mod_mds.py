"""mod_mds — how far a chat has been read: said with a message, kept in a node of the account for its other devices.

Way:      stages → [mod_mds] → pubsub.api → the account's devices that want to be told; the stages that follow
XEP:      0490 §4.4 (server assist); what clients publish themselves is mod_pep's
Process:  runs where the account's stages run. The message goes on once the item is stored: so the items of a chat keep
          the order of what the client says, and what is acknowledged is kept
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import Final

from xmpp_core import ns
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.stanza import Message, Stanza
from xmppd.gen_mod import Mod, on
from xmppd.pubsub import api
from xmppd.routing import iq
from xmppd.routing.context import Origin
from xmppd.routing.hook_points import AccountSendsHook, DiscoFeaturesHook, Stage

XEP = {490: "1.0.1"}
#: nobody else may read it, each chat has an item, and nobody is sent the last one at each login. XEP: 0490 §4.1
OPTIONS: Final = {
    "pubsub#persist_items": "true",
    "pubsub#max_items": "max",
    "pubsub#send_last_published_item": "never",
    "pubsub#access_model": "whitelist",
}
log = logging.getLogger(__name__)


@on(DiscoFeaturesHook)
def announced(features: tuple[str, ...], point: DiscoFeaturesHook, mod: Mod) -> tuple[str, ...]:
    """Of an account, where accounts have nodes. XEP: 0490 §4.4.2"""
    if not point.to.local or point.node or not _have_nodes(point.to.domain):
        return features
    return (*features, ns.MDS_ASSIST)


@on(AccountSendsHook, seq=Stage.FILTER, kind="message")
def displayed(stanza: Stanza | None, point: AccountSendsHook, mod: Mod) -> Stanza | Awaitable[Stanza | None] | None:
    """Before the archive and the copies, taken out: neither they nor the recipient see it. XEP: 0490 §4.4.3, §5.2"""
    if stanza is None or stanza.__class__ is not Message:
        return stanza
    found = stanza.el.child("displayed", ns.MDS)
    if found is None:
        return stanza
    left = [child for child in stanza.el.children if not _is_displayed(child)]
    rest = stanza.with_el(stanza.el.with_children(*left))
    if stanza.to is None or point.context.origin != Origin.CLIENT or not _have_nodes(mod.host):
        return rest
    return _published(rest, point.account.jid, stanza.to, found)


def _is_displayed(child: Element | str) -> bool:
    return not isinstance(child, str) and (child.name, child.ns) == ("displayed", ns.MDS)


def _have_nodes(host: str) -> bool:
    return ns.PUBSUB in iq.features(host, iq.SM)


async def _published(message: Stanza, owner: JID, chat: JID, payload: Element) -> Stanza:
    """What is left of the message, once the item of its chat is stored. The recipient is not to miss its part because
    the account has no room for the item. Raises StoreError."""
    try:
        before = await api.config(owner, ns.MDS)
        if before is not None and before.access_model != OPTIONS["pubsub#access_model"]:
            await api.configure(owner, ns.MDS, OPTIONS)  # made by a client that did not say who may read it
        await api.publish(owner, ns.MDS, payload, id=chat.full, options=OPTIONS)
    except StanzaError as error:
        log.info("how far %s has read is not kept: %s", owner, error)
    return message
