"""view — an owner's roster as it is read: the answer to a roster get as text, and who sees whom.

Made once per version of the roster and kept for the owners asked about last; the version is read again each time,
so that a change made on another node is seen.

Way:  mod_roster, SubscriptionListsHook and ResendSubscriptionsHook → [view] → store
RFC:  6121 §2.1
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from xmpp_core import ns
from xmpp_core.element import Element
from xmpp_core.jid import JID
from xmpp_core.subscription import In, Out
from xmppd.mods.roster import item_xml
from xmppd.mods.roster.records import item_of
from xmppd.mods.roster.tables import ROSTER, ROSTER_VERSION, RosterItem
from xmppd.store import store

_KEPT = 256


@dataclass(frozen=True, slots=True)
class View:
    """`xml`: the items, one after the other; `pending`: records of requests that wait; `asks`: our own."""

    version: int = 0
    xml: str = field(default="", repr=False)
    froms: frozenset[str] = frozenset()
    tos: frozenset[str] = frozenset()
    pending: tuple[RosterItem, ...] = ()
    asks: tuple[RosterItem, ...] = ()


_EMPTY = View()
_cache: OrderedDict[tuple[str, str], View] = OrderedDict()


async def of(owner: JID) -> View:
    """The roster of a bare JID as it is stored now."""
    who = (owner.domain, owner.local)
    known = await store.read(ROSTER_VERSION, who)
    if known is None:
        return _EMPTY
    view = _cache.get(who)
    if view is None or view.version != known.counter:
        view = _cache[who] = _make(known.counter, await store.select(ROSTER, who))
        while len(_cache) > _KEPT:
            _cache.popitem(last=False)
    _cache.move_to_end(who)
    return view


def _make(version: int, items: list[RosterItem]) -> View:
    pend, granted, ask, to = In.PEND.value, In.FROM.value, Out.ASK.value, Out.TO.value
    return View(
        version,
        "".join([item_xml.text(r) for r in items if r.listed]),
        frozenset([r.contact for r in items if r.in_axis == granted]),
        frozenset([r.contact for r in items if r.out_axis == to]),
        tuple([r for r in items if r.in_axis == pend]),
        tuple([r for r in items if r.out_axis == ask]),
    )


def element(record: RosterItem) -> Element:
    """`<item/>` as the client sees it."""
    item = item_of(record)
    attrs = {"jid": record.contact, "subscription": item.subscription}
    if item.name:
        attrs["name"] = item.name
    if item.ask:
        attrs["ask"] = item.ask
    if item.approved:
        attrs["approved"] = "true"
    return Element(ns.ROSTER, "item", attrs, [Element(ns.ROSTER, "group", {}, [g]) for g in item.groups])
