"""mod_avatar — one picture for all clients: what one publishes in nodes stands in the card, and the other way round.

Way:      pubsub.service → PubsubPublishedHook, PubsubRetractedHook → [mod_avatar] → CardChangeHook → mod_vcard;
          mod_vcard → CardWrittenHook → [mod_avatar] → pubsub.api
Process:  runs in the process of whoever publishes, or writes the card, before it is answered
XEP:      0398, 0084
Differs:  a picture whose data node is not open to all is not put into the card, which is (0398 §7); an older one is
          taken out, so that nobody sees a picture that the user has replaced
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from typing import Final

from xmpp_core import avatars, ns
from xmpp_core.avatars import Photo
from xmpp_core.element import Element
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmppd.gen_mod import Mod, on
from xmppd.pubsub import api
from xmppd.routing import hooks, iq
from xmppd.routing.card_hook_points import CardChangeHook, CardWrittenHook
from xmppd.routing.hook_points import DiscoFeaturesHook
from xmppd.routing.pubsub_hook_points import PubsubPublishedHook, PubsubRetractedHook

XEP = {84: "1.1.4", 398: "1.0.0"}
_OPEN: Final = {"pubsub#access_model": "open"}
#: how often the card follows the nodes if they change meanwhile: who changed them last sees to it too
_TRIES: Final = 3
_log = logging.getLogger("xmppd.avatar")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the nodes say the card is to have: `photo`, or no picture but one of the hash `unless`. `stamp`: of the
    metadata that say so, 0 where there are none."""

    stamp: float
    photo: Photo | None = None
    unless: str = ""


@on(DiscoFeaturesHook)
def features(acc: tuple[str, ...], point: DiscoFeaturesHook, mod: Mod) -> tuple[str, ...]:
    """Announced by accounts, where there are both cards and nodes. XEP: 0398 §2"""
    if not point.to.local or point.node or not hooks.wanted(mod.host, CardChangeHook):
        return acc
    return (*acc, ns.PEP_VCARD) if ns.PUBSUB in iq.features(mod.host, iq.SM) else acc


# --- from the nodes to the card


@on(PubsubPublishedHook)
async def published(point: PubsubPublishedHook, mod: Mod) -> None:
    """The metadata; or the data, which should be there before. XEP: 0398 §3.1"""
    if point.node in (ns.AVATAR_METADATA, ns.AVATAR_DATA) and point.owner.local and not point.by_server:
        await _follow(point.owner)


@on(PubsubRetractedHook)
async def retracted(point: PubsubRetractedHook, mod: Mod) -> None:
    """Without metadata there is no picture."""
    if point.node == ns.AVATAR_METADATA and point.owner.local and not point.by_server:
        await _follow(point.owner)


async def _follow(owner: JID) -> None:
    for _ in range(_TRIES):
        wanted = await _wanted(owner)
        if wanted is None:
            return
        try:
            await hooks.run_fold(owner.domain, CardChangeHook(owner, partial(_change, wanted)), False)
        except StanzaError as error:
            _log.info("the avatar of %s is not put into the card: %s", owner, error.condition)
            without = partial(_change, Wanted(wanted.stamp))
            await hooks.run_fold(owner.domain, CardChangeHook(owner, without), False)
        newest = await api.item(owner, ns.AVATAR_METADATA)
        if (newest.stamp if newest is not None else 0) == wanted.stamp:
            return


async def _wanted(owner: JID) -> Wanted | None:
    """None: the card stays as it is, since the data are not there (yet), or are not those of the hash."""
    newest = await api.item(owner, ns.AVATAR_METADATA)
    if newest is None:
        return Wanted(0)
    info = avatars.info_of(newest.payload)
    if info is None:
        return Wanted(newest.stamp)
    config = await api.config(owner, ns.AVATAR_DATA)
    if config is None or config.access_model != "open":
        return Wanted(newest.stamp, unless=info.id) if config is not None else None
    found = await api.item(owner, ns.AVATAR_DATA, info.id)
    payload = found.payload if found is not None else None
    photo = avatars.photo_of(payload.text(), info.type) if payload is not None and payload.name == "data" else None
    return Wanted(newest.stamp, photo) if photo is not None and photo.sha1 == info.id else None


def _change(wanted: Wanted, card: Element) -> Element | None:
    if wanted.unless:
        before = avatars.photo_of_card(card)
        if before is not None and before.sha1 == wanted.unless:
            return None
    return avatars.with_photo(card, wanted.photo)


# --- from the card to the nodes


@on(CardWrittenHook)
async def written(point: CardWrittenHook, mod: Mod) -> None:
    """A picture that is new, or has been taken away: the data first, then the metadata. XEP: 0398 §3.2"""
    if point.by_server:
        return
    owner, photo = point.owner, avatars.photo_of_card(point.card)
    newest = await api.item(owner, ns.AVATAR_METADATA)
    info = avatars.info_of(newest.payload) if newest is not None else None
    now = info.id if info is not None else ""
    try:
        if photo is not None and photo.type and photo.sha1 != now:
            await api.publish(owner, ns.AVATAR_DATA, avatars.data_of(photo), id=photo.sha1, options=_OPEN)
            await api.publish(owner, ns.AVATAR_METADATA, avatars.metadata_of(photo), id=photo.sha1, options=_OPEN)
        elif photo is None and now and now == point.photo_before:
            await api.publish(owner, ns.AVATAR_METADATA, avatars.metadata_of(None), options=_OPEN)
    except StanzaError as error:
        _log.info("the picture in the card of %s is not published: %s", owner, error.condition)
