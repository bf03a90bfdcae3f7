"""mod_vcard4 — a user's card in its newer form: a node, and requests; what it says is in the older form as well.

Way:      router → users → iq → [mod_vcard4] → pubsub.api; pubsub.service → PubsubPublishedHook → [mod_vcard4] →
          CardChangeHook → mod_vcard → CardWrittenHook → [mod_vcard4] → pubsub.api
Process:  runs in the process of whoever asks, before it is answered
XEP:      0292
Differs:  requests, which older versions of 0292 had, are answered too. A node that is not open to all says nothing in
          the older card, which is; that the node is deleted takes nothing out of it. Pictures are left to mod_avatar
"""

from __future__ import annotations

import logging
from functools import partial
from typing import Final

from xmpp_core import ns
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.rsm import PageRequest
from xmpp_core.stanza import Iq
from xmppd.gen_mod import Mod, iq_handler, on
from xmppd.mods.vcard4 import conversion
from xmppd.pubsub import api, service
from xmppd.routing import hooks
from xmppd.routing.card_hook_points import CardChangeHook, CardReadHook, CardWrittenHook
from xmppd.routing.iq import SERVED, SM
from xmppd.routing.pubsub_hook_points import PubsubPublishedHook

XEP = {292: "0.12.0"}
NODE: Final = "urn:xmpp:vcard4"
_PUBLIC: Final = {"pubsub#persist_items": "true", "pubsub#access_model": "open"}
_EMPTY: Final = Element(ns.VCARD4, "vcard")
#: how often the older card follows the node if it changes meanwhile: who changed it last sees to it too
_TRIES: Final = 3
_log = logging.getLogger("xmppd.vcard4")


@iq_handler(ns.VCARD4, "vcard", at=(SM,), strangers=SERVED)
async def vcard(iq: Iq, mod: Mod) -> Iq:
    """Get anybody's card, set one's own."""
    assert iq.to is not None
    assert iq.from_ is not None
    assert iq.payload is not None
    owner, own = iq.to.bare_jid(), iq.from_.bare == iq.to.bare
    if iq.type == "get":
        found = await _read(owner, iq.from_)
        if found is None and not own:
            raise StanzaError("service-unavailable")  # as for an address without an account (XEP-0054 §3.3)
        return iq.result(found if found is not None else _EMPTY)
    if not own:
        raise StanzaError("forbidden", "this card is another's")
    await api.publish(owner, NODE, iq.payload, options=_PUBLIC)
    await _follow(owner)
    return iq.result()


async def _read(owner: JID, who: JID) -> Element | None:
    """As it stands in the node, if `who` may read that; else what the older card says, which is for all."""
    try:
        found = await service.items(api.pep(owner), who, NODE, PageRequest(), newest=1)
    except StanzaError:
        found = service.ItemsFound()
    payload = service.payload_of(found.items[-1]) if found.items else None
    if payload is not None and conversion.is_vcard4(payload):
        return payload
    card = await hooks.run_fold(owner.domain, CardReadHook(owner), None)
    return None if card is None else conversion.to_vcard4(card) or _EMPTY


@on(PubsubPublishedHook)
async def published(point: PubsubPublishedHook, mod: Mod) -> None:
    """A card in its newer form: the older one says the same. XEP: 0292 §3.1"""
    if point.node == NODE and point.owner.local and not point.by_server:
        await _follow(point.owner)


async def _follow(owner: JID) -> None:
    for _ in range(_TRIES):
        config, newest = await api.config(owner, NODE), await api.item(owner, NODE)
        payload = newest.payload if newest is not None else None
        if config is None or config.access_model != "open" or payload is None or not conversion.is_vcard4(payload):
            return
        try:
            change = partial(conversion.to_vcard_temp, payload)
            await hooks.run_fold(owner.domain, CardChangeHook(owner, change), False)
        except StanzaError as error:
            _log.info("the card of %s does not follow its newer form: %s", owner, error.condition)
        if await api.item(owner, NODE) == newest:
            return


@on(CardWrittenHook)
async def written(point: CardWrittenHook, mod: Mod) -> None:
    """A card in its older form: the newer one says the same."""
    if point.by_server:
        return
    newest = await api.item(point.owner, NODE)
    before = newest.payload if newest is not None else None
    new = conversion.to_vcard4(point.card, before if conversion.is_vcard4(before) else None)
    if new is None:
        return
    try:
        id_ = newest.id if newest is not None else "current"
        await api.publish(point.owner, NODE, new, id=id_, options=_PUBLIC)
    except StanzaError as error:
        _log.info("the card of %s is not published in its newer form: %s", point.owner, error.condition)
